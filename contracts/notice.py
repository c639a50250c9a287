"""What an agency is told of an assignment that it has: reminded, supervised, granted time, withdrawn.

On the agency's own topic, behind the assignment and in order with it; the header `ce_type` tells the two apart.
"""

from typing import Final

from pydantic import Field

from contracts.codes import DirectiveKind, Milestone, Role
from contracts.moments import Moment
from contracts.report import Code, Wire

ASSIGNMENT_NOTICE: Final = "incidentbus.assignment-notice.v1"


class AssignmentNotice(Wire):
    """One thing said to one agency about one of its assignments, once: its id comes from what brought it about.

    `notice` is the directive's kind: `withdraw` also where a later round gave the case to others. `level` counts how
    far up an escalation went; the supervisor that is told has no assignment of its own, and `assignment` is the lead's.
    """

    id: str = Field(min_length=1, max_length=128)
    incident: str
    notice: DirectiveKind
    agency: Code
    assignment: str
    role: Role
    round: int = Field(ge=1)
    at: Moment
    by: str = Field(min_length=1, max_length=128)
    reason: str = Field(default="", max_length=2_000)
    milestone: Milestone | None = None
    until: Moment | None = None
    late_s: float | None = Field(default=None, ge=0)
    level: int = 0
    exercise: bool = False
