"""What one turn decides, before anything is written: records and state in, a verdict out.

The processor is asked record by record, in the order given. A record that fails is dead-lettered, held back or stops
its input; its neighbours go on. Nothing here touches Kafka, and nothing that is put reaches the state.
"""

import asyncio
import logging
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.codes import ReasonCode
from contracts.deadletter import dead_letter, dead_letter_topic
from contracts.errors import Overloaded, Permanent, Temporary
from contracts.inputs import InputState, InputStatus, PauseReason
from contracts.ports import Clock, Emit, InboundRecord, Processor, RecordHandler
from streams.gate.bound import Tally
from streams.gate.changelog import changelog_emits
from streams.gate.outputs import BATCH_HEADER, RECORD_MARGIN, TopicBook, TopicLimits, record_size, refusal
from streams.gate.stage import Stage
from streams.gate.state import Changes, Overlay

log = logging.getLogger(__name__)

OVERLOADED_DELAY_S = 1.0
LARGEST_RECORD_TURN = 4
"""How many times a turn's `bytes_out` the outputs of one single record may take."""


@dataclass(slots=True)
class Verdict:
    """What a turn will write and where it leaves its inputs. `offsets` are the next ones to take, by topic.

    `held` says for how many seconds an input waits, `pauses` which inputs stop until resumed; `cut` that the turn
    became too large and later records were not looked at. In each case what was not taken must be taken again.
    """

    emits: list[Emit] = field(default_factory=list)
    changes: Changes = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    dead: list[tuple[str, ReasonCode]] = field(default_factory=list)
    held: dict[str, float] = field(default_factory=dict)
    pauses: dict[str, InputState] = field(default_factory=dict)
    timestamps: list[int] = field(default_factory=list)
    bytes_out: int = 0
    cut: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not self.offsets and not self.emits

    @property
    def whole(self) -> bool:
        """Whether every record was taken."""
        return not (self.held or self.pauses or self.cut)


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks one task's processor about records."""

    stage: Stage
    partition: int
    processor: Processor
    book: TopicBook
    clock: Clock
    inputs_topic: str | None = None

    async def consider(
        self,
        records: Sequence[InboundRecord],
        state: Mapping[bytes, bytes],
        tallies: Mapping[str, Tally],
        blamed: str | None = None,
    ) -> Verdict:
        """Judge `records` against `state`.

        `blamed` says what the broker refused of the outputs of the one record given: it is dead-lettered unasked.
        """
        turn = _Turn(self, Overlay(state), dict(tallies), self.clock.now_ms())
        try:
            handle = self.processor.begin_turn()
        except (Temporary, Overloaded) as error:
            return Verdict(held={record.topic: _delay(error) for record in records})
        for n, record in enumerate(records, 1):
            if not await turn.take(record, handle, blamed):
                break
            if n % self.stage.limits.slice_records == 0:
                await asyncio.sleep(0)
        return turn.close()


class _Turn:
    __slots__ = ("_judge", "_now", "_overlay", "_tallies", "_verdict")

    def __init__(self, judge: Judge, overlay: Overlay, tallies: dict[str, Tally], now_ms: int) -> None:
        self._judge = judge
        self._overlay = overlay
        self._tallies = tallies
        self._now = now_ms
        self._verdict = Verdict()

    def close(self) -> Verdict:
        verdict = self._verdict
        verdict.changes = self._overlay.changes
        verdict.tallies = self._tallies
        verdict.emits += changelog_emits(self._judge.stage, self._judge.partition, verdict.changes)
        return verdict

    async def take(self, record: InboundRecord, handle: RecordHandler, blamed: str | None) -> bool:
        """Judge one record; False when the turn is full and this record was left for the next."""
        verdict = self._verdict
        if record.topic in verdict.held or record.topic in verdict.pauses:
            return True  # an earlier record of this input waits: order is kept
        try:
            emits = await self._ask(record, handle, blamed)
        except (Temporary, Overloaded) as error:
            self._hold(record, error)
            return True
        except Permanent as error:
            await self._bury(record, error.reason, error.detail)
            return True
        size = sum(map(record_size, emits)) + self._state_bytes()
        if verdict.bytes_out + size > self._judge.stage.limits.bytes_out and verdict.timestamps:
            self._overlay.undo()
            verdict.cut = True
            return False
        self._tallies[record.topic] = self._tally(record.topic).passed(self._judge.stage.bound)
        self._settle(record, emits, size)
        return True

    async def _ask(self, record: InboundRecord, handle: RecordHandler, blamed: str | None) -> Sequence[Emit]:
        """Raises `Permanent` also for what is no fault of the record's: a defect, or an output nobody would take."""
        if blamed is not None:
            raise Permanent(ReasonCode.OUTPUT_REFUSED, blamed)
        try:
            emits = list(handle(record, self._overlay))
            wrong = await self._refused(emits)
        except (Permanent, Temporary, Overloaded, MemoryError):
            raise
        except Exception as error:
            raise Permanent(ReasonCode.PROCESSOR_FAILED, _where(error)) from error
        if wrong is not None:
            raise Permanent(ReasonCode.OUTPUT_REFUSED, wrong)
        return emits

    async def _refused(self, emits: Sequence[Emit]) -> str | None:
        stage = self._judge.stage
        pending = dict(self._overlay.pending())
        if pending and stage.changelog is None:
            raise TypeError(f"stage {stage.name} keeps state but declares no changelog")
        for emit in (*emits, *changelog_emits(stage, self._judge.partition, pending)):
            if (wrong := refusal(emit, await self._limits(emit.topic), self._now)) is not None:
                return wrong
        most = LARGEST_RECORD_TURN * stage.limits.bytes_out
        if sum(map(record_size, emits)) > most:
            return f"outputs of one record exceed {most} bytes"
        return None

    async def _limits(self, topic: str) -> TopicLimits | None:
        if (known := self._judge.book.get(topic)) is None:
            await self._judge.book.learn([topic])
            known = self._judge.book.get(topic)
        return known

    def _hold(self, record: InboundRecord, error: Temporary | Overloaded) -> None:
        self._overlay.undo()
        delay = _delay(error)
        self._verdict.held[record.topic] = delay
        log.info(
            "input held",
            extra={"topic": record.topic, "partition": record.partition, "reason": error.reason, "delay": delay},
        )

    async def _bury(self, record: InboundRecord, reason: ReasonCode, detail: str) -> None:
        """Dead-letter the record, unless that is one too many: then its input stops before it."""
        self._overlay.undo()
        bound = self._judge.stage.bound
        tally = self._tally(record.topic).failed(bound)
        if (why := tally.too_many(bound)) is not None:
            self._pause(record, PauseReason.TOO_MANY_DEAD_LETTERS, f"{why}, last {reason.value}")
            return
        emit = await self._letter(record, reason, detail)
        limits = await self._limits(emit.topic)
        if (wrong := refusal(emit, limits, self._now)) is not None:
            self._pause(record, PauseReason.DEAD_LETTER_REFUSED, wrong)
            return
        self._tallies[record.topic] = tally
        self._verdict.dead.append((record.topic, reason))
        self._settle(record, (emit,), record_size(emit))

    async def _letter(self, record: InboundRecord, reason: ReasonCode, detail: str) -> Emit:
        limits = await self._limits(dead_letter_topic(record.topic))
        room = 1 << 20 if limits is None else limits.max_bytes - BATCH_HEADER - RECORD_MARGIN
        return dead_letter(record, reason, detail, stage=self._judge.stage.name, at_ms=self._now, room=room)

    def _pause(self, record: InboundRecord, reason: PauseReason, detail: str) -> None:
        stage = self._judge.stage
        state = InputState(
            stage=stage.name,
            topic=record.topic,
            partition=record.partition,
            status=InputStatus.PAUSED,
            reason=reason,
            detail=detail,
            offset=record.offset,
            at=self._now,
            by=stage.name,
        )
        self._verdict.pauses[record.topic] = state
        if self._judge.inputs_topic is not None:
            self._verdict.emits.append(state.emit(self._judge.inputs_topic))

    def _settle(self, record: InboundRecord, emits: Iterable[Emit], size: int) -> None:
        verdict = self._verdict
        self._overlay.keep()
        verdict.emits.extend(emits)
        verdict.offsets[record.topic] = record.offset + 1
        verdict.timestamps.append(record.timestamp)
        verdict.bytes_out += size

    def _tally(self, topic: str) -> Tally:
        return self._tallies.get(topic, Tally())

    def _state_bytes(self) -> int:
        return sum(len(key) + len(value or b"") + RECORD_MARGIN for key, value in self._overlay.pending())


def _delay(error: Temporary | Overloaded) -> float:
    return error.delay if isinstance(error, Temporary) else OVERLOADED_DELAY_S


def _where(error: Exception) -> str:
    """Name the exception and its place. Its message is left out: it may quote the record."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    log.error("processor failed: %s%s", type(error).__name__, place)
    return f"{type(error).__name__}{place}"
