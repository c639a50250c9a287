"""A broker that was killed comes back fenced: what was open at the kill is aborted, and never published later."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from connectors.kafka.embedded import start_broker
from connectors.kafka.fencing import fenced, was_killed

TOPICS = [f"bus.tried-{number}.v1" for number in range(20)]
ELECTED = "Elected as the txn coordinator for partition 0 "
SETTLED_S = 3.0  # a second for the coordinator to look, and time to spare


async def begun(bootstrap: str, value: bytes) -> AIOKafkaProducer:
    """Return a producer that has written `value` to every topic and not committed."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="one", transaction_timeout_ms=1_000)
    await producer.start()
    await producer.begin_transaction()
    for topic in TOPICS:
        await producer.send_and_wait(topic, value, partition=0)
    return producer


async def committed(bootstrap: str) -> dict[str, list[bytes]]:
    options = {"auto_offset_reset": "earliest", "isolation_level": "read_committed", "group_id": None}
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, **options) as consumer:
        tps = [TopicPartition(topic, 0) for topic in TOPICS]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        seen: dict[str, list[bytes]] = {topic: [] for topic in TOPICS}
        async with asyncio.timeout(20):
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                    seen[tp.topic] += [record.value for record in records]
    return seen


@pytest.mark.broker
async def test_what_was_open_when_the_broker_was_killed_is_not_published_with_the_next_transaction(
    tmp_path: Path, cache_dir: Path
) -> None:
    broker = await asyncio.to_thread(start_broker, tmp_path, cache_dir=cache_dir, leash=True, quick=True)
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(topic, 1, 1) for topic in TOPICS])
        await admin.close()
        left = await begun(broker.bootstrap, b"never committed")
        await asyncio.to_thread(broker.kill)
        assert was_killed(broker.directory)
        left._sender.sender_task.cancel()
        await left.client.close()
        left._closed = True
        log = broker.directory / "logs" / "broker.log"
        before = log.read_text().count(ELECTED)
        await asyncio.to_thread(broker.restart)
        assert log.read_text().count(ELECTED) - before == 1  # not under the dead one's leadership, then its own
        await asyncio.sleep(SETTLED_S)
        after = await begun(broker.bootstrap, b"committed")
        await after.commit_transaction()
        await after.stop()
        assert await committed(broker.bootstrap) == {topic: [b"committed"] for topic in TOPICS}
        await asyncio.to_thread(broker.stop)
        assert not was_killed(broker.directory)
    finally:
        await asyncio.to_thread(broker.stop)


REGISTERED = (
    "Replayed initial RegisterBrokerRecord for broker 1: RegisterBrokerRecord(brokerId=1, fenced=true, logDirs=[])"
)
CHANGED = (
    "Replayed BrokerRegistrationChangeRecord modifying it: BrokerRegistrationChangeRecord(brokerId=1, fenced={}, x)"
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], False),
        ([REGISTERED], True),
        ([REGISTERED, CHANGED.format(-1)], False),
        ([REGISTERED, CHANGED.format(-1), CHANGED.format(0)], False),
        ([REGISTERED, CHANGED.format(-1), CHANGED.format(1)], True),
        ([REGISTERED, CHANGED.format(-1), "Fencing broker 1 at epoch 11 because its session has timed out."], False),
        ([REGISTERED, CHANGED.format(-1).replace("brokerId=1", "brokerId=2")], True),
    ],
)
def test_a_broker_is_fenced_when_that_is_written_down_and_not_when_it_is_only_decided(
    lines: list[str], expected: bool
) -> None:
    assert fenced("\n".join(lines)) is expected
