"""Directive (指令): a command to the bus from an operator, from supervise or, as advice, from an observer.

Whoever issues it derives its id from content (`contracts.ids.directive_id`); a stage makes it happen at most once.
"""

from pydantic import Field

from contracts.codes import DirectiveKind, Kind, Milestone, ReturnReason, Urgency
from contracts.incident import MOST_REPORTERS
from contracts.moments import Moment
from contracts.report import Code, Point, Wire


class Correction(Wire):
    """What an operator changed on the incident before it is decided anew. Absent: left as it was."""

    kind: Kind | None = None
    category: Code | None = None
    jurisdiction: Code | None = None
    point: Point | None = None
    urgency: Urgency | None = None
    about: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None


class Directive(Wire):
    """One command. `incident` is None where it concerns an agency or a rule (hold, release)."""

    id: str = Field(min_length=1, max_length=128)
    kind: DirectiveKind
    issued_at: Moment
    issued_by: str = Field(min_length=1, max_length=128)  # an office or a service, never a person's name
    incident: str | None = None
    reason: str = Field(default="", max_length=2_000)
    agency: Code | None = None  # adjudicate: who leads; hold, release: whom it concerns; else whom it is said to
    rule: Code | None = None
    returned_by: Code | None = None
    return_reason: ReturnReason | None = None
    correction: Correction | None = None
    reporters: int | None = Field(default=None, ge=1, le=MOST_REPORTERS)
    reports: int | None = Field(default=None, ge=1, le=MOST_REPORTERS)
    until: Moment | None = None
    into: str | None = None  # merge: the incident that takes this one in
    whose: Code | None = None  # escalate: whose deadline has passed; the lead's where it isn't said
    milestone: Milestone | None = None  # remind, supervise, escalate, extensions: of which deadline
    step: int | None = Field(default=None, ge=0, le=1_000)  # which step of the ladder; None where a person asks
    late_s: float | None = Field(default=None, ge=0)  # how late a step was taken, in seconds
    raw: tuple[str, ...] = ()  # reinterpret: `topic/partition/offset` of the reports concerned
