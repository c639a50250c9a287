"""What one turn decides where timers are due: records and timers merged by time, a verdict out.

A timer due at T comes behind the records in hand stamped T or before and before those stamped later. Where one is due
and may not fire yet, since an input was not taken so far, the records stamped later wait for it, their inputs sought
back. What a record or a timer puts may fall due in the same turn. Nothing here touches Kafka.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple, cast

from contracts.codes import ReasonCode
from contracts.errors import Overloaded, Permanent, Temporary
from contracts.ports import Emit, InboundRecord, RecordHandler, TimedProcessor
from streams.gate.bound import Tally
from streams.gate.state import Overlay
from streams.gate.timers import Entry, Timers
from streams.gate.turn import Answer, Judge, Turn, Verdict, as_emits, delay_of, where


class Span(NamedTuple):
    """What a turn may do: by the clock `now` fire what is due up to `until`; take `most` records and timers in all."""

    now: int
    until: int
    most: int


class Failed(NamedTuple):
    """A timer that could not be done. `delay_s` is what its handler asked for; None for a failure."""

    entry: Entry
    reason: ReasonCode
    detail: str = ""
    delay_s: float | None = None


@dataclass(slots=True)
class TimedVerdict(Verdict):
    """A verdict with timers. `events` are the records taken and the timers fired, in order; `hush` stops the clock."""

    events: list["InboundRecord | Entry"] = field(default_factory=list)
    fired: list[Entry] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    hush: float = 0.0


@dataclass(frozen=True, slots=True)
class TimedJudge:
    """Asks one task's processor about records and about what is due."""

    judge: Judge
    timers: Timers

    async def consider(
        self,
        records: Sequence[InboundRecord],
        state: Mapping[bytes, bytes],
        tallies: Mapping[str, Tally],
        span: Span,
        blamed: str | None = None,
    ) -> TimedVerdict:
        """Judge `records` and what is due of `state`; `blamed` as `Judge` has it, and then no timer fires."""
        try:
            handle = self.judge.processor.begin_turn()
        except (Temporary, Overloaded) as error:
            delay = delay_of(error)
            return TimedVerdict(held={record.topic: delay for record in records}, hush=delay)
        await self.judge.book.refresh()
        turn = TimedTurn(self.judge, Overlay(state), tallies, self.timers, span)
        if blamed is None:
            await self._all(turn, records, handle)
        else:
            await self._record(turn, records[0], handle, blamed)
        turn.close()
        return turn.verdict

    async def _all(self, turn: "TimedTurn", records: Sequence[InboundRecord], handle: RecordHandler) -> None:
        for n, record in enumerate(records, 1):
            if turn.waits(record.topic):
                continue
            if not (await self._fire(turn, record.timestamp - 1) and await self._record(turn, record, handle, None)):
                turn.verdict.cut = True
                return
            if n % self.judge.stage.limits.slice_records == 0:
                await asyncio.sleep(0)
        await self._fire(turn, turn.span.now)

    async def _record(
        self, turn: "TimedTurn", record: InboundRecord, handle: RecordHandler, blamed: str | None
    ) -> bool:
        if turn.full:
            return False
        answer = turn.ask(record, handle, blamed)
        await self._learn(turn, answer)
        return turn.settle(record, answer)

    async def _fire(self, turn: "TimedTurn", before: int) -> bool:
        """Fire what is due up to `before`; False when something of it has to wait for another turn."""
        while (entry := turn.due(before)) is not None:
            if entry[0] > turn.span.until or turn.sated:
                return False
            answer = turn.ask_timer(entry, cast("TimedProcessor", self.judge.processor))
            await self._learn(turn, answer)
            if not turn.settle_timer(entry, answer):
                return False
            if len(turn.verdict.fired) % self.judge.stage.limits.slice_records == 0:
                await asyncio.sleep(0)
        return True

    async def _learn(self, turn: "TimedTurn", answer: Answer) -> None:
        if unknown := turn.unknown(answer):
            await self.judge.book.learn(unknown)


class TimedTurn(Turn):
    """A turn that also fires timers."""

    __slots__ = ("_dues", "_fresh", "_given_up", "_timers", "_tried", "span", "verdict")

    def __init__(
        self, judge: Judge, overlay: Overlay, tallies: Mapping[str, Tally], timers: Timers, span: Span
    ) -> None:
        super().__init__(judge, overlay, tallies)
        self._verdict = self.verdict = TimedVerdict()
        self._timers = timers
        self.span = span
        self._fresh: list[Entry] = []
        self._dues: list[Entry] = []
        self._given_up: set[bytes] = set()

    @property
    def full(self) -> bool:
        """Whether the turn may take no more."""
        return len(self.verdict.events) >= self.span.most

    @property
    def sated(self) -> bool:
        """Whether it may fire no more."""
        tried = len(self.verdict.fired) + len(self.verdict.failed)
        return self.full or tried >= self._stage.limits.records

    # what is due

    def due(self, before: int) -> Entry | None:
        """Return the earliest timer due at `before` or earlier, as this turn sees the state; it stays where it is."""
        latest = min(before, self.span.now)
        while (entry := self._first()) is not None and entry[0] <= latest:
            if entry[1] not in self._given_up and self._timers.holds(entry, self._overlay.get(entry[1])):
                return entry
            self._remove(entry)
        return None

    def _first(self) -> Entry | None:
        kept = self._timers.peek()
        if not self._fresh:
            return kept
        return self._fresh[0] if kept is None else min(kept, self._fresh[0])

    def _remove(self, entry: Entry) -> None:
        if self._fresh and self._fresh[0] == entry:
            heappop(self._fresh)
        else:
            self._timers.draw()

    # what is asked, and what becomes of the answer

    def ask(self, record: InboundRecord, handle: RecordHandler, blamed: str | None) -> Answer:
        """Ask about a record."""
        answer = super().ask(record, handle, blamed)
        return answer if isinstance(answer, Exception) else self._read_dues(answer)

    def ask_timer(self, entry: Entry, processor: TimedProcessor) -> Answer:
        """Ask about a timer."""
        due, key = entry
        try:
            answer = as_emits(processor.on_timer(key, due, self.span.now, self._overlay))
        except (Permanent, Temporary, Overloaded) as refusal:
            return refusal
        except MemoryError:
            raise
        except Exception as error:
            return Permanent(ReasonCode.PROCESSOR_FAILED, where(error))
        read = self._read_dues(answer)
        if not isinstance(read, Exception) and self._still_due(entry):
            return Permanent(ReasonCode.PROCESSOR_FAILED, "the timer left its key due as before")
        return read

    def _still_due(self, entry: Entry) -> bool:
        value = self._overlay.get(entry[1])
        due = None if value is None else self._timers.due_of(value)
        return due is not None and due <= entry[0]

    def _read_dues(self, answer: Sequence[Emit]) -> Answer:
        """Read when what was put falls due: a value that does not say is the fault of whoever put it."""
        try:
            changed = self._overlay.pending.items()
            dues = [(self._timers.due_of(value), key) for key, value in changed if value is not None]
        except Exception as error:
            return Permanent(ReasonCode.PROCESSOR_FAILED, where(error))
        self._dues = [(due, key) for due, key in dues if due is not None and due <= self.span.now]
        return answer

    def settle_timer(self, entry: Entry, answer: Answer) -> bool:
        """Take the answer into the verdict; False when the turn is full and the timer is left for the next."""
        if isinstance(answer, Temporary | Overloaded):
            self._give_up(Failed(entry, answer.reason, delay_s=delay_of(answer)))
        elif isinstance(answer, Permanent):
            self._give_up(Failed(entry, answer.reason, answer.detail))
        elif isinstance(size := self._weigh(answer), str):
            self._give_up(Failed(entry, ReasonCode.OUTPUT_REFUSED, size))
        elif self.verdict.bytes_out + size > self._stage.limits.bytes_out and self.verdict.events:
            self._overlay.undo()
            return False
        else:
            self._remove(entry)
            self.verdict.fired.append(entry)
            self._took(entry, size)
            self._overlay.keep()
            self.verdict.emits.extend(answer)
        return True

    def _give_up(self, failed: Failed) -> None:
        self._overlay.undo()
        self._given_up.add(failed.entry[1])
        self.verdict.failed.append(failed)

    def _pass(self, record: InboundRecord, emits: Sequence[Emit], size: int) -> bool:
        verdict = self.verdict
        if verdict.fired and verdict.bytes_out + size > self._stage.limits.bytes_out:
            self._overlay.undo()
            verdict.cut = True
            return False
        return super()._pass(record, emits, size)

    def _take(self, record: InboundRecord, emits: Sequence[Emit], size: int) -> None:
        self._took(record, 0)
        super()._take(record, emits, size)

    def _took(self, event: InboundRecord | Entry, size: int) -> None:
        if self._overlay.touched:
            for fresh in self._dues:
                heappush(self._fresh, fresh)
        self.verdict.events.append(event)
        self.verdict.bytes_out += size
