"""Assignment (交办件): what one agency is given, in one round and one role. Agencies take these from their topic."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts.codes import Kind, Milestone, Role, Urgency
from contracts.report import Point, Reporter


@dataclass(frozen=True)
class AssignmentDue:
    """A deadline of this assignment."""

    milestone: Milestone
    at: datetime
    span: str


@dataclass(frozen=True)
class Ground:
    """The rule that gave the assignment: id, title and legal basis, for the agency to read."""

    rule: str
    title: str
    basis: str | None = None
    outcome: str = "matched"


@dataclass(frozen=True)
class Assignment:
    """One agency's part in one incident.

    Its id depends on (incident, agency, round, role) alone: who remembers ids knows a second delivery by it.
    `reporter`, `address` and `point` are the lead's alone; `text` is masked for co-handlers and None for the informed
    and wherever the matter is confidential (RULE-LANGUAGE G35).
    """

    id: str
    incident: str
    decision: str
    round: int
    role: Role
    agency: str
    channel: str
    external_id: str
    kind: Kind
    category: str
    jurisdiction: str
    urgency: Urgency
    title: str
    ground: Ground
    lead: str
    decided_at: datetime
    received_at: datetime
    text: str | None = None
    address: str | None = None
    point: Point | None = None
    reporter: Reporter | None = None
    tags: tuple[str, ...] = ()
    due: tuple[AssignmentDue, ...] = ()
    confidential: bool = False
    exercise: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
