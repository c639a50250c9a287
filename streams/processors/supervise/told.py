"""What reaches a case, whoever tells it, in one shape; and what a case asks of others in return."""

from typing import NamedTuple

from contracts.codes import DirectiveKind, FactKind, Milestone, Notice, ReturnReason, Satisfaction
from streams.lifecycle import Who


class Told(NamedTuple):
    """One thing told of a case. Times are milliseconds since the epoch.

    `at` is the broker's stamp, of a timer the moment at which it was judged: no agency sets a clock of ours. `cause`
    is the id of what brought it; `agency` whose part it concerns, empty for the lead's.
    """

    fact: FactKind
    who: Who
    at: int
    cause: str
    agency: str = ""
    milestone: Milestone | None = None
    step: int | None = None
    late_ms: int | None = None
    until: int = 0
    return_reason: ReturnReason | None = None
    satisfaction: Satisfaction | None = None
    notice: Notice | None = None
    system: str = ""
    number: str = ""
    into: str = ""
    by: str = ""


class Order(NamedTuple):
    """A directive that the case's life calls for; its id follows from kind, incident and `cause`."""

    kind: DirectiveKind
    cause: str
    agency: str = ""
    whose: str = ""
    milestone: Milestone | None = None
    step: int | None = None
    late_ms: int | None = None
    until: int = 0
    returned_by: str = ""
    return_reason: ReturnReason | None = None
    reason: str = ""
