"""The broker's side of `bench-supervise`: written fast, read as a witness reads, and asked how far a group is."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.producer.message_accumulator import BatchBuilder

from contracts.ports import Headers
from tests.bench.supervise.workload import Written

_WAITING: Final = 64
_BATCH: Final = 1 << 19


class BatchWriter:
    """Fills whole batches by hand, a partition each: many times faster than a record at a time."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._open: dict[tuple[str, int], BatchBuilder] = {}
        self._sent: list[asyncio.Future[object]] = []
        self.bytes = 0

    async def add(self, topic: str, partition: int, key: bytes, value: bytes, headers: Headers) -> None:
        """Write one record, some time."""
        self.bytes += len(key) + len(value)
        record = {"key": key, "value": value, "timestamp": None, "headers": list(headers)}
        batch = self._open.get((topic, partition))
        if batch is None or batch.append(**record) is None:
            if batch is not None:
                await self._send(topic, partition, batch)
            batch = self._open[topic, partition] = self._producer.create_batch()
            batch.append(**record)

    async def write(self, records: Iterable[Written]) -> None:
        """Write records and flush."""
        for record in records:
            await self.add(record.topic, record.partition, record.key, record.value, record.headers)
        await self.flush()

    async def flush(self) -> None:
        """Send what is open and wait until everything is acknowledged."""
        for (topic, partition), batch in self._open.items():
            await self._send(topic, partition, batch)
        self._open.clear()
        await asyncio.gather(*self._sent)
        self._sent.clear()

    async def _send(self, topic: str, partition: int, batch: BatchBuilder) -> None:
        batch.close()
        self._sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        if len(self._sent) > _WAITING:
            done, self._sent = self._sent[: _WAITING // 2], self._sent[_WAITING // 2 :]
            await asyncio.gather(*done)


def batch_options() -> dict[str, object]:
    """Return what a producer of such batches is opened with."""
    return {"max_batch_size": _BATCH, "linger_ms": 0}


@dataclass(slots=True)
class Reader:
    """Reads topics `read_committed` and notes of each record when it was there to be read; looks into none."""

    bootstrap: str
    topics: Sequence[str]
    partitions: int
    values: list[bytes] = field(default_factory=list)
    seen_at: list[float] = field(default_factory=list)
    """Seconds since the epoch, of each record."""
    stamps: list[int] = field(default_factory=list)
    """The broker's stamps, milliseconds."""
    topics_of: list[str] = field(default_factory=list)
    _consumer: AIOKafkaConsumer | None = None
    _task: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        """Begin at the beginning."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=None, enable_auto_commit=False,
            isolation_level="read_committed", fetch_max_wait_ms=20, max_partition_fetch_bytes=4 << 20,
        )  # fmt: skip
        await self._consumer.start()
        found = [
            TopicPartition(topic, number)
            for topic in self.topics
            for number in sorted(self._consumer.partitions_for_topic(topic) or await self._known(topic))
        ]
        self._consumer.assign(found)
        await self._consumer.seek_to_beginning(*found)
        self._task = asyncio.create_task(self._follow())

    async def _known(self, topic: str) -> set[int]:
        assert self._consumer is not None
        await self._consumer._client.set_topics(set(self.topics))
        return self._consumer.partitions_for_topic(topic) or set(range(self.partitions))

    async def _follow(self) -> None:
        assert self._consumer is not None
        while True:
            taken = await self._consumer.getmany(timeout_ms=200, max_records=10_000)
            now = time.time()
            for tp, records in taken.items():
                self.values += [record.value for record in records]
                self.stamps += [record.timestamp for record in records]
                self.seen_at += [now] * len(records)
                self.topics_of += [tp.topic] * len(records)

    async def quiet(self, seconds: float = 2.0) -> None:
        """Wait until nothing new has come for a while."""
        before, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            if len(self.values) != before:
                before, since = len(self.values), time.monotonic()
            if self._task is not None and self._task.done():
                self._task.result()
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
        if self._consumer is not None:
            await self._consumer.stop()


async def stand_at_beginning(bootstrap: str, group: str, topics: Sequence[str], partitions: int) -> None:
    """Commit offset 0 of these inputs for a group that has never run, as a worker that has done nothing yet."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        every = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        consumer.assign(every)
        await consumer.commit(dict.fromkeys(every, 0))
    finally:
        await consumer.stop()


async def taken_of(admin: AIOKafkaAdminClient, group: str, topic: str) -> int:
    """Return how many records of a topic a group has taken, as its committed offsets say."""
    offsets = await admin.list_consumer_group_offsets(group)
    return sum(max(0, at.offset) for tp, at in offsets.items() if tp.topic == topic)
