"""What the stages and the runtime ask of each other, as shapes without code: neither side imports the other.

A *processor* is pure: record and state in, emits out. The runtime (`streams.gate`) reads, commits and retries, and
learns from a stage's declaration alone what to run.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from contracts.errors import Permanent
from contracts.outcome import Outcome
from contracts.report import Report

Headers = Sequence[tuple[str, bytes | None]]


class InboundRecord(Protocol):
    """One record as a consumer hands it over; aiokafka's `ConsumerRecord` has this shape as it stands."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch; the broker's stamp on topics with `LogAppendTime`."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Headers: ...  # noqa: D102


class Emit(NamedTuple):
    """One record to be written in the turn's transaction. The partition is ours to compute, never the client's."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int | None = None


class State(Protocol):
    """A task's state as one turn sees it: what is put is kept only if the turn commits."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value kept under `key`, this turn's own changes included."""

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value` under `key`, here and in the changelog, if the turn commits."""

    def delete(self, key: bytes) -> None:
        """Forget `key` (a tombstone in the changelog), if the turn commits."""


RecordHandler = Callable[[InboundRecord, State], Sequence[Emit]]
"""Handles one record: returns what it gives rise to; raises `Permanent` to dead-letter it, `Temporary` to wait."""


class Processor(Protocol):
    """What a stage does. One instance serves one task (one partition number)."""

    def begin_turn(self) -> RecordHandler:
        """Return the handler of this turn, holding whatever must not change within it (the ruleset in force)."""


class TimedProcessor(Processor, Protocol):
    """What a stage with timers does: it also judges what falls due of its own state, by the clock alone.

    When a key falls due is read from its value (the stage's `timers`), so that what a handler puts decides when the key
    is due next; a handler that leaves its key due at the same moment is at fault, and what it gave is not kept.
    """

    def on_timer(self, key: bytes, due_ms: int, now_ms: int, state: State) -> Sequence[Emit]:
        """Handle what fell due of `key` at `due_ms`; return what it gives rise to. Called after `begin_turn`.

        `now_ms` is the turn's clock, `due_ms` or later: after a stop, later by how long nothing ran. `Temporary` waits
        its delay; any other exception undoes this timer alone, and it is tried again after a while.
        """


ProcessorFactory = Callable[[int], Processor]
"""Makes the processor of task `p`; called once each time the task starts."""


class Codec(Protocol):
    """A channel's codec: pure, native payload in, canonical report out."""

    channel: str

    def decode(self, payload: bytes, attributes: dict[str, str]) -> Report:
        """Read one native payload.

        `attributes` are the CloudEvents attributes (`id`, `source`, `time`, …), empty for a bare record.
        Raises `Permanent` with a reason of the closed list and no other exception, whatever the bytes.
        """


class OutcomeCodec(Protocol):
    """Puts what a channel learns of its report into the channel's own words: pure, outcome in, bytes out."""

    @property
    def channel(self) -> str:
        """The channel's code."""

    def encode(self, outcome: Outcome) -> bytes:
        """Return the native payload; every fact that a channel is told has one."""


class Clock(Protocol):
    """The only way to learn the time outside a record's own stamp."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""


__all__ = [
    "Clock", "Codec", "Emit", "Headers", "InboundRecord", "OutcomeCodec", "Permanent", "Processor", "ProcessorFactory",
    "RecordHandler", "State", "TimedProcessor",
]  # fmt: skip
