"""Fills the read model from `bus.cases`, `bus.decisions` and `bus.lifecycle`: to their ends, or on and on.

No consumer group: the offsets lie in the database beside the rows, so whoever reads next goes on from there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.kafka.clients import Connection, consumer
from contracts.ports import Clock
from contracts.topics import Topics
from incidentbus.readmodel.reading import Progress, existing, silent
from incidentbus.readmodel.rows import NOUNS
from incidentbus.readmodel.store import Place, ReadModelUnfit, Store
from streams.gate.mending import MendingConsumer

_POLL_MS: Final = 250
_AT_ONCE: Final = 5_000
FRESH_MS: Final = 5_000
"""Older than this, what a model was last known to have is not taken for what there is."""


@dataclass(slots=True)
class Feed:
    """The three topics, read from where a set of tables has got to."""

    client: AIOKafkaConsumer
    store: Store
    side: str | None
    parts: list[TopicPartition]
    taken: int = 0
    unreadable: int = 0
    by_topic: dict[str, int] = field(default_factory=dict)

    async def step(self) -> int:
        """Take what is there within a moment, write it, and return how many records it was."""
        found = await self.client.getmany(*self.parts, timeout_ms=_POLL_MS, max_records=_AT_ONCE)
        records = [record for tp in sorted(found) for record in found[tp]]
        positions = {(tp.topic, tp.partition): await self.client.position(tp) for tp in self.parts}
        if records:
            batch = await asyncio.to_thread(self.store.apply, records, positions, self.side)
            self.unreadable += batch.unreadable
            for tp, several in found.items():
                self.by_topic[tp.topic] = self.by_topic.get(tp.topic, 0) + len(several)
        self.taken += len(records)
        return len(records)

    async def ends(self) -> dict[TopicPartition, int]:
        """Return where the partitions end now, for a reader of committed records."""
        told: dict[TopicPartition, int] = await self.client.end_offsets(self.parts)
        return told

    async def behind(self, ends: Mapping[TopicPartition, int]) -> dict[str, int]:
        """Return by topic how many offsets are not yet taken of those before `ends`."""
        told: dict[str, int] = {tp.topic: 0 for tp in self.parts}
        for tp in self.parts:
            told[tp.topic] += max(0, ends[tp] - await self.client.position(tp))
        return told


@asynccontextmanager
async def open_feed(
    connection: Connection, topics: Topics, store: Store, side: str | None = None
) -> AsyncIterator[Feed]:
    """Open a feed at the offsets that the tables have.

    Raises `ReadModelUnfit` where the topics don't reach as far as the tables do: they were made anew.
    """
    wanted = {topics.bus(noun) for noun in NOUNS}
    there = await existing(connection, wanted.__contains__)
    parts = [TopicPartition(name, number) for name, numbers in there.items() for number in numbers]
    if len(there) < len(wanted):
        missing = ", ".join(sorted(wanted - there.keys()))
        raise ReadModelUnfit(f"没有主题 / no such topics: {missing}; incidentbus topics apply")
    known: dict[Place, int] = await asyncio.to_thread(store.offsets, side)
    async with consumer(connection, kind=MendingConsumer, max_partition_fetch_bytes=4 << 20) as client:
        client.assign(parts)
        await _seek(client, parts, known)
        yield Feed(client, store, side, parts)


async def _seek(client: Any, parts: list[TopicPartition], known: Mapping[Place, int]) -> None:
    first, ends = await client.beginning_offsets(parts), await client.end_offsets(parts)
    for tp in parts:
        next_ = known.get((tp.topic, tp.partition), 0)
        if next_ > ends[tp]:
            raise ReadModelUnfit(
                f"{tp.topic}/{tp.partition}: 主题比读模型短，是重建过的 / ends before what the read model has taken; "
                "the topic was made anew: incidentbus readmodel rebuild"
            )
        client.seek(tp, max(next_, first[tp]))


async def catch_up(
    connection: Connection, topics: Topics, store: Store, progress: Progress = silent, side: str | None = None
) -> Feed:
    """Read to the ends as they stand now, and stop. Returns what was read."""
    async with open_feed(connection, topics, store, side) as feed:
        ends = await feed.ends()
        total = sum((await feed.behind(ends)).values())
        while left := sum((await feed.behind(ends)).values()):
            progress(total - left, total)
            await feed.step()
        progress(total, total)
    return feed


async def rebuild(connection: Connection, topics: Topics, store: Store, progress: Progress = silent) -> Feed:
    """Fill the other set of tables from the beginning, and let it stand instead. Interrupted, the old ones stand."""
    side = await asyncio.to_thread(store.begin_rebuild)
    feed = await catch_up(connection, topics, store, progress, side)
    await asyncio.to_thread(store.swap, side)
    return feed


async def freshen(
    connection: Connection, topics: Topics, store: Store, clock: Clock, progress: Progress = silent
) -> bool:
    """Catch up unless somebody follows and knew the model to be whole a moment ago. Returns whether it read."""
    about = await asyncio.to_thread(store.about)
    if clock.now_ms() - about.followed_ms <= FRESH_MS:
        return False
    await catch_up(connection, topics, store, progress)
    return True


Tell = Callable[[Feed, Mapping[str, int], bool], Awaitable[None] | None]


async def follow(
    connection: Connection, topics: Topics, store: Store, clock: Clock, stop: asyncio.Event, tell: Tell
) -> None:
    """Read on and on until told to stop. `tell` hears about once a second how far behind each topic is."""
    side = (await asyncio.to_thread(store.about)).side
    while not stop.is_set():
        async with open_feed(connection, topics, store) as feed:
            side = await _followed(feed, store, clock, stop, tell, side)


async def _followed(feed: Feed, store: Store, clock: Clock, stop: asyncio.Event, tell: Tell, side: str) -> str:
    looked = 0
    while not stop.is_set():
        await feed.step()
        now = clock.now_ms()
        if now - looked < 1_000:
            continue
        looked = now
        standing = (await asyncio.to_thread(store.about)).side
        if standing != side:  # a rebuild has swapped its tables in: read on from where they have got to
            return standing
        behind = await feed.behind(await feed.ends())
        whole = not any(behind.values())
        if whole:
            await asyncio.to_thread(store.followed, now)
        told = tell(feed, behind, whole)
        if told is not None:
            await told
    return side
