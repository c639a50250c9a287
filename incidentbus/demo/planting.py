"""Plants one extra and one missing assignment, so that it can be seen that the witness sees."""

from collections import Counter

import orjson
from aiokafka import TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete

from connectors.kafka.clients import admin
from connectors.kafka.publisher import Outgoing, open_publisher
from incidentbus.demo.run import DemoFailed, Run, witness_all
from incidentbus.witness import Verdict
from incidentbus.witness.reading import Seen


async def plant(run: Run) -> None:
    """Remove one lead assignment from its topic for good, and write another a second time under an id of its own."""
    seen = run.assignments.seen if run.assignments else []
    missing = _removable(seen)
    extra = next(each for each in seen if each.topic != missing.topic)
    async with admin(run.connection) as client:
        partition = TopicPartition(missing.topic, missing.partition)
        await client.delete_records({partition: RecordsToDelete(missing.offset + 1)})
    body = orjson.loads(extra.value or b"{}") | {"id": "asg-planted"}
    async with open_publisher(run.connection) as publisher:
        await publisher.publish(Outgoing(extra.topic, b"planted", orjson.dumps(body), list(extra.headers.items())))
    run.console.print(f"planted: one assignment less on {missing.topic}, one more on {extra.topic}", highlight=False)


async def judged_again(run: Run) -> Verdict:
    """Read every topic anew and judge it."""
    for reader in run.readers:
        await reader.stop()
    return await witness_all(run, settled=True)


def _removable(seen: list[Seen]) -> Seen:
    """Return a lead assignment that stands first on its partition: Kafka deletes records from the front alone."""
    first: dict[tuple[str, int], Seen] = {}
    for each in seen:
        first.setdefault((each.topic, each.partition), each)
    cases = Counter(orjson.loads(each.value or b"{}").get("incident") for each in seen)
    for each in first.values():
        body = orjson.loads(each.value or b"{}")
        if body["role"] == "lead" and cases[body["incident"]] >= 1:
            return each
    raise DemoFailed("no lead assignment stands first on its topic: nothing can be planted")
