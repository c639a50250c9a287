"""From records to rows: pure. A record that can't be read is counted and passed over; its place is remembered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from contracts.case import Case, Part, next_due, read_case
from contracts.codes import ENDED, Milestone, PartStatus, Role
from contracts.decision import Decision
from contracts.dispatch_record import DirectiveTaken
from contracts.errors import Permanent
from contracts.lifecycle import LifecycleFact
from contracts.ports import InboundRecord
from contracts.serde import read

Row = dict[str, Any]
NOUNS: Final = ("cases", "decisions", "lifecycle")
_TAKEN: Final = "incidentbus.directive-taken.v1"
_RELEASED: Final = "incidentbus.assignment-released.v1"
_WORKING: Final = frozenset({PartStatus.ASSIGNED, PartStatus.ACKNOWLEDGED, PartStatus.IN_PROGRESS})


@dataclass(slots=True)
class Batch:
    """The rows of some records. `gone`: cases whose last word is that they are no more."""

    cases: dict[str, Row] = field(default_factory=dict)
    numbers: dict[str, list[Row]] = field(default_factory=dict)
    parts: dict[str, list[Row]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    decisions: list[Row] = field(default_factory=list)
    directives: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    unreadable: int = 0

    @property
    def changed(self) -> list[str]:
        """Return the cases of which something is said here."""
        return [*self.cases, *self.gone]


def batch_of(records: Iterable[InboundRecord]) -> Batch:
    """Return the rows of records, each partition's in its order."""
    batch = Batch()
    for record in records:
        try:
            _take(batch, record)
        except (Permanent, UnicodeDecodeError):
            batch.unreadable += 1
    return batch


def _take(batch: Batch, record: InboundRecord) -> None:
    noun, value = record.topic.split(".")[-2], record.value
    if noun == "cases":
        _take_case(batch, record)
    elif value is None:
        batch.unreadable += 1
    elif noun == "lifecycle":
        batch.facts.append(_place(record) | fact_row(read(LifecycleFact, value)))
    elif (kind := _header(record, "ce_type")) == _TAKEN:
        batch.directives.append(_place(record) | directive_row(read(DirectiveTaken, value)))
    elif kind != _RELEASED:
        batch.decisions.append(_place(record) | decision_row(read(Decision, value), _header(record, "ce_id"), value))


def _take_case(batch: Batch, record: InboundRecord) -> None:
    incident = (record.key or b"").decode()
    if record.value is None:
        batch.cases.pop(incident, None)
        batch.numbers.pop(incident, None)
        batch.parts.pop(incident, None)
        batch.gone.add(incident)
        return
    case = read_case(record.value)
    batch.gone.discard(incident)
    batch.cases[incident] = _place(record) | case_row(incident, case)
    batch.numbers[incident] = [
        {"incident": incident, "system": system, "number": number} for system, number in sorted(case.numbers.items())
    ]
    batch.parts[incident] = [part_row(incident, place, part) for place, part in enumerate(case.parts)]


def _header(record: InboundRecord, wanted: str) -> str:
    return next((raw.decode() for name, raw in record.headers if name == wanted and raw), "")


def _place(record: InboundRecord) -> Row:
    return {"kafka_partition": record.partition, "kafka_offset": record.offset}


def _ms(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.timestamp() * 1000)


def next_deadline(case: Case) -> tuple[int, str]:
    """Return the first deadline that somebody still has to meet, and which milestone's; (0, "") where there is none.

    A deadline that has passed stays until it is met: that is what being overdue means.
    """
    open_ = [due for part in case.parts for due in _deadlines(part)] if case.status not in ENDED else []
    return min(open_, default=(0, ""))


def _deadlines(part: Part) -> list[tuple[int, str]]:
    if part.status not in _WORKING or part.role is Role.INFORMED:
        return []
    every = (
        (part.acknowledge_by, part.acknowledged_at, Milestone.ACKNOWLEDGE),
        (part.respond_by, part.responded_at, Milestone.RESPOND),
        (part.resolve_by, part.done_at, Milestone.RESOLVE),
    )
    return [(by, milestone.value) for by, reached, milestone in every if by and not reached]


_PLAIN: Final = (
    "channel", "external_id", "category", "jurisdiction", "round", "lead", "route", "ruleset", "received_at",
    "opened_at", "first_dispatched_at", "changed_at", "ended_at", "returns", "reopened", "reviews", "extensions",
    "reminders", "level", "final", "plan_until", "confidential", "exercise",
)  # fmt: skip


def case_row(incident: str, case: Case) -> Row:
    """Return a case as a row, without its parts and numbers."""
    due_at, milestone = next_deadline(case)
    return {name: getattr(case, name) for name in _PLAIN} | {
        "incident": incident, "status": case.status.value, "open": case.status not in ENDED, "kind": case.kind.value,
        "urgency": case.urgency.value, "tags": " ".join(case.tags), "reason": case.reason.value,
        "next_at": next_due(case), "due_at": due_at, "due_milestone": milestone,
        "overdue": " ".join(each.value for each in case.overdue),
        "satisfaction": case.satisfaction.value if case.satisfaction else "", "merged_into": case.into,
    }  # fmt: skip


def part_row(incident: str, place: int, part: Part) -> Row:
    """Return one agency's part as a row."""
    told = {name: getattr(part, name) for name in part.__struct_fields__}
    return told | {"incident": incident, "place": place, "role": part.role.value, "status": part.status.value}


def decision_row(decision: Decision, id_: str, wire: bytes) -> Row:
    """Return a decision as a row; the whole of it goes along as it came."""
    return {
        "id": id_, "incident": decision.incident, "round": decision.round, "route": decision.route,
        "ruleset": decision.ruleset.hash, "version": decision.ruleset.version, "lead": decision.lead,
        "reason": decision.reason.value, "decided_at": _ms(decision.now), "wire": wire.decode(),
    }  # fmt: skip


def directive_row(taken: DirectiveTaken) -> Row:
    """Return a directive, with what came of it, as a row."""
    said = taken.directive
    return {
        "id": said.id, "incident": said.incident or "", "kind": taken.kind.value, "outcome": taken.outcome.value,
        "because": taken.because, "issued_by": said.issued_by, "why": said.reason, "agency": said.agency or "",
        "rule": said.rule or "", "until": _ms(said.until), "issued_at": _ms(said.issued_at),
        "taken_at": _ms(taken.taken_at),
    }  # fmt: skip


_OPTIONAL: Final = ("agency", "role", "milestone", "reason", "satisfaction", "notice", "system", "number", "by")


def fact_row(fact: LifecycleFact) -> Row:
    """Return a fact as a row."""
    told: Mapping[str, Any] = vars(fact)
    return {name: str(told[name]) if told[name] is not None else "" for name in _OPTIONAL} | {
        "id": fact.id, "incident": fact.incident, "fact": fact.fact.value, "at": _ms(fact.at),
        "status": fact.status.value, "round": fact.round, "lead": fact.lead, "cause": fact.cause, "step": fact.step,
        "late_ms": None if fact.late_s is None else round(fact.late_s * 1000), "until": _ms(fact.until),
        "exercise": fact.exercise,
    }  # fmt: skip
