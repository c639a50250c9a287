"""Row 11: local state wiped, the changelog compacted in between, and a million seen ids to be restored.

A task's state is its process's memory: wiped when all workers are killed at once. The seen ids of the third part are
history, written to the changelog as if they had come long ago; of some the reports are published again, and none may
reach an agency.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.embedded import start_broker
from connectors.kafka.incremental import set_topic_configs
from contracts.ids import content_digest, incident_id
from contracts.partition import partition_of_id
from incidentbus.settings import Settings
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Ground, Load, Scenario
from tests.faults.harness.tellings import CHANNEL, MATTERS, Telling

SEEN, QUICK_SEEN = 1_000_000, 100_000
ASKED_AGAIN = 500
ENOUGH = 3_000
DIGEST = 16
EAGER = {"segment.ms": "1000", "segment.bytes": "1048576", "min.cleanable.dirty.ratio": "0.001",
         "max.compaction.lag.ms": "1000", "min.compaction.lag.ms": "0"}  # fmt: skip


@asynccontextmanager
async def eager_broker(directory: Path) -> AsyncIterator[Ground]:
    """Open a broker whose cleaner looks twice a second."""
    broker = await asyncio.to_thread(
        start_broker, directory / "broker", cache_dir=Settings().cache_dir, ephemeral=True, leash=True, quick=True,
        overrides={"log.cleaner.backoff.ms": "500"},
    )  # fmt: skip
    try:
        yield Ground(broker.bootstrap)
    finally:
        await asyncio.to_thread(broker.stop)


async def wipe(field: Field) -> None:
    """Wipe; compact, and wipe; give it a million ids, and wipe."""
    states = [field.settings.topics().bus(noun) for noun in ("intake-state", "dispatch-state")]
    await field.until(lambda: field.publisher.number > ENOUGH, 120.0, "there is a state worth wiping")
    await _all_anew(field)
    field.did("all workers killed at once")
    await asyncio.sleep(3.0 if field.quick else 15.0)
    await _compacted(field, states)
    await _all_anew(field)
    field.did("the changelogs were compacted, all workers killed at once")
    count = QUICK_SEEN if field.quick else SEEN
    await _give_history(field, states[0], count)
    await _all_anew(field)
    await field.until(lambda: sum(_restored(field).values()) >= count, 120.0, "the seen ids are restored")
    field.did(f"{count} seen ids")
    slowest = max(_restores(field), key=lambda fact: fact["records"])
    told = f"{slowest['records']} records of one task restored in {slowest['seconds']} s, two tasks at a time"
    field.note(told)
    field.say(f"   {field.scenario.name}: {told}")
    for number in range(0, count, count // ASKED_AGAIN):
        await field.publisher.send(historic(number))
    await field.flowing()


async def _all_anew(field: Field) -> None:
    for worker in list(field.fleet.workers):
        field.kill(worker)
    for _ in range(field.scenario.workers):
        field.start()
    await field.flowing(90.0)


def historic(number: int) -> Telling:
    """Return the telling of a report whose id is in the history: nothing may come of it."""
    title, text = MATTERS[number % len(MATTERS)]
    external_id = f"H{number:08d}"
    body = {"市受理编号": external_id, "标题": title, "内容": text, "诉求类型": "求助"}
    return Telling(external_id, orjson.dumps(body), judged=False)


async def _give_history(field: Field, topic: str, count: int) -> None:
    """Put seen ids into intake's changelog, with the headers that intake writes."""
    headers = await _headers(field, topic)
    partitions = field.settings.partitions
    async with AIOKafkaProducer(**field.connection.options(), acks="all") as producer:
        batches = {partition: producer.create_batch() for partition in range(partitions)}
        sent = []
        for number in range(count):
            external_id = f"H{number:08d}"
            partition = partition_of_id(incident_id(CHANNEL, external_id), partitions)
            key = content_digest(CHANNEL, external_id)[:DIGEST]
            record: dict[str, Any] = {"key": key, "value": key, "timestamp": None, "headers": headers}
            if batches[partition].append(**record) is None:
                sent.append(await producer.send_batch(batches[partition], topic, partition=partition))
                batches[partition] = producer.create_batch()
                batches[partition].append(**record)
            if number % 2_000 == 0:
                await asyncio.sleep(0)
        for partition, batch in batches.items():
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*sent)


async def _headers(field: Field, topic: str) -> list[tuple[str, bytes]]:
    for records in (await _read(field, topic)).values():
        for record in records:
            return list(record.headers)
    raise AssertionError(f"{topic} is empty")


async def _compacted(field: Field, topics: list[str]) -> None:
    """Have the broker compact, and wait until keys that were there twice are there once."""
    before = {topic: await _replaced(field, topic) for topic in topics}
    if not any(before.values()):
        raise AssertionError("no key was written twice: compaction would show nothing")
    admin = AIOKafkaAdminClient(**field.connection.options())
    await admin.start()
    try:
        await set_topic_configs(admin, dict.fromkeys(topics, EAGER))
    finally:
        await admin.close()
    for _ in range(60):
        await asyncio.sleep(1.0)
        gone = {topic: len(before[topic] - await _there(field, topic)) for topic in topics}
        if any(gone.values()):
            told = {topic: len(places) for topic, places in before.items()}
            field.note(f"records that later ones had replaced: {told}; compacted away: {gone}")
            return
    raise AssertionError("the changelogs were not compacted")


async def _there(field: Field, topic: str) -> set[tuple[int, int]]:
    return {(tp.partition, record.offset) for tp, found in (await _read(field, topic)).items() for record in found}


async def _replaced(field: Field, topic: str) -> set[tuple[int, int]]:
    last: dict[tuple[int, bytes], int] = {}
    replaced = set()
    for tp, records in (await _read(field, topic)).items():
        for record in records:
            earlier = last.get((tp.partition, record.key))
            if earlier is not None:
                replaced.add((tp.partition, earlier))
            last[tp.partition, record.key] = record.offset
    return replaced


async def _read(field: Field, topic: str) -> dict[TopicPartition, list[Any]]:
    partitions = [TopicPartition(topic, number) for number in range(field.settings.partitions)]
    consumer = AIOKafkaConsumer(
        **field.connection.options(), group_id=None, auto_offset_reset="earliest", isolation_level="read_committed",
        enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    found: dict[TopicPartition, list[Any]] = {tp: [] for tp in partitions}
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for tp, records in (await consumer.getmany(timeout_ms=300)).items():
                found[tp] += records
        return found
    finally:
        await consumer.stop()


def _restores(field: Field) -> Iterator[dict[str, Any]]:
    """Return what the workers' logs tell of intake tasks restored since the last wipe."""
    alive = {str(worker.log) for worker in field.fleet.workers}
    for log in alive:
        for line in Path(log).read_bytes().splitlines():
            fact = orjson.loads(line) if line.startswith(b"{") else {}
            if fact.get("event") == "task restored" and fact["stage"] == "intake":
                yield fact


def _restored(field: Field) -> dict[int, int]:
    """Return partition → the most records that were restored of it."""
    most: dict[int, int] = {}
    for fact in _restores(field):
        most[fact["partition"]] = max(most.get(fact["partition"], 0), fact["records"])
    return most


SCENARIO = Scenario(
    number=11, name="state wiped, compacted, a million", counted="wipes", least=3, quick_least=3, act=wipe, stall=None,
    ground=eager_broker, load=Load(rate=500, quick_rate=700, anew=10),
)  # fmt: skip
