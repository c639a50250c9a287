"""The three errors of the run time; whatever else is raised is a defect and is treated as one (DESIGN §7)."""

from contracts.codes import ReasonCode


class BusError(Exception):
    """A failure with a reason from the closed list.

    `detail` is for people: the field or the limit concerned, never a reporter's words or data.
    """

    def __init__(self, reason: ReasonCode, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class Permanent(BusError):
    """This record will never pass: it goes to the dead letters."""


class Temporary(BusError):
    """This may pass later: the turn is tried again after `delay` seconds."""

    def __init__(self, reason: ReasonCode, detail: str = "", delay: float = 1.0) -> None:
        super().__init__(reason, detail)
        self.delay = delay


class Overloaded(BusError):
    """Too much at once: the source is asked to wait; nothing is dropped."""
