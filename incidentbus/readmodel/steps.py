"""What a record was in a report's way, told by codes, times and places: no word of the report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from aiokafka import ConsumerRecord

from contracts.assignment import Assignment
from contracts.codes import Role
from contracts.deadletter import DeadLetter
from contracts.decision import Decision
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased, DirectiveTaken
from contracts.errors import Permanent
from contracts.feedback import Feedback
from contracts.incident import Incident
from contracts.notice import ASSIGNMENT_NOTICE, AssignmentNotice
from contracts.serde import read
from contracts.topics import DLQ_SUFFIX
from incidentbus.readmodel.reading import Position
from incidentbus.telemetry.masking import mask_text


class StepKind(StrEnum):
    """What a record was in the report's way, in the order of the flow."""

    REPORT = "report"
    REKEYED = "rekeyed"
    INCIDENT = "incident"
    DIRECTIVE = "directive"
    DECISION = "decision"
    DIRECTIVE_TAKEN = "directive_taken"
    ASSIGNMENT = "assignment"
    RELEASED = "released"
    NOTICE = "notice"
    FACT = "fact"
    DEAD_LETTER = "dead_letter"
    UNREADABLE = "unreadable"


ORDER: Final = {kind: number for number, kind in enumerate(StepKind)}


@dataclass(frozen=True, slots=True)
class Step:
    """One record of the way. `facts` holds codes and figures only; `decision` the decision where it is one."""

    at: int
    kind: StepKind
    position: Position
    facts: dict[str, Any] = field(default_factory=dict)
    decision: Decision | None = None


def step_of(record: ConsumerRecord) -> Step:
    """Return the step that a record was; one that can't be read is a step too, with the reason."""
    position = Position(record.topic, record.partition, record.offset)
    try:
        kind, facts, decision = _read(record)
    except (Permanent, ValueError) as error:
        why = error.reason.value if isinstance(error, Permanent) else "malformed"
        return Step(record.timestamp, StepKind.UNREADABLE, position, {"reason": why})
    return Step(record.timestamp, kind, position, {name: fact for name, fact in facts.items() if fact}, decision)


Found = tuple[StepKind, dict[str, Any], Decision | None]


def _read(record: ConsumerRecord) -> Found:
    if record.topic.endswith(DLQ_SUFFIX):
        return _dead_letter(record)
    noun = record.topic.split(".")[-2]
    return _TYPED.get(_type(record), _READERS[noun])(record)


def _type(record: ConsumerRecord) -> str:
    return next((raw.decode("ascii", "replace") for name, raw in record.headers if name == "ce_type" and raw), "")


def _report(record: ConsumerRecord) -> Found:
    return (
        StepKind.REPORT,
        {"bytes": len(record.value or b""), "redriven": _header(record, "incidentbus_redriven")},
        None,
    )


def _rekeyed(record: ConsumerRecord) -> Found:
    facts = {"from": _header(record, "incidentbus_origin"), "reinterpret": _header(record, "incidentbus_reinterpret")}
    return StepKind.REKEYED, facts, None


def _header(record: ConsumerRecord, wanted: str) -> str | None:
    return next((raw.decode("utf-8", "replace") for name, raw in record.headers if name == wanted and raw), None)


def _incident(record: ConsumerRecord) -> Found:
    incident = read(Incident, record.value or b"")
    return StepKind.INCIDENT, {
        "kind": incident.kind.value,
        "category": incident.category,
        "classified_by": incident.classified_by.value,
        "jurisdiction": incident.jurisdiction,
        "located_by": incident.located_by.value,
        "urgency": incident.urgency.value,
        "about": list(incident.about),
        "flags": [flag.value for flag in incident.flags],
        "ruleset": incident.understood_by.version,
    }, None  # fmt: skip


def _decision(record: ConsumerRecord) -> Found:
    decision = read(Decision, record.value or b"")
    return StepKind.DECISION, {
        "round": decision.round,
        "outcome": decision.reason.value,
        "route": decision.route,
        "lead": decision.lead,
        "others": [f"{role.agency}:{role.role.value}" for role in decision.roles if role.role is not Role.LEAD],
        "hard_rules": [rule.value for rule in decision.hard_rules],
        "dropped": [f"{each.agency or each.asked}:{each.because.value}" for each in decision.dropped],
        "due": {due.milestone.value: due.at.isoformat() for due in decision.due},
        "ruleset": decision.ruleset.version,
    }, decision  # fmt: skip


def _directive(record: ConsumerRecord) -> Found:
    directive = read(Directive, record.value or b"")
    facts = {"id": directive.id, "kind": directive.kind.value, "by": directive.issued_by, "agency": directive.agency}
    return StepKind.DIRECTIVE, facts, None


def _directive_taken(record: ConsumerRecord) -> Found:
    taken = read(DirectiveTaken, record.value or b"")
    facts = {"id": taken.directive.id, "kind": taken.kind.value, "outcome": taken.outcome.value, "why": taken.because}
    return StepKind.DIRECTIVE_TAKEN, facts, None


def _assignment(record: ConsumerRecord) -> Found:
    given = read(Assignment, record.value or b"")
    facts = {
        "id": given.id, "agency": given.agency, "role": given.role.value, "round": given.round,
        "due": {due.milestone.value: due.at.isoformat() for due in given.due},
    }  # fmt: skip
    return StepKind.ASSIGNMENT, facts, None


def _released(record: ConsumerRecord) -> Found:
    let_go = read(AssignmentReleased, record.value or b"")
    facts = {"id": let_go.assignment, "agency": let_go.agency, "held_at": let_go.held_at.isoformat()}
    return StepKind.RELEASED, {**facts, "directive": let_go.directive}, None


def _notice(record: ConsumerRecord) -> Found:
    notice = read(AssignmentNotice, record.value or b"")
    return StepKind.NOTICE, {
        "notice": notice.notice.value, "agency": notice.agency, "role": notice.role.value, "round": notice.round,
        "milestone": notice.milestone.value if notice.milestone else None,
        "until": notice.until.isoformat() if notice.until else None, "level": notice.level, "by": notice.by,
    }, None  # fmt: skip


def _fact(record: ConsumerRecord) -> Found:
    fact = read(Feedback, record.value or b"")
    return StepKind.FACT, {"fact": fact.fact.value, "agency": fact.agency, "return_reason": fact.return_reason}, None


def _dead_letter(record: ConsumerRecord) -> Found:
    letter = DeadLetter.of(record)
    came = Position(letter.topic, letter.partition, letter.offset)
    facts = {
        "reason": letter.reason.value,
        "stage": letter.stage,
        "detail": mask_text(letter.detail),
        "record": str(came),
    }
    return StepKind.DEAD_LETTER, facts, None


def _outcome(record: ConsumerRecord) -> Found:
    return StepKind.FACT, {"bytes": len(record.value or b"")}, None


_TYPED: Final[dict[str, Callable[[ConsumerRecord], Found]]] = {
    "incidentbus.directive-taken.v1": _directive_taken,
    "incidentbus.assignment-released.v1": _released,
    ASSIGNMENT_NOTICE: _notice,
}
"""What lies beside the records that a topic is named after."""

_READERS: Final[dict[str, Callable[[ConsumerRecord], Found]]] = {
    "reports": _report,
    "rekeyed-reports": _rekeyed,
    "incidents": _incident,
    "decisions": _decision,
    "directives": _directive,
    "assignments": _assignment,
    "feedback": _fact,
    "lifecycle": _fact,
    "outcomes": _outcome,
}
