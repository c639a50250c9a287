"""A task: one partition number of a stage, with its producer, its state and its inputs.

It begins by fencing its predecessor and reading its state, whoever holds the partitions meanwhile. It takes records
only under a *grant*: an assignment of the group, whose generation goes into every commit made of them. Between two
grants it is parked, its state kept; that the state is still the truth is vouched for by the producer's epoch, since
whoever else took the task over would have fenced it (ADR 0011).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from contracts.inputs import DETAIL_LIMIT, InputState, InputStatus, PauseReason
from contracts.ports import Clock, InboundRecord
from streams.gate.attention import Attention
from streams.gate.board import InputsBoard
from streams.gate.bound import Tally
from streams.gate.changelog import restore
from streams.gate.cluster import Cluster, Timeouts
from streams.gate.errors import Interrupted, Refused, TaskLost
from streams.gate.faults import FaultHook, strike
from streams.gate.group_commit import GroupMetadata
from streams.gate.observer import Observer, TurnReport
from streams.gate.outputs import TopicBook
from streams.gate.producer import TaskProducer
from streams.gate.slots import Slots
from streams.gate.stage import Stage
from streams.gate.state import merge
from streams.gate.supply import RecordsGone, Supply, Taken
from streams.gate.transaction import Transactions
from streams.gate.turn import Judge, Verdict

log = logging.getLogger(__name__)

INTERRUPTIONS = 5
"""How often in a row a transaction may be aborted for no fault of a record before the task is given up."""
AWAY_S = 0.05
IDLE_POLLS = 4
"""How many polls an idle task waits in one: records end it at once, a resumed input waits it out."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all tasks of a runner share."""

    stage: Stage
    cluster: Cluster
    timeouts: Timeouts
    prefix: str
    consumer: AIOKafkaConsumer
    book: TopicBook
    board: InputsBoard
    clock: Clock
    observer: Observer
    inputs_topic: str | None
    faults: FaultHook | None
    progress: Callable[[int], None]
    restoring: asyncio.Semaphore
    slots: Slots
    attention: Attention


class Task:
    """One task. `run` ends only by an exception: `TaskLost`, `StateTooNew`, a defect, or cancellation."""

    def __init__(self, around: Surroundings, partition: int) -> None:
        self._around = around
        self.partition = partition
        self.group: GroupMetadata | None = None
        self._entered: GroupMetadata | None = None
        self.phase = "restoring"
        self.turns = 0
        self._state: dict[bytes, bytes] = {}
        self._tallies: dict[str, Tally] = {}
        self._supply = Supply(around.consumer, around.stage.inputs, partition)
        self._pauses: dict[str, PauseReason | None] = {}
        self._resumes: dict[str, int] = {}
        self._interruptions = 0
        self._granted = asyncio.Event()
        self._parked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle = asyncio.Event()
        self._idle.set()
        self._producer = TaskProducer(
            around.cluster, f"{around.prefix}{around.stage.name}-{partition}", around.timeouts
        )
        self._transactions = Transactions(
            self._producer, around.book, around.timeouts, partition, around.faults, around.clock
        )
        self._judge: Judge

    # what the runner asks of it

    def grant(self, group: GroupMetadata) -> None:
        """Let it take records under this assignment."""
        self.group = group
        self._parked = asyncio.get_running_loop().create_future()
        self._granted.set()

    async def park(self) -> None:
        """Take the grant away; returns when the turn in hand is committed or aborted."""
        self._granted.clear()
        if not self._parked.done():
            self._parked.set_result(None)
        await self._idle.wait()

    def told(self, state: InputState) -> None:
        """Hear what the inputs topic says of one of its inputs."""
        if state.status is InputStatus.RESUMED and state.topic in self._pauses:
            self._resumes[state.topic] = state.allow or 0
        elif state.status is InputStatus.PAUSED and state.topic not in self._pauses:
            self._pause(state)

    async def run(self) -> None:
        """Live."""
        await self._begin()
        while True:
            self.phase = "waiting"
            await self._granted.wait()
            try:
                await self._enter()
                while self._holds():
                    await self._step()
            except IllegalStateError:
                # the partitions were taken away between two steps: the next grant enters anew
                await asyncio.sleep(AWAY_S)
            except KafkaError as error:
                raise TaskLost("consumer", type(error).__name__) from error

    async def close(self) -> None:
        """Let go of the broker."""
        await self._producer.shut(self._around.timeouts.stop_s)

    # its beginning

    async def _begin(self) -> None:
        around = self._around
        loop = asyncio.get_running_loop()
        processor = around.stage.processor(self.partition)
        self._judge = Judge(around.stage, self.partition, processor, around.book, around.clock, around.inputs_topic)
        await strike(around.faults, "assigned", self.partition)
        try:
            async with asyncio.timeout(around.timeouts.start_s):
                await self._producer.start()
        except (TimeoutError, KafkaError) as error:
            raise TaskLost("timeout", f"InitProducerId: {type(error).__name__}") from error
        await strike(around.faults, "initialised", self.partition)
        began = loop.time()
        async with around.restoring:
            self._state, count = await restore(
                around.stage, self.partition, around.cluster, progress=lambda: around.progress(self.partition)
            )
        around.observer.restored(around.stage.name, self.partition, count, loop.time() - began)
        await strike(around.faults, "restored", self.partition)
        async with self._bounded("the inputs topic"):
            await around.board.caught_up()
        for state in around.board.paused(self.partition).values():
            self._pauses[state.topic] = state.reason
            self._supply.paused.add(state.topic)

    async def _enter(self) -> None:
        """Stand where the last commit ended, under the grant of now; for a task just begun, ask the group where."""
        self._entered = self.group
        if not self._supply.ahead:
            async with self._bounded("where the group stands"):
                unknown = await self._supply.locate()
            if self._state and len(unknown) == len(self._around.stage.inputs):
                await self._stop_lost(unknown, PauseReason.OFFSET_LOST)
        self._supply.enter()
        self.phase = "running"

    @asynccontextmanager
    async def _bounded(self, what: str) -> AsyncIterator[None]:
        """Wait no longer than a start may take: an answer that never comes loses the task, not the process."""
        try:
            async with asyncio.timeout(self._around.timeouts.start_s):
                yield
        except TimeoutError as error:
            raise TaskLost("timeout", what) from error

    def _holds(self) -> bool:
        """Whether the grant that was entered still stands."""
        return self._granted.is_set() and self._entered is self.group

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """What is begun under a grant comes to its end under it: `park` waits."""
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()

    def _under(self) -> GroupMetadata:
        """Return the assignment that the records at hand were taken under."""
        if self._entered is None:
            raise TaskLost("defect", "a commit without a grant")
        return self._entered

    # its turns

    async def _step(self) -> None:
        await self._resume()
        taken = await self._take(self._draw())
        if taken is None:
            return
        if taken.records:
            self._around.attention.came()
        if taken.records or self._due():
            await self._take_turn(taken)
        self._around.progress(self.partition)
        self._report_lag()

    async def _take_turn(self, taken: Taken) -> None:
        async with self._around.slots.one(self._parked):
            whole = await self._take(self._draw_more(taken))
            if whole is not None and (whole.records or self._due()):
                with self._busy():
                    await self._settle(whole)

    async def _take(self, drawing: Coroutine[Any, Any, Taken]) -> Taken | None:
        """Take records, or None when parked before any came."""
        take = asyncio.ensure_future(drawing)
        try:
            await asyncio.wait(_either(take, self._parked), return_when=asyncio.FIRST_COMPLETED)
            if not take.done() or not self._holds():
                return None
            return take.result()
        except RecordsGone as gone:
            await self._stop_lost(gone.topics, PauseReason.RECORDS_LOST)
            return None
        finally:
            if not take.cancel() and not take.cancelled():
                take.exception()

    async def _draw(self) -> Taken:
        poll_ms = self._around.timeouts.poll_ms * (IDLE_POLLS if self._around.attention.idle else 1)
        return await self._supply.take(self._around.stage.limits.records, poll_ms)

    async def _draw_more(self, taken: Taken) -> Taken:
        """Add what came while the task waited for its turn."""
        return await self._supply.top_up(taken, self._around.stage.limits.records)

    async def _settle(self, taken: Taken) -> None:
        try:
            verdict = await self._commit(taken.records, taken.upto)
        except Refused:
            await self._bisect(taken.records)
            self._supply.rewind()
        except Interrupted as error:
            await self._retry_later(error)
        else:
            self._interruptions = 0
            if not verdict.whole:
                self._supply.rewind(None if verdict.cut else (*verdict.held, *verdict.pauses))

    async def _commit(
        self, records: Sequence[InboundRecord], upto: Mapping[str, int] | None = None, blamed: str | None = None
    ) -> Verdict:
        """Judge and write one transaction's worth; state changes only when the broker has it."""
        group = self._under()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            verdict = await self._consider(records, blamed)
        except KafkaError as error:
            raise Interrupted(f"limits cannot be read: {type(error).__name__}") from error
        thought = loop.time()
        offsets = self._offsets(verdict, _behind_markers(records, verdict.offsets, upto))
        if not verdict.empty:
            await self._write(verdict, offsets, group)
        self._keep(records, verdict)
        self._tallies = verdict.tallies
        self._supply.advance(offsets)
        self._after(verdict)
        if not verdict.empty:
            self._report(verdict, thought - began, loop.time() - thought)
        return verdict

    # what a task with timers does otherwise

    def _due(self) -> bool:
        """Whether there is something to judge without a record."""
        return False

    async def _consider(self, records: Sequence[InboundRecord], blamed: str | None) -> Verdict:
        return await self._judge.consider(records, self._state, self._tallies, blamed)

    def _offsets(self, verdict: Verdict, offsets: dict[str, int]) -> dict[str, int]:
        """Return the offsets to commit."""
        return offsets

    def _keep(self, records: Sequence[InboundRecord], verdict: Verdict) -> None:
        """Take a committed turn's changes into the state."""
        merge(self._state, verdict.changes)

    async def _write(self, verdict: Verdict, offsets: Mapping[str, int], group: GroupMetadata) -> None:
        of_inputs = {TopicPartition(topic, self.partition): offset for topic, offset in offsets.items()}
        observer, stage = self._around.observer, self._around.stage.name
        try:
            await self._transactions.commit(verdict.emits, of_inputs, group)
        except Refused:
            observer.aborted(stage, self.partition, "refused")
            self._around.book.forget()
            raise
        except Interrupted:
            observer.aborted(stage, self.partition, "broker")
            raise

    async def _bisect(self, records: Sequence[InboundRecord]) -> bool:
        """Commit what can be committed and dead-letter the record at fault; False when the rest must be retaken."""
        if len(records) == 1:
            return await self._blame(records[0])
        middle = len(records) // 2
        for half in (records[:middle], records[middle:]):
            if not self._holds():
                return False
            try:
                whole = (await self._commit(half)).whole
            except Refused:
                whole = await self._bisect(half)
            except Interrupted as error:
                await self._retry_later(error)
                whole = False
            if not whole:
                return False
        return True

    async def _blame(self, record: InboundRecord) -> bool:
        detail = "the broker would not take what the record gave rise to"
        try:
            return (await self._commit([record], blamed=detail)).whole
        except Refused as error:
            await self._stop_inputs([self._paused_state(record.topic, PauseReason.DEAD_LETTER_REFUSED, str(error))])
            return False

    async def _retry_later(self, error: Interrupted) -> None:
        self._interruptions += 1
        if self._interruptions > INTERRUPTIONS:
            raise TaskLost("consumer", f"{INTERRUPTIONS} aborts in a row, last {error}") from error
        log.warning("transaction aborted, retried: %s", error)
        self._supply.rewind()
        await asyncio.wait(_either(self._parked), timeout=min(0.05 * 2**self._interruptions, 1.0))

    # its inputs' standing

    def _after(self, verdict: Verdict) -> None:
        for topic, delay in verdict.held.items():
            self._supply.hold(topic, delay)
        for state in verdict.pauses.values():
            self._pause(state)
        for topic, offset, reason in verdict.dead:
            self._around.observer.dead_letter(self._around.stage.name, topic, self.partition, offset, reason)

    def _pause(self, state: InputState) -> None:
        self._pauses[state.topic] = state.reason
        self._supply.pause(state.topic)
        reason = state.reason.value if state.reason else ""
        log.error("input paused", extra={"topic": state.topic, "partition": self.partition, "reason": reason})
        self._around.observer.paused(self._around.stage.name, state.topic, self.partition, reason)

    async def _resume(self) -> None:
        while self._resumes:
            topic, allowed = self._resumes.popitem()
            with self._busy():
                if self._pauses[topic] in (PauseReason.OFFSET_LOST, PauseReason.RECORDS_LOST):
                    await self._start_over(topic)
                del self._pauses[topic]
                self._tallies[topic] = Tally(self._around.stage.bound, allowed=allowed)
                self._supply.resume(topic)
            log.warning("input resumed", extra={"topic": topic, "partition": self.partition})
            self._around.observer.resumed(self._around.stage.name, topic, self.partition)

    async def _start_over(self, topic: str) -> None:
        """Take an input from its first record on, and commit that this was decided."""
        await self._supply.to_beginning([topic])
        offset = self._supply.ahead[topic]
        await self._transactions.commit([], {TopicPartition(topic, self.partition): offset}, self._under())

    async def _stop_lost(self, topics: Sequence[str], reason: PauseReason) -> None:
        fresh = [self._paused_state(topic, reason, "") for topic in topics if topic not in self._pauses]
        with self._busy():
            await self._stop_inputs(fresh)

    async def _stop_inputs(self, states: Sequence[InputState]) -> None:
        """Pause inputs: in words on the inputs topic, if there is one, and in deed."""
        if states and self._around.inputs_topic is not None:
            told = [state.emit(self._around.inputs_topic) for state in states]
            await self._transactions.commit(told, {}, self._under())
        for state in states:
            self._pause(state)

    def _paused_state(self, topic: str, reason: PauseReason, detail: str) -> InputState:
        return InputState(
            stage=self._around.stage.name,
            topic=topic,
            partition=self.partition,
            status=InputStatus.PAUSED,
            reason=reason,
            detail=" ".join(detail.split())[:DETAIL_LIMIT],
            offset=self._supply.ahead.get(topic, 0),
            at=self._around.clock.now_ms(),
            by=self._around.stage.name,
        )

    # what it tells

    def _report(self, verdict: Verdict, think_s: float, transaction_s: float) -> None:
        self.turns += 1
        self._around.observer.turn(
            TurnReport(
                stage=self._around.stage.name,
                partition=self.partition,
                records_in=len(verdict.timestamps),
                records_out=Counter(map(itemgetter(0), verdict.emits)),
                bytes_out=verdict.bytes_out,
                think_seconds=think_s,
                transaction_seconds=transaction_s,
                seconds=think_s + transaction_s,
                timestamps=verdict.timestamps,
            )
        )

    def _report_lag(self) -> None:
        for topic, records in self._supply.lag().items():
            self._around.observer.lag(self._around.stage.name, topic, self.partition, records)


def _behind_markers(
    records: Sequence[InboundRecord], offsets: Mapping[str, int], upto: Mapping[str, int] | None
) -> dict[str, int]:
    """Where every record of an input was taken, its next offset lies behind the transaction markers that follow."""
    if not upto:
        return dict(offsets)
    last = {record.topic: record.offset + 1 for record in records}
    return {topic: upto[topic] if last[topic] == offset else offset for topic, offset in offsets.items()}


def _either(*futures: "asyncio.Future[Any]") -> "set[asyncio.Future[Any]]":
    return set(futures)
