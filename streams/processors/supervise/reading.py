"""What supervise reads, as far as it needs it: quick forms of decisions and of what dispatch writes beside them.

Only the bus itself writes these topics: a record that is none of them is a defect or a mistake, and is refused.
"""

from datetime import datetime
from typing import Final

import msgspec

from contracts.codes import Kind, Milestone, Outcome, ReasonCode, Role, Urgency
from contracts.dispatch_record import AssignmentReleased, DirectiveTaken
from contracts.errors import Permanent
from contracts.feedback import Feedback
from contracts.quick import quick_reader
from contracts.serde import read


class Subject(msgspec.Struct, frozen=True):
    """What the decision was about."""

    channel: str
    external_id: str
    kind: Kind
    category: str
    jurisdiction: str
    received_at: datetime
    exercise: bool = False


class Given(msgspec.Struct, frozen=True):
    """An agency with its part."""

    role: Role
    agency: str


class DueAt(msgspec.Struct, frozen=True):
    """A deadline of the lead's."""

    milestone: Milestone
    at: datetime


class Stamp(msgspec.Struct, frozen=True):
    """Which ruleset decided."""

    hash: str


class Rested(msgspec.Struct, frozen=True):
    """What of the decision's state matters to the case."""

    adjudicated_to: str | None = None


class Decided(msgspec.Struct, frozen=True):
    """A decision, as far as the life of its case needs it."""

    incident: str
    round: int
    now: datetime
    ruleset: Stamp
    state: Rested
    reason: Outcome
    route: str
    lead: str
    roles: tuple[Given, ...]
    urgency: Urgency
    tags: tuple[str, ...]
    due: tuple[DueAt, ...]
    confidential: bool = False
    subject: Subject | None = None
    held: tuple[str, ...] = ()


_decided: Final = msgspec.json.Decoder(Decided).decode
_fact: Final = quick_reader(Feedback)
_taken: Final = quick_reader(DirectiveTaken)


def read_decided(raw: bytes) -> Decided:
    """Return a decision. Raises `Permanent` where it is none."""
    try:
        return _decided(raw)
    except (msgspec.DecodeError, ValueError) as error:
        detail = error.args[0] if isinstance(error, msgspec.ValidationError) else "not JSON"
        raise Permanent(ReasonCode.UNPARSABLE, f"not a decision: {detail}"[:200]) from None


def read_fact(raw: bytes) -> Feedback:
    """Return a fact. Raises `Permanent` as `contracts.serde.read` does."""
    fact = _fact(raw)
    return read(Feedback, raw) if fact is None else fact


def read_taken(raw: bytes) -> DirectiveTaken:
    """Return a directive that dispatch took. Raises `Permanent` as `contracts.serde.read` does."""
    taken = _taken(raw)
    return read(DirectiveTaken, raw) if taken is None else taken


def read_released(raw: bytes) -> AssignmentReleased:
    """Return an assignment that a hold let go. Raises `Permanent` as `contracts.serde.read` does."""
    return read(AssignmentReleased, raw)
