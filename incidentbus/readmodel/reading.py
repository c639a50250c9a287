"""Reads partitions up to where they ended when the reading began, whatever comes in meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from connectors.kafka.clients import Connection, admin, consumer
from streams.gate.mending import MendingConsumer

_POLL_MS: Final = 500
_AT_ONCE: Final = 5_000

Progress = Callable[[int, int], None]
"""Called as (offsets passed, of how many)."""


class Position(NamedTuple):
    """Where a record lies. Written `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read `topic/partition/offset`. Raises `ValueError` with what was expected."""
        topic, *numbers = text.split("/")
        if not topic or len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
            raise ValueError(f"{text!r}: topic/partition/offset is expected")
        return cls(topic, int(numbers[0]), int(numbers[1]))


def silent(_: int, __: int) -> None:
    """Show no progress."""


async def existing(connection: Connection, wanted: Callable[[str], bool]) -> dict[str, list[int]]:
    """Return the cluster's topics whose name is `wanted`, with their partition numbers."""
    async with admin(connection) as client:
        described = await client.describe_topics()
    topics = {each["topic"]: each["partitions"] for each in described if wanted(each["topic"])}
    return {name: sorted(partition["partition"] for partition in topics[name]) for name in sorted(topics)}


async def read_all(
    connection: Connection,
    partitions: Iterable[tuple[str, int]],
    *,
    since_ms: int | Mapping[tuple[str, int], int] | None = None,
    progress: Progress = silent,
) -> AsyncGenerator[ConsumerRecord, None]:
    """Yield the committed records of `partitions`, each partition in its order, up to the ends as they stand now.

    `since_ms` leaves out what is older, for all or by partition. Raises aiokafka's `KafkaConnectionError` if nobody
    answers; a topic that does not exist has no records.
    """
    every = {TopicPartition(*each) for each in partitions}
    there = await existing(connection, {tp.topic for tp in every}.__contains__)
    known = sorted(tp for tp in every if tp.partition in there.get(tp.topic, ()))
    if not known:
        return
    async with consumer(connection, kind=MendingConsumer, max_partition_fetch_bytes=4 << 20) as client:
        client.assign(known)
        ends = await client.end_offsets(known)
        starts = await _starts(client, known, ends, since_ms)
        async with aclosing(_between(client, starts, ends, progress)) as records:
            async for record in records:
                yield record


async def _between(
    client: AIOKafkaConsumer,
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    progress: Progress,
) -> AsyncGenerator[ConsumerRecord, None]:
    for tp, start in starts.items():
        client.seek(tp, start)
    total = sum(max(0, ends[tp] - start) for tp, start in starts.items())
    unread = set(starts)
    while unread := unread - await _finished(client, unread, ends):
        for tp, records in (await client.getmany(*unread, timeout_ms=_POLL_MS, max_records=_AT_ONCE)).items():
            for record in records:
                if record.offset < ends[tp]:
                    yield record
        left = sum([max(0, ends[tp] - await client.position(tp)) for tp in unread])
        progress(total - left, total)
        await asyncio.sleep(0)


async def _finished(
    client: AIOKafkaConsumer, unread: set[TopicPartition], ends: Mapping[TopicPartition, int]
) -> set[TopicPartition]:
    done = {tp for tp in unread if await client.position(tp) >= ends[tp]}
    client.pause(*done)
    return done


async def _starts(
    client: AIOKafkaConsumer,
    known: list[TopicPartition],
    ends: Mapping[TopicPartition, int],
    since_ms: int | Mapping[tuple[str, int], int] | None,
) -> dict[TopicPartition, int]:
    first: dict[TopicPartition, int] = await client.beginning_offsets(known)
    moments = {
        tp: since_ms.get((tp.topic, tp.partition)) if isinstance(since_ms, Mapping) else since_ms for tp in known
    }
    asked = {tp: moment for tp, moment in moments.items() if moment is not None}
    found = await client.offsets_for_times(asked) if asked else {}
    return first | {tp: ends[tp] if found[tp] is None else found[tp].offset for tp in asked}
