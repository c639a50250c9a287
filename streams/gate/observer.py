"""What the runtime tells of itself. Assembly turns it into metrics; no incident id and no personal data pass here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from contracts.codes import ReasonCode

Abort = Literal["refused", "broker", "interrupted"]
"""Why a transaction was aborted: the broker refused a record, the broker failed us, the turn was cut short."""

Loss = Literal["fenced", "generation", "timeout", "unknown_outcome", "defect", "consumer"]
"""Why a task was dropped whole: a newer producer, a newer generation, no answer, an answer lost, the unnamed."""


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One committed turn. Seconds are wall time; `timestamps` are the broker's, in ms, one per record taken."""

    stage: str
    partition: int
    records_in: int
    records_out: Mapping[str, int]
    bytes_out: int
    think_seconds: float
    transaction_seconds: float
    seconds: float
    timestamps: Sequence[int]


class Observer(Protocol):
    """Told of facts as they happen, on the event loop: an implementation returns at once and never raises."""

    def turn(self, report: TurnReport) -> None:
        """A turn was committed."""

    def dead_letter(self, stage: str, topic: str, partition: int, offset: int, reason: ReasonCode) -> None:
        """A record of input `topic` was dead-lettered (told after the commit)."""

    def aborted(self, stage: str, partition: int, cause: Abort) -> None:
        """A transaction was aborted; its records will be taken again."""

    def lost(self, stage: str, partition: int, cause: Loss) -> None:
        """A task was dropped whole and will start anew through a rejoin."""

    def restored(self, stage: str, partition: int, records: int, seconds: float) -> None:
        """A task's state was read from its changelog."""

    def assigned(self, stage: str, tasks: int) -> None:
        """A rebalance ended with so many tasks here."""

    def paused(self, stage: str, topic: str, partition: int, reason: str) -> None:
        """An input stopped until somebody resumes it."""

    def resumed(self, stage: str, topic: str, partition: int) -> None:
        """An input goes on."""

    def lag(self, stage: str, topic: str, partition: int, records: int) -> None:
        """Records of an input not yet taken, as of its last fetch."""

    def timers_fired(self, stage: str, partition: int, lateness_ms: Sequence[int]) -> None:
        """What fell due was done and committed; by how much later than due, one for each timer, in ms."""

    def timer_failed(self, stage: str, partition: int, reason: ReasonCode) -> None:
        """What fell due could not be done; nothing of it is kept, and it is tried again after a while."""


class Silent:
    """Observes nothing."""

    def turn(self, report: TurnReport) -> None: ...  # noqa: D102
    def dead_letter(self, stage: str, topic: str, partition: int, offset: int, reason: ReasonCode) -> None: ...  # noqa: D102
    def aborted(self, stage: str, partition: int, cause: Abort) -> None: ...  # noqa: D102
    def lost(self, stage: str, partition: int, cause: Loss) -> None: ...  # noqa: D102
    def restored(self, stage: str, partition: int, records: int, seconds: float) -> None: ...  # noqa: D102
    def assigned(self, stage: str, tasks: int) -> None: ...  # noqa: D102
    def paused(self, stage: str, topic: str, partition: int, reason: str) -> None: ...  # noqa: D102
    def resumed(self, stage: str, topic: str, partition: int) -> None: ...  # noqa: D102
    def lag(self, stage: str, topic: str, partition: int, records: int) -> None: ...  # noqa: D102
    def timers_fired(self, stage: str, partition: int, lateness_ms: Sequence[int]) -> None: ...  # noqa: D102
    def timer_failed(self, stage: str, partition: int, reason: ReasonCode) -> None: ...  # noqa: D102
