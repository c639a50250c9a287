"""What a task takes from its inputs: fairly, in order, and from where it last committed.

The consumer is shared by all tasks of the stage; each asks for its own partitions only. Where an input stands is what
this task has committed, never where the fetch position happens to be: whatever was taken and not committed is taken
again after `rewind` (hole G).
"""

import asyncio
import contextlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, OffsetOutOfRangeError

from contracts.ports import InboundRecord
from streams.gate.errors import GateError
from streams.gate.mending import mend


class RecordsGone(GateError):
    """Retention has removed records of an input before they were taken."""

    def __init__(self, topics: Sequence[str]) -> None:
        super().__init__(", ".join(topics))
        self.topics = topics


@dataclass(frozen=True, slots=True)
class Taken:
    """Records in the order they are to be judged, and by topic the offset behind the last of each.

    `upto` may lie beyond the last record: behind transaction markers, which are nobody's to handle.
    """

    records: Sequence[InboundRecord]
    upto: Mapping[str, int]


class Supply:
    """The inputs of one task. `ahead` is the next offset of each, once committed."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Sequence[str], partition: int) -> None:
        self._consumer = consumer
        self._tps = {topic: TopicPartition(topic, partition) for topic in topics}
        self._turn = 0
        self.ahead: dict[str, int] = {}
        self.paused: set[str] = set()
        self._held: dict[str, float] = {}

    async def locate(self) -> list[str]:
        """Ask the group where each input stands; returns the inputs that it knows nothing of.

        Only after the predecessor is fenced does the answer hold: it might commit in between (hole B).
        """
        unknown = []
        for topic, tp in self._tps.items():
            offset = await self._consumer.committed(tp)
            if offset is None:
                unknown.append(topic)
            else:
                self.ahead[topic] = offset
        if unknown:
            await self.to_beginning(unknown)
        return unknown

    async def to_beginning(self, topics: Iterable[str]) -> None:
        """Stand at the first record there is."""
        tps = [self._tps[topic] for topic in topics]
        for tp, offset in (await self._consumer.beginning_offsets(tps)).items():
            self.ahead[tp.topic] = offset

    def enter(self) -> None:
        """Seek to where this task stands and let the fetcher run; raises `IllegalStateError` if not assigned."""
        self.rewind()
        for topic, tp in self._tps.items():
            (self._consumer.pause if topic in self.paused else self._consumer.resume)(tp)

    def rewind(self, topics: Iterable[str] | None = None) -> None:
        """Take again what was taken since the last commit, of `topics` or of all."""
        for topic in self._tps if topics is None else topics:
            self._consumer.seek(self._tps[topic], self.ahead[topic])

    def advance(self, offsets: Mapping[str, int]) -> None:
        """Note what has been committed."""
        self.ahead.update(offsets)

    def hold(self, topic: str, delay_s: float) -> None:
        """Take nothing from an input for a while."""
        self._held[topic] = asyncio.get_running_loop().time() + delay_s

    def pause(self, topic: str) -> None:
        """Take nothing from an input until it is resumed."""
        self.paused.add(topic)
        with contextlib.suppress(IllegalStateError):  # not assigned just now: `enter` will see to it
            self._consumer.pause(self._tps[topic])

    def resume(self, topic: str) -> None:
        """Take from an input again, from where it stands."""
        self.paused.discard(topic)
        self._consumer.seek(self._tps[topic], self.ahead[topic])
        self._consumer.resume(self._tps[topic])

    def lag(self) -> dict[str, int]:
        """Return how many records of each input are still to be taken, as of the last fetch of it."""
        lags = {}
        for topic, tp in self._tps.items():
            at = self._consumer._subscription.subscription.assignment.state_value(tp)
            if at is not None and at.highwater is not None and at.has_valid_position:
                lags[topic] = max(at.highwater - max(at.position, self.ahead[topic]), 0)
        return lags

    async def take(self, limit: int, wait_ms: int) -> Taken:
        """Take up to `limit` records; none if none comes within `wait_ms`.

        Each open input may fill its share of the turn, what one leaves the others may use, and the first to choose is
        another each time. Records are then merged by their timestamps, each input's own order kept.
        """
        tps = self._open()
        if not tps:
            await asyncio.sleep(wait_ms / 1000)
            return Taken((), {})
        drawn: dict[TopicPartition, list[InboundRecord]] = {tp: [] for tp in tps}
        try:
            await self._draw(drawn, limit, wait_ms)
        except OffsetOutOfRangeError as error:
            gone = [tp.topic for tp in error.args[0]]
            self.rewind(topic for topic in self._tps if topic not in gone)
            raise RecordsGone(gone) from error
        except UnicodeDecodeError:
            drawn = {tp: [] for tp in tps}
            self._consumer.pause(*tps)  # or the fetcher would lay the unreadable records there again
            self.rewind()
            await mend(self._consumer, tps)
            self._consumer.resume(*tps)
            await self._draw(drawn, limit, wait_ms)
        return await self._taken(drawn)

    async def top_up(self, taken: Taken, limit: int) -> Taken:
        """Add to what was taken, up to `limit` records, what has come since; nothing is waited for.

        Returns none at all, all of it to be taken again, where records cannot be read: `take` knows what to do.
        """
        if len(taken.records) >= limit:
            return taken
        drawn = {tp: [record for record in taken.records if record.topic == tp.topic] for tp in self._tps.values()}
        try:
            await self._fill(drawn, self._open(), limit)
        except (OffsetOutOfRangeError, UnicodeDecodeError):
            self.rewind()
            return Taken((), {})
        return await self._taken(drawn)

    async def _taken(self, drawn: Mapping[TopicPartition, list[InboundRecord]]) -> Taken:
        filled = {tp: records for tp, records in drawn.items() if records}
        upto = {tp.topic: await self._consumer.position(tp) for tp in filled}
        return Taken(_merged(list(filled.values())), upto)

    async def _draw(self, drawn: dict[TopicPartition, list[InboundRecord]], limit: int, wait_ms: int) -> None:
        share = max(limit // len(drawn), 1)
        await self._draw_from(drawn, list(drawn), share, wait_ms)
        if not any(drawn.values()):
            return
        for tp, records in drawn.items():
            await self._draw_from(drawn, [tp], min(share - len(records), limit - _count(drawn)))
        await self._fill(drawn, list(drawn), limit)

    async def _fill(
        self, drawn: dict[TopicPartition, list[InboundRecord]], tps: list[TopicPartition], limit: int
    ) -> None:
        """Draw what is there from one after the other, as far as there is room for it."""
        for tp in tps:
            await self._draw_from(drawn, [tp], limit - _count(drawn))

    async def _draw_from(
        self,
        drawn: dict[TopicPartition, list[InboundRecord]],
        tps: list[TopicPartition],
        most: int,
        wait_ms: int = 0,
    ) -> None:
        if most <= 0:
            return
        for tp, records in (await self._consumer.getmany(*tps, timeout_ms=wait_ms, max_records=most)).items():
            drawn[tp] += records

    def open_topics(self) -> list[str]:
        """Return the inputs that are neither paused nor held just now."""
        now = asyncio.get_running_loop().time()
        return [topic for topic in self._tps if topic not in self.paused and self._held.get(topic, 0.0) <= now]

    def may_be_at_end(self, topic: str) -> bool:
        """Say whether nothing that a fetch has told of contradicts that everything of an input was taken."""
        assignment = self._consumer._subscription.subscription.assignment
        at = assignment.state_value(self._tps[topic]) if assignment is not None else None
        return at is not None and at.has_valid_position and (at.lso is None or at.position >= at.lso)

    async def at_end(self, topics: Iterable[str]) -> list[str]:
        """Ask the broker, and return those of which everything that was committed before this call has been taken.

        What it is asked for is the last stable offset: the client reads committed records only, so it stops there.
        """
        try:
            ends = await self._consumer.end_offsets([self._tps[topic] for topic in topics])
        except KafkaError:
            return []  # nobody knows: to be asked again
        return [tp.topic for tp, end in ends.items() if await self._consumer.position(tp) >= end]

    def _open(self) -> list[TopicPartition]:
        now = asyncio.get_running_loop().time()
        self._held = {topic: until for topic, until in self._held.items() if until > now}
        tps = [tp for topic, tp in self._tps.items() if topic not in self.paused and topic not in self._held]
        self._turn += 1
        first = self._turn % len(tps) if tps else 0
        return tps[first:] + tps[:first]


def _count(drawn: Mapping[TopicPartition, Sequence[InboundRecord]]) -> int:
    return sum(map(len, drawn.values()))


def _merged(drawn: list[list[InboundRecord]]) -> Sequence[InboundRecord]:
    return drawn[0] if len(drawn) == 1 else list(heapq.merge(*drawn, key=attrgetter("timestamp")))
