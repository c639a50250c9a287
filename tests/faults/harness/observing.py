"""Reads an observer's topics while a row breaks things, and has an undisturbed one read the same incidents after."""

import asyncio
import time
from typing import TYPE_CHECKING, Final

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from incidentbus.clock import utc_now
from incidentbus.publishing import Author, publish
from incidentbus.witness import TopicReader
from streams.gate.mending import MendingConsumer
from tests.faults.harness.observed import Observed, Told, judge_observed
from tests.faults.harness.readers import Readers

if TYPE_CHECKING:
    from tests.faults.harness.field import Field

SURGE: Final = "surge"
QUIET_S: Final = 6.0
_NOUNS: Final = {
    "incidents": "incidents",
    "sightings": "surge-sightings",
    "surges": "surges",
    "directives": "directives",
}


class Observing(Readers):
    """The readers of one observer's topics."""

    def __init__(self, field: "Field", prefix: str) -> None:
        self._field, self.prefix = field, prefix
        options, escaped = field.connection.options(), prefix.replace(".", r"\.")
        super().__init__(
            {name: TopicReader(rf"{escaped}bus\.{noun}\.v1", options, MendingConsumer) for name, noun in _NOUNS.items()}
        )

    def told(self) -> Told:
        """Return what was read so far; a record that a reader met again is one."""
        met = {
            name: list({(each.partition, each.offset): each for each in reader.seen}.values())
            for name, reader in self.readers.items()
        }
        return Told(**met)

    def counted(self) -> bool:
        """Say whether every incident read was sighted."""
        told = self.told()
        seen = {orjson.loads(each.value or b"[0,0]")[1] for each in told.sightings}
        return {orjson.loads(each.value or b"{}").get("id") for each in told.incidents} <= seen

    async def quiet(self, seconds: float) -> None:
        """Wait until nothing has moved for a while and everything is sighted, or so long."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if time.monotonic() - max(self.moved, self._field.watch.moved) > QUIET_S and self.counted():
                return
            await asyncio.sleep(0.5)


async def compared(field: "Field", disturbed: Observing, seconds: float) -> Observed:
    """Have one worker, left alone, observe what the disturbed ones did; judge these by it."""
    await disturbed.quiet(seconds)
    told = disturbed.told()
    calm = Observing(field, f"calm-{field.settings.topic_prefix}")
    topics = field.settings.model_copy(update={"topic_prefix": calm.prefix}).topics()
    await publish(field.settings.ruleset_dir, field.connection, topics, 1, Author("tests"), utc_now())
    await _copied(field, field.settings.topics().bus("incidents"), topics.bus("incidents"))
    await calm.start()
    field.fleet.start(SURGE, INCIDENTBUS_TOPIC_PREFIX=calm.prefix)
    try:
        await calm.quiet(seconds)
    finally:
        await calm.stop()
    judged = judge_observed(told, calm.told())
    if not judged.clean:
        found = {name: getattr(judged, name)[:50] for name in ("lost", "twice", "invented")}
        (field.directory / "observed.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return judged


async def _copied(field: "Field", source: str, target: str) -> None:
    """Copy a topic's committed records, partition by partition, with their keys and headers."""
    consumer = AIOKafkaConsumer(source, isolation_level="read_committed", auto_offset_reset="earliest",
                                group_id=None, **field.connection.options())  # fmt: skip
    await consumer.start()
    try:
        parts = consumer.assignment()
        ends = await consumer.end_offsets(parts)
        async with AIOKafkaProducer(**field.connection.options(), acks="all") as producer:
            while any([await consumer.position(tp) < ends[tp] for tp in parts]):
                for tp, records in (await consumer.getmany(timeout_ms=300)).items():
                    for record in records:
                        await producer.send(
                            target, record.value, record.key, partition=tp.partition, headers=list(record.headers)
                        )
            await producer.flush()
    finally:
        await consumer.stop()
