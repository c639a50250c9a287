"""Decision (判定): where an incident goes and on what ground. It is its own trace (RULE-LANGUAGE §10).

Lean on purpose: plain frozen dataclasses that orjson writes as they stand, validated by pydantic where they come in
(`contracts.serde.read`). A frozen model costs 12-38 µs to build, a dataclass 1-2 (DESIGN D5). Without slots on purpose
too: orjson writes a `__dict__` as it lies, four times as fast as slots (0.6 µs and 2.3 for three grounds; ADR 0070).
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from contracts.codes import DroppedBecause, HardRule, Kind, Milestone, Mode, Outcome, Resolved, Role, Urgency
from contracts.evidence import Evidence
from contracts.lean import lean
from contracts.moments import Moment


@lean
class RulesetStamp:
    """Which ruleset decided: version for people, hash for machines."""

    id: str
    version: str
    hash: str


@lean
class ModeRecord:
    """A declared emergency, as it stood when the decision was made (G49)."""

    mode: Mode
    jurisdiction: str | None = None
    area: str | None = None
    response: tuple[str, ...] = ()
    response_level: int | None = None
    from_: Annotated[Moment | None, Field(validation_alias="from")] = None
    until: Moment | None = None
    set_by: str = ""
    reason: str = ""

    def stands_at(self, now: datetime) -> bool:
        """Whether an emergency holds by this record: from `from` on, until before `until`."""
        begun = self.from_ is None or self.from_ <= now
        return self.mode is Mode.EMERGENCY and begun and (self.until is None or now < self.until)


@lean
class DecisionState:
    """What a decision rests on besides the incident and the ruleset: all that a recomputation needs."""

    round: int = 1
    first_dispatched_at: datetime | None = None  # None in round 1: it is `now`
    returned_by: tuple[str, ...] = ()
    adjudicated_to: str | None = None
    reporters: int = 1
    reports: int = 1
    modes: tuple[ModeRecord, ...] = ()


@lean
class AssignedRole:
    """An agency with its part, what the rule asked for, which rule, and how that became this agency."""

    role: Role
    agency: str
    asked: str  # an agency code, `function` or `function/tier`, `first_receiver`
    resolved: Resolved
    rule: str


@lean
class Dropped:
    """An agency or role asked for and not given anything, and why. `agency` is None where a role found none."""

    agency: str | None
    role: Role
    because: DroppedBecause
    asked: str
    rule: str


@lean
class Due:
    """One deadline: the milestone, the instant, the span it was written as, and who set it."""

    milestone: Milestone
    at: datetime
    span: str
    from_: Annotated[
        str, Field(validation_alias="from")
    ]  # default | by_kind:K | rule:ID | rule_by_kind:ID | by_urgency:U | overlay:ID
    fixed: bool = False


@lean
class Trial:
    """A rule on trial that would have decided: judged, counted, without effect."""

    rule: str
    would_lead: str | None


@lean
class ConditionEvidence:
    """One condition of the winning rule's block, and what satisfied it: codes and rule words, never the text."""

    field: str
    value: str


@lean
class DecisionEvidence:
    """What the decision leaned on: what intake inferred, and what satisfied the route's block."""

    category: tuple[Evidence, ...] = ()
    place: tuple[Evidence, ...] = ()
    about: tuple[Evidence, ...] = ()
    conditions: tuple[ConditionEvidence, ...] = ()


@lean
class Subject:
    """What the decision was about, as far as whoever follows the case needs it: no word of the reporter's."""

    channel: str
    external_id: str
    kind: Kind
    category: str
    jurisdiction: str
    received_at: datetime
    exercise: bool = False


@lean
class Decision:
    """Where an incident goes: who leads, helps, is informed; by when; and on what ground.

    `route_block` is the index of the `when` block that held. `calendar_gap` names years without a calendar. On the wire
    dispatch adds `subject`, and `held`: the agencies whose assignments wait for a release.
    """

    incident: str
    round: int
    now: datetime
    ruleset: RulesetStamp
    state: DecisionState
    mode: Mode
    responses: tuple[str, ...]
    reason: Outcome
    route: str
    lead: str
    overlays: tuple[str, ...] = ()
    trial: tuple[Trial, ...] = ()
    roles: tuple[AssignedRole, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    hard_rules: tuple[HardRule, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    tags: tuple[str, ...] = ()
    confidential: bool = False
    due: tuple[Due, ...] = ()
    route_block: int | None = None
    evidence: DecisionEvidence = DecisionEvidence()
    expr_errors: tuple[str, ...] = ()
    calendar_gap: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    subject: Subject | None = None
    held: tuple[str, ...] = ()


def mode_wire(record: ModeRecord) -> dict[str, Any]:
    """Return a mode record as it goes on the wire, where its start is called `from`."""
    wire = {**vars(record), "from": record.from_}
    del wire["from_"]
    return wire


def decision_wire(decision: Decision) -> dict[str, Any]:
    """Return a decision as it goes on the wire: orjson writes the rest as it stands."""
    wire = dict(vars(decision))
    wire["due"] = [
        {"milestone": due.milestone, "at": due.at, "span": due.span, "from": due.from_, "fixed": due.fixed}
        for due in decision.due
    ]
    for later in ("subject", "held"):  # dispatch adds them; a decision says nothing of what it has not
        if not wire[later]:
            del wire[later]
    if decision.state.modes:
        wire["state"] = vars(decision.state) | {"modes": [mode_wire(record) for record in decision.state.modes]}
    return wire
