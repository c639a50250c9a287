"""What reading groups have not taken yet, how long it has waited, and what was deleted before they came.

Kafka tells offsets; what matters is the age of the oldest record that a group has still to take, against how long its
topic keeps records. No record is read to find that out unless something has waited for `FRESH_MS`, and then the first
one only, once: until the group moves, the answer stands. What lies behind the last record may be a transaction's
marker alone, which is nothing to take; so the count of offsets says little by itself.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.clients import Connection, admin, consumer
from connectors.kafka.health import committed_offsets

FRESH_MS: Final = 5 * 60_000
"""What has waited for less is not looked at more closely: a group that keeps up costs no fetch."""
_AT_ONCE: Final = 16
_POLL_MS: Final = 200
_PATIENCE_S: Final = 15.0
_FETCH_BYTES: Final = 65_536
_A_MARKER: Final = 1


class Reading(NamedTuple):
    """A group and the topic that it reads."""

    group: str
    topic: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Where a group stands on its topic, all partitions together."""

    reading: Reading
    offsets: int
    """Between what is committed and the end: records, and markers of transactions."""
    oldest_ms: int | None
    """Stamp of the oldest record that waits; None where none has waited for `FRESH_MS`."""
    removed: int
    """Offsets that were deleted before the group had taken them."""
    placed: bool
    """Whether the cluster keeps a committed offset of the group for this topic."""


class _Spot(NamedTuple):
    """One partition as a group stands on it."""

    reading: Reading
    tp: TopicPartition
    committed: int | None
    first: int
    end: int

    @property
    def start(self) -> int:
        return max(self.committed or 0, self.first)


class _Known(NamedTuple):
    """What a fetch from `start` has told: the first record's stamp, or that up to `end` there is none."""

    start: int
    end: int
    stamp: int | None


class UnreadLook:
    """Looks again and again, and remembers what can't have changed. One per connection, from one task."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, TopicPartition], _Known] = {}

    async def look(self, readings: Sequence[Reading], now_ms: int) -> list[Unread]:
        """Return where each group stands; a topic that doesn't exist is left out.

        Raises aiokafka's `KafkaConnectionError` if nobody answers.
        """
        async with admin(self._connection) as client:
            partitions = await _partitions(client, {each.topic for each in readings})
            there = [each for each in readings if each.topic in partitions]
            committed = await _committed(client, {each.group for each in there})
        every = [TopicPartition(topic, number) for topic, count in partitions.items() for number in range(count)]
        if not every:
            return []
        async with consumer(self._connection, max_partition_fetch_bytes=_FETCH_BYTES) as client:
            client.assign(every)  # the client learns of all topics at once, not of one every 0.1 s
            client.pause(*every)
            first, last = await client.beginning_offsets(every), await client.end_offsets(every)
            spots = [
                _Spot(reading, tp, committed[reading.group].get(tp), first[tp], last[tp])
                for reading in there
                for tp in every
                if tp.topic == reading.topic
            ]
            await self._learn(client, await _stale(client, spots, now_ms), now_ms)
        return [self._told(reading, [spot for spot in spots if spot.reading == reading], now_ms) for reading in there]

    async def _learn(self, client: AIOKafkaConsumer, stale: list[_Spot], now_ms: int) -> None:
        """Fetch the first record of each spot that isn't known; groups that share a topic one after another."""
        for spots in _one_a_partition(spot for spot in stale if not self._stands(spot)):
            begin = {spot.tp: self._from(spot) for spot in spots}
            stamps = await _first_stamps(client, begin, {spot.tp: spot.end for spot in spots})
            for spot in spots:
                if spot.tp in stamps:
                    self._known[spot.reading.group, spot.tp] = _Known(spot.start, spot.end, stamps[spot.tp])
                else:  # not told in time: as old as we know it to be, at least
                    self._known[spot.reading.group, spot.tp] = _Known(spot.start, spot.start, now_ms - FRESH_MS)

    def _stands(self, spot: _Spot) -> bool:
        known = self._known.get((spot.reading.group, spot.tp))
        if known is None or known.start != spot.start:
            return False
        return known.end >= spot.end if known.stamp is None else known.end > known.start

    def _from(self, spot: _Spot) -> int:
        known = self._known.get((spot.reading.group, spot.tp))
        nothing_before = known is not None and known.stamp is None and known.start <= spot.start
        return max(spot.start, known.end) if known is not None and nothing_before else spot.start

    def _told(self, reading: Reading, spots: list[_Spot], now_ms: int) -> Unread:
        known = {spot: self._known.get((reading.group, spot.tp)) for spot in spots}
        stamps = [
            at.stamp
            for spot, at in known.items()
            if at is not None and at.start == spot.start and at.stamp is not None and spot.end > spot.start
        ]
        old = [stamp for stamp in stamps if now_ms - stamp >= FRESH_MS]
        return Unread(
            reading,
            offsets=sum(spot.end - spot.start for spot in spots),
            oldest_ms=min(old, default=None),
            removed=sum(_removed(spot) for spot in spots),
            placed=any(spot.committed is not None for spot in spots),
        )


def _removed(spot: _Spot) -> int:
    """Return how many offsets went before the group took them.

    One alone is no finding: nearly always it is the marker behind the last record that the group took, and a marker
    that is gone looks like a record that is gone.
    """
    gone = 0 if spot.committed is None else spot.first - spot.committed
    return gone if gone > _A_MARKER else 0


def _one_a_partition(spots: Iterable[_Spot]) -> list[list[_Spot]]:
    rounds: list[dict[TopicPartition, _Spot]] = []
    for spot in spots:
        free = next((each for each in rounds if spot.tp not in each), None)
        if free is None:
            rounds.append(free := {})
        free[spot.tp] = spot
    return [list(each.values()) for each in rounds]


async def _partitions(client: AIOKafkaAdminClient, topics: set[str]) -> dict[str, int]:
    described = await client.describe_topics()  # all: a name that isn't there would be an error
    return {each["topic"]: len(each["partitions"]) for each in described if each["topic"] in topics}


async def _committed(client: AIOKafkaAdminClient, groups: set[str]) -> dict[str, dict[TopicPartition, int]]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def of(group: str) -> tuple[str, dict[TopicPartition, int]]:
        async with room:
            return group, await committed_offsets(client, group)

    return dict(await asyncio.gather(*(of(group) for group in sorted(groups))))


async def _stale(client: AIOKafkaConsumer, spots: list[_Spot], now_ms: int) -> list[_Spot]:
    """Return the spots where something may have waited for `FRESH_MS`: something lies before what came since."""
    waiting = [spot for spot in spots if spot.end > spot.start]
    if not waiting:
        return []
    fresh = await client.offsets_for_times({spot.tp: now_ms - FRESH_MS for spot in waiting})
    return [spot for spot in waiting if fresh[spot.tp] is None or fresh[spot.tp].offset > spot.start]


async def _first_stamps(
    client: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int | None]:
    """Return the stamp of the first committed record from each start on, None where there is none before its end."""
    stamps: dict[TopicPartition, int | None] = {tp: None for tp, start in starts.items() if start >= ends[tp]}
    waiting = starts.keys() - stamps.keys()
    for tp in waiting:
        client.seek(tp, starts[tp])
    client.resume(*waiting)
    until = asyncio.get_running_loop().time() + _PATIENCE_S
    while waiting and asyncio.get_running_loop().time() < until:
        taken = await client.getmany(*waiting, timeout_ms=_POLL_MS, max_records=max(1, len(waiting)))
        for tp, records in taken.items():
            if records:
                stamps[tp] = records[0].timestamp
        for tp in waiting - stamps.keys():
            if await client.position(tp) >= ends[tp]:
                stamps[tp] = None
        client.pause(*(waiting & stamps.keys()))
        waiting -= stamps.keys()
    client.pause(*waiting)
    return stamps
