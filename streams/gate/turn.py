"""What one turn decides, before anything is written: records and state in, a verdict out.

The processor is asked record by record, in the order given. A record that fails is dead-lettered, held back or stops
its input; its neighbours go on. Nothing here touches Kafka, and nothing that is put reaches the state.
"""

import asyncio
import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.codes import ReasonCode
from contracts.deadletter import ROOM, dead_letter, dead_letter_topic
from contracts.errors import Overloaded, Permanent, Temporary
from contracts.inputs import InputState, InputStatus, PauseReason
from contracts.ports import Clock, Emit, InboundRecord, Processor, RecordHandler
from streams.gate.bound import Tally
from streams.gate.changelog import changelog_emits
from streams.gate.outputs import BATCH_HEADER, RECORD_MARGIN, TopicBook, TopicLimits, weigh
from streams.gate.stage import Stage
from streams.gate.state import Changes, Overlay

log = logging.getLogger(__name__)

OVERLOADED_DELAY_S = 1.0
STATE_MARGIN = BATCH_HEADER + RECORD_MARGIN + 32  # what a changelog record takes beside key and value, at most
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
    dead: list[tuple[str, int, ReasonCode]] = field(default_factory=list)
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
        try:
            handle = self.processor.begin_turn()
        except (Temporary, Overloaded) as error:
            return Verdict(held={record.topic: delay_of(error) for record in records})
        await self.book.refresh()
        turn = Turn(self, Overlay(state), tallies)
        for n, record in enumerate(records, 1):
            if turn.waits(record.topic):
                continue  # an earlier record of this input waits: order is kept
            answer = turn.ask(record, handle, blamed)
            if unknown := turn.unknown(answer):
                await self.book.learn(unknown)
            if not turn.settle(record, answer):
                break
            if n % self.stage.limits.slice_records == 0:
                await asyncio.sleep(0)
        return turn.close()


Answer = Sequence[Emit] | Permanent | Temporary | Overloaded
"""What a processor made of a record; an exception that nobody named has become a `Permanent`."""


class Turn:
    """One turn while it is being judged."""

    __slots__ = ("_book", "_judge", "_limits", "_now", "_overlay", "_stage", "_tallies", "_verdict")

    def __init__(self, judge: Judge, overlay: Overlay, tallies: Mapping[str, Tally]) -> None:
        self._judge = judge
        self._stage = judge.stage
        self._book = judge.book
        self._limits: dict[str, TopicLimits] = {}
        self._overlay = overlay
        self._tallies = {topic: tally.copy() for topic, tally in tallies.items()}
        for topic in self._stage.inputs:
            self._tallies.setdefault(topic, Tally(self._stage.bound))
        self._now = judge.clock.now_ms()
        self._verdict = Verdict()

    def waits(self, topic: str) -> bool:
        """Whether this input was stopped within the turn."""
        return topic in self._verdict.held or topic in self._verdict.pauses

    def close(self) -> Verdict:
        """Return the verdict, the changelog's records added."""
        verdict = self._verdict
        verdict.changes = self._overlay.changes
        verdict.tallies = self._tallies
        verdict.emits += changelog_emits(self._stage, self._judge.partition, verdict.changes)
        return verdict

    def ask(self, record: InboundRecord, handle: RecordHandler, blamed: str | None) -> Answer:
        """Ask the processor, unless the record is blamed already."""
        if blamed is not None:
            return Permanent(ReasonCode.OUTPUT_REFUSED, blamed)
        try:
            return as_emits(handle(record, self._overlay))
        except (Permanent, Temporary, Overloaded) as answer:
            return answer
        except MemoryError:
            raise
        except Exception as error:
            return Permanent(ReasonCode.PROCESSOR_FAILED, where(error))

    def unknown(self, answer: Answer) -> set[str]:
        """Return the topics whose limits must be learned before the answer can be weighed."""
        missing: set[str] = set()
        if not isinstance(answer, Exception):
            for emit in answer:
                if emit.topic not in self._limits:
                    if (known := self._book.get(emit.topic)) is not None:
                        self._limits[emit.topic] = known
                    else:
                        missing.add(emit.topic)
        return missing

    def settle(self, record: InboundRecord, answer: Answer) -> bool:
        """Take the answer into the verdict; False when the turn is full and the record is left for the next."""
        if isinstance(answer, Temporary | Overloaded):
            self._hold(record, answer)
        elif isinstance(answer, Permanent):
            self._bury(record, answer.reason, answer.detail)
        else:
            size = self._weigh(answer)
            if isinstance(size, str):
                self._bury(record, ReasonCode.OUTPUT_REFUSED, size)
            else:
                return self._pass(record, answer, size)
        return True

    def _pass(self, record: InboundRecord, emits: Sequence[Emit], size: int) -> bool:
        verdict = self._verdict
        if verdict.bytes_out + size > self._stage.limits.bytes_out and verdict.timestamps:
            self._overlay.undo()
            verdict.cut = True
            return False
        self._tallies[record.topic].passed()
        self._take(record, emits, size)
        return True

    def _weigh(self, emits: Sequence[Emit]) -> int | str:
        """Return the bytes of what a record gave rise to, its state included, or why it would not be taken."""
        limits, now, total = self._limits, self._now, 0
        for emit in emits:
            topic = emit.topic
            size = weigh(emit, limits[topic] if topic in limits else self._book.get(topic), now)
            if type(size) is str:
                return size
            total += size  # type: ignore[operator]
        if self._overlay.touched:
            of_state = self._weigh_state()
            if isinstance(of_state, str):
                return of_state
            total += of_state
        most = LARGEST_RECORD_TURN * self._stage.limits.bytes_out
        return total if total <= most else f"outputs of one record exceed {most} bytes"

    def _weigh_state(self) -> int | str:
        total = 0
        limits = self._book.get(self._stage.changelog or "")
        most = limits.max_bytes if limits is not None else 0
        for key, value in self._overlay.pending.items():
            size = STATE_MARGIN + len(key) + (len(value) if value else 0)
            if size > most:
                return f"{self._stage.changelog}: a state of {size} bytes, at most {most} taken"
            total += size
        return total

    def _hold(self, record: InboundRecord, error: Temporary | Overloaded) -> None:
        self._overlay.undo()
        self._verdict.held[record.topic] = delay_of(error)
        told = {"topic": record.topic, "partition": record.partition, "reason": error.reason.value}
        log.info("input held", extra=told)

    def _bury(self, record: InboundRecord, reason: ReasonCode, detail: str) -> None:
        """Dead-letter the record, unless that is one too many: then its input stops before it."""
        self._overlay.undo()
        tally = self._tallies[record.topic]
        if (why := tally.one_too_many()) is not None:
            self._pause(record, PauseReason.TOO_MANY_DEAD_LETTERS, f"{why}, last {reason.value}")
            return
        limits = self._book.get(dead_letter_topic(record.topic))
        room = limits.max_bytes - BATCH_HEADER - RECORD_MARGIN if limits is not None else ROOM
        emit = dead_letter(record, reason, detail, stage=self._stage.name, at_ms=self._now, room=room)
        size = weigh(emit, limits, self._now)
        if isinstance(size, str):
            self._pause(record, PauseReason.DEAD_LETTER_REFUSED, size)
            return
        tally.failed()
        self._verdict.dead.append((record.topic, record.offset, reason))
        self._take(record, (emit,), size)

    def _pause(self, record: InboundRecord, reason: PauseReason, detail: str) -> None:
        state = InputState(
            stage=self._stage.name,
            topic=record.topic,
            partition=record.partition,
            status=InputStatus.PAUSED,
            reason=reason,
            detail=detail,
            offset=record.offset,
            at=self._now,
            by=self._stage.name,
        )
        self._verdict.pauses[record.topic] = state
        if self._judge.inputs_topic is not None:
            self._verdict.emits.append(state.emit(self._judge.inputs_topic))

    def _take(self, record: InboundRecord, emits: Sequence[Emit], size: int) -> None:
        verdict = self._verdict
        self._overlay.keep()
        verdict.emits.extend(emits)
        verdict.offsets[record.topic] = record.offset + 1
        verdict.timestamps.append(record.timestamp)
        verdict.bytes_out += size


def as_emits(answer: Sequence[Emit]) -> Sequence[Emit]:
    """Return what a processor gave, if it is what processors give."""
    emits = answer if type(answer) is tuple else tuple(answer)
    for emit in emits:
        if type(emit) is not Emit:
            raise TypeError("a processor gives emits")
    return emits


def delay_of(error: Temporary | Overloaded) -> float:
    """Return for how many seconds to wait."""
    return error.delay if isinstance(error, Temporary) else OVERLOADED_DELAY_S


def where(error: Exception) -> str:
    """Name the exception and its place. Its message is left out: it may quote the record."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    log.error("processor failed: %s%s", type(error).__name__, place)
    return f"{type(error).__name__}{place}"
