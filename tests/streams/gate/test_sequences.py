"""What an abort sets the sequence numbers back to: a question of the protocol's model (docs/model.md, `A-sequences`).

aiokafka numbers the batches of each partition; a batch whose numbers the broker has had already is answered as taken,
and is written nowhere. So after an abort the numbers must stand where the broker's stand, whatever it was that failed.
"""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from gate_bench import QUICK, MakeBench

from contracts.ports import Emit
from streams.gate.errors import Refused
from streams.gate.group_commit import GroupMetadata
from streams.gate.outputs import ClusterBook
from streams.gate.producer import TaskProducer
from streams.gate.transaction import Transactions

LONG_ENOUGH_S = 0.5  # for a batch to be taken while the metadata of another topic is waited for


def forbid(producer: TaskProducer, topic: str) -> None:
    """Have the client find that it may no longer see the topic, of which it knew when the transaction began.

    A turn asks for all its topics before it hands over anything, and again at each batch: the right goes in between.
    """
    ask = producer.client._wait_on_metadata
    asked_before = set()

    async def refused(asked: str) -> Any:
        if asked != topic or asked not in asked_before:
            asked_before.add(asked)
            return await ask(asked)
        await asyncio.sleep(LONG_ENOUGH_S)
        raise TopicAuthorizationFailedError(topic)

    producer.client._wait_on_metadata = refused


async def test_a_batch_taken_before_another_could_not_be_sent_is_reckoned_with_at_the_retry(
    make_bench: MakeBench,
) -> None:
    bench = await make_bench()
    producer = TaskProducer(bench.cluster, f"{bench.stage}-0", QUICK)
    await producer.start()
    transactions = Transactions(producer, ClusterBook(bench.cluster), QUICK, 0)
    nobody = GroupMetadata(bench.stage, 0, "nobody")  # no offsets are committed here
    first, second, other = (Emit(bench.out, 0, b"k", value) for value in (b"first", b"second", b"other"))
    await transactions.commit([first], {}, nobody)
    forbid(producer, bench.board)
    with pytest.raises(Refused):
        await transactions.commit([second, other._replace(topic=bench.board)], {}, nobody)
    await transactions.commit([second], {}, nobody)  # what bisecting does: the record that was not at fault, alone
    out = [record.value for record in await bench.read()]
    await producer.shut(1.0)
    assert out == [b"first", b"second"], f"silent loss: the commit said yes, and there is {out}"
