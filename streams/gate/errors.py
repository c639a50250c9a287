"""What can go wrong with a task, in three sizes: one record, one transaction, the whole task."""

from streams.gate.observer import Loss


class GateError(Exception):
    """Anything that the runtime raises of itself."""


class Refused(GateError):
    """The broker would not take something this transaction wrote; aborted, and nothing of it remains."""


class Interrupted(GateError):
    """The transaction failed for no fault of a record and was aborted; it may be tried again."""


class TaskLost(GateError):
    """The task can no longer be trusted: everything it holds is dropped and it starts anew through a rejoin."""

    def __init__(self, cause: Loss, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause = cause


class StartRefused(GateError):
    """The stage cannot run on this cluster as it is: a topic is missing or its partitions do not match."""


class StateTooNew(GateError):
    """A changelog holds values of a schema version that this worker does not know, or can no longer read."""
