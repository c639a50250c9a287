"""What happened to a case, in order, on `bus.lifecycle.v1`: facts with where they left it. No word of a person's."""

from datetime import datetime

from contracts.codes import CaseStatus, FactKind, Milestone, Notice, Role, Satisfaction
from contracts.lean import lean
from contracts.serde import write


@lean
class LifecycleFact:
    """One fact as the case took it, once. `status`, `round` and `lead` are the case's after it.

    `cause` is the id of the feedback, directive or decision that brought it, or `timer:<round>:…`: a ladder's step, or
    what the case itself had due. `late_s`: how many seconds after it fell due a step was taken. `reason` is a word of
    a closed list.
    """

    id: str
    incident: str
    fact: FactKind
    at: datetime
    status: CaseStatus
    round: int
    lead: str
    cause: str
    agency: str | None = None
    role: Role | None = None
    assignment: str | None = None
    milestone: Milestone | None = None
    step: int | None = None
    late_s: float | None = None
    until: datetime | None = None
    reason: str | None = None
    satisfaction: Satisfaction | None = None
    notice: Notice | None = None
    system: str | None = None
    number: str | None = None
    by: str | None = None
    exercise: bool = False


def lifecycle_bytes(fact: LifecycleFact) -> bytes:
    """Return a fact as it goes on the wire: what it does not say is left out."""
    return write({name: value for name, value in vars(fact).items() if value is not None and value is not False})
