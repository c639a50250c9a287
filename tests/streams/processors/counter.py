"""Dispatch's counter: incidents and directives handed over one by one, and what came of them, without a broker.

What the runtime does is done in small: what was put is kept if nothing was raised, and a directive that dispatch writes
to itself can be handed back to it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, Kind
from contracts.decision import Decision
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased, DirectiveTaken
from contracts.ids import incident_id
from contracts.incident import Incident, incident_bytes
from contracts.notice import AssignmentNotice
from contracts.partition import partition_of_id
from contracts.ports import Emit, Headers
from contracts.report import Report, Reporter
from contracts.serde import read
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate.state import Overlay, merge
from streams.processors.dispatch import CaseState, Dispatch
from streams.rulesets import HeldRuleset

TOPICS = Topics(spine=1, agency=2)
WHEN = datetime(2026, 5, 12, 2, tzinfo=UTC)
PHONE = "13800000001"
_TYPES: dict[bytes, Any] = {
    b"incidentbus.decision.v1": Decision,
    b"incidentbus.directive-taken.v1": DirectiveTaken,
    b"incidentbus.assignment-released.v1": AssignmentReleased,
    b"incidentbus.assignment.v1": Assignment,
    b"incidentbus.assignment-notice.v1": AssignmentNotice,
    b"incidentbus.directive.v1": Directive,
}


@dataclass(frozen=True)
class Record:
    topic: str
    value: bytes
    timestamp: int
    headers: Headers = ()
    partition: int = 0
    offset: int = 0
    key: bytes | None = None


@dataclass
class Counter:
    """One task over one ruleset. `now` is the broker's clock."""

    rulesets: HeldRuleset
    now: datetime = WHEN
    kept: dict[bytes, bytes] = field(default_factory=dict)
    directives: int = 0
    reads: int = 0

    def __post_init__(self) -> None:
        self.dispatch = Dispatch(0, TOPICS, self.rulesets, TurnCounts())

    def hand(self, topic: str, value: bytes, headers: Headers = ()) -> list[Emit]:
        """Hand over one record; what it put is kept."""
        overlay = Overlay(self.kept)
        emits = list(
            self.dispatch.begin_turn()(Record(topic, value, int(self.now.timestamp() * 1000), headers), overlay)
        )
        overlay.keep()
        merge(self.kept, overlay.changes)
        return emits

    def arrives(self, external_id: str = "A1", **changes: Any) -> list[Emit]:
        """Have an incident arrive: noise, which police lead, urban-management helps with, the town is told of."""
        return self.hand(TOPICS.bus("incidents"), incident_bytes(self.incident(external_id, **changes)))

    def incident(self, external_id: str = "A1", **changes: Any) -> Incident:
        report = Report(
            channel="hotline-12345", external_id=external_id, title="占道", text=f"夜里吵，电话{PHONE}",
            kind=Kind.HELP, reporter=Reporter(name="张某某", phone=PHONE), jurisdiction="320813001",
            exercise=changes.pop("exercise", False),
        )  # fmt: skip
        in_force = self.rulesets.current()
        assert in_force is not None
        made = in_force.compiled.interpreter.understand(report, case_of(external_id), WHEN)
        return made.model_copy(update={"category": "noise", **changes})

    def command(self, kind: DirectiveKind, external_id: str | None = "A1", **fields: Any) -> list[Emit]:
        """Have the command centre command something of a case, or of none."""
        self.directives += 1
        made = Directive(
            **{"id": f"dir-{self.directives}", "kind": kind, "issued_at": self.now, "issued_by": "command-centre",
               "incident": None if external_id is None else case_of(external_id), **fields}
        )  # fmt: skip
        return self.hand(TOPICS.bus("directives"), made.model_dump_json().encode())

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def case(self, external_id: str = "A1") -> CaseState:
        return CaseState.read(self.kept[case_of(external_id).encode()])


def case_of(external_id: str) -> str:
    """Return the id of a matter of the hotline's."""
    return incident_id("hotline-12345", external_id)


def told(emits: list[Emit], kind: Any) -> list[Any]:
    """Return the messages of one kind, in order; each lies where it belongs."""
    found = []
    for emit in emits:
        model = _TYPES[dict(emit.headers)["ce_type"] or b""]
        made = read(model, emit.value or b"")
        if model in (Assignment, AssignmentNotice):
            assert emit.topic == TOPICS.agency_assignments(made.agency)
            assert emit.partition == partition_of_id(made.incident, TOPICS.agency)
            assert dict(emit.headers)["ce_id"] == made.id.encode()
        if model is kind:
            found.append(made)
    return found


def outcome(emits: list[Emit]) -> tuple[str, str]:
    """Return what came of the one directive, and why."""
    (one,) = told(emits, DirectiveTaken)
    return one.outcome.value, one.because
