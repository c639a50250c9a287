"""A task of a stage with timers: its turns may be begun by the clock alone.

Such a turn writes state, outputs and changelog in one transaction, as any does, and commits its inputs' offsets
unmoved: a commit without offsets carries no generation, and a thawed owner's would be taken (docs/model.md, `C-clock`).
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from contracts.codes import ReasonCode
from contracts.inputs import PauseReason
from contracts.ports import InboundRecord
from streams.gate.group_commit import GroupMetadata
from streams.gate.horizon import Horizon
from streams.gate.state import merge
from streams.gate.supply import Taken
from streams.gate.task import Surroundings, Task
from streams.gate.timed import Failed, Span, TimedJudge, TimedVerdict
from streams.gate.timers import Entry, Timers
from streams.gate.turn import Verdict

log = logging.getLogger(__name__)

LAGGING_MS = 20
"""How long to wait for an input that a due timer waits for before the broker is asked again."""


class TimedTask(Task):
    """One task, its heap of timers beside its state."""

    def __init__(self, around: Surroundings, partition: int) -> None:
        super().__init__(around, partition)
        due_of = around.stage.timers
        if due_of is None:
            raise TypeError(f"stage {around.stage.name} has no timers")
        self._timers = Timers(due_of)
        self._horizon = Horizon(self._supply)
        self._whole = 2 * around.stage.limits.records
        self._most = self._whole
        self._span = Span(0, 0, self._most)
        self._stalled = False
        self._hushed_until = 0.0
        self._events: Sequence[InboundRecord | Entry] = ()

    async def _begin(self) -> None:
        await super()._begin()
        await self._build()
        self._timed_judge = TimedJudge(self._judge, self._timers)

    async def _build(self) -> None:
        await self._timers.build(self._state, lambda: self._around.progress(self.partition))

    # what is taken, and what is due

    async def _draw(self) -> Taken:
        """Take records, waiting for no longer than until a timer falls due."""
        if self._timers.untidy:
            await self._build()
        return await self._foresee(await self._supply.take(self._around.stage.limits.records, self._wait_ms()))

    async def _draw_more(self, taken: Taken) -> Taken:
        more = await super()._draw_more(taken)
        return more if len(more.records) == len(taken.records) else await self._foresee(more)

    async def _foresee(self, taken: Taken) -> Taken:
        """Find out what may fire beside what was taken."""
        now = self._around.clock.now_ms()
        due = self._first()
        until = await self._horizon.until(taken.records, due, now)
        self._stalled = due is not None and until < due <= now
        self._span = Span(now, until, self._most)
        return taken

    def _first(self) -> int | None:
        """Return when the next timer falls due; None while the clock is hushed."""
        now_s = asyncio.get_running_loop().time()
        self._timers.wake(now_s, self._state)
        return self._timers.first(self._state) if self._clock_runs() else None

    def _wait_ms(self) -> int:
        most = self._around.timeouts.poll_ms
        now_s = asyncio.get_running_loop().time()
        moments = [moment for moment in (self._timers.wakes_at(), self._hushed_until) if moment and moment > now_s]
        most = min([most, *(int((moment - now_s) * 1000) + 1 for moment in moments)])
        if self._stalled:
            return min(most, LAGGING_MS)
        due = self._first()
        return most if due is None else max(min(due - self._around.clock.now_ms(), most), 0)

    def _due(self) -> bool:
        due = self._first()
        return due is not None and due <= self._span.until

    # a turn

    async def _settle(self, taken: Taken) -> None:
        await super()._settle(taken)
        if taken.records and not self._events:
            await asyncio.sleep(LAGGING_MS / 1000)  # all in hand waits for a timer, which waits for another input

    async def _consider(self, records: Sequence[InboundRecord], blamed: str | None) -> TimedVerdict:
        if blamed is not None:
            self._horizon.unsee()
        span = self._span if self._known() else self._span._replace(now=-1, until=-1)
        try:
            verdict = await self._timed_judge.consider(records, self._state, self._tallies, span, blamed)
        except BaseException:
            self._timers.put_back()
            raise
        self._events = verdict.events
        return verdict

    def _clock_runs(self) -> bool:
        """Whether timers may fire: not while hushed, nor while nobody knows where a single input stands."""
        return self._hushed_until <= asyncio.get_running_loop().time() and bool(self._known())

    def _known(self) -> dict[str, int]:
        """Return where the inputs stand of which the group knows it."""
        ahead = self._supply.ahead
        return {topic: at for topic, at in ahead.items() if self._pauses.get(topic) is not PauseReason.OFFSET_LOST}

    def _offsets(self, verdict: Verdict, offsets: dict[str, int]) -> dict[str, int]:
        return offsets or ({} if verdict.empty else self._known())

    async def _write(self, verdict: Verdict, offsets: Mapping[str, int], group: GroupMetadata) -> None:
        try:
            await super()._write(verdict, offsets, group)
        except BaseException:
            self._timers.put_back()
            raise

    def _keep(self, records: Sequence[InboundRecord], verdict: Verdict) -> None:
        self._timers.committed(self._state, verdict.changes)
        merge(self._state, verdict.changes)
        if not isinstance(verdict, TimedVerdict):
            return
        self._horizon.committed(records, verdict.offsets, verdict.whole)
        if verdict.events:
            self._most = min(self._most * 2, self._whole)
        for failed in verdict.failed:
            if self._timers.holds(failed.entry, self._state.get(failed.entry[1])):
                self._rest(failed)

    def _after(self, verdict: Verdict) -> None:
        super()._after(verdict)
        if not isinstance(verdict, TimedVerdict):
            return
        if verdict.hush:
            self._hushed_until = asyncio.get_running_loop().time() + verdict.hush
        if verdict.fired:
            now = self._around.clock.now_ms()
            lateness = [max(now - due, 0) for due, _ in verdict.fired]
            self._around.observer.timers_fired(self._around.stage.name, self.partition, lateness)

    async def _start_over(self, topic: str) -> None:
        await super()._start_over(topic)
        self._horizon.forget(topic)

    # what goes wrong

    def _rest(self, failed: Failed) -> None:
        due, key = failed.entry
        delay = self._timers.rest(key, asyncio.get_running_loop().time(), failed.delay_s)
        told = {
            "stage": self._around.stage.name,
            "partition": self.partition,
            "due": due,
            "reason": failed.reason.value,
        }
        if failed.delay_s is not None:
            log.info("timer waits %.1f s", delay, extra=told)
            return
        log.error("timer of %r failed, tried again in %.0f s: %s", key[:64], delay, failed.detail, extra=told)
        self._around.observer.timer_failed(self._around.stage.name, self.partition, failed.reason)

    async def _bisect(self, records: Sequence[InboundRecord]) -> bool:
        """Take smaller turns from here on, half of what was refused each time, down to the one at fault."""
        self._horizon.unsee()
        if len(self._events) > 1:
            self._most = len(self._events) // 2
            return False
        if not self._events:
            return await super()._bisect(records)
        [event] = self._events
        if isinstance(event, tuple):
            self._rest(Failed(event, ReasonCode.OUTPUT_REFUSED, "by the broker"))
            return False
        return await self._blame(event)
