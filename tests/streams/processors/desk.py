"""One case at its desk: decisions, facts and commands handed to supervise, and time passed, without a broker.

What the runtime does is done here in small: what is put is kept if nothing was raised, and timers are fired in order.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from contracts.case import Case, due_of, read_case
from contracts.codes import DirectiveKind, FactKind, Kind, Milestone, Mode, Outcome, Resolved, Role, Urgency
from contracts.decision import AssignedRole, Decision, DecisionState, Due, RulesetStamp, Subject, decision_wire
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased, DirectiveOutcome, DirectiveTaken
from contracts.feedback import Feedback
from contracts.ids import assignment_id, content_digest, incident_id
from contracts.lifecycle import LifecycleFact
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Emit
from contracts.serde import read, write
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.processors.supervise import Supervise
from streams.rulesets import RulesetSource

TOPICS = Topics(spine=4)
NEW_YEAR = datetime(2026, 5, 12, 1, tzinfo=UTC)  # Tuesday 09:00 in Shanghai


@dataclass
class Kept:
    """A state that keeps what is put, as the runtime does after a commit."""

    values: dict[bytes, bytes] = field(default_factory=dict)

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        self.values[key] = value

    def delete(self, key: bytes) -> None:
        self.values.pop(key, None)


@dataclass(frozen=True)
class Record:
    topic: str
    value: bytes
    timestamp: int
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = 0
    offset: int = 0
    key: bytes | None = None


@dataclass
class Desk:
    """Drives one case. `now` moves with `wait`; everything told bears it as the broker's stamp."""

    rulesets: RulesetSource
    channel: str = "hotline-12345"
    external_id: str = "A1"
    now: datetime = NEW_YEAR
    state: Kept = field(default_factory=Kept)
    emits: list[Emit] = field(default_factory=list)
    told: int = 0

    def __post_init__(self) -> None:
        self.incident = incident_id(self.channel, self.external_id)
        self.key = self.incident.encode()
        self.task = partition_of_id(self.incident, TOPICS.spine)
        self.supervise = Supervise(self.task, TOPICS, self.rulesets, {}, TurnCounts())

    # what is told

    def decide(
        self,
        lead: str = "police",
        *others: tuple[str, Role],
        round_: int = 1,
        days: float = 5,
        reason: Outcome = Outcome.MATCHED,
        adjudicated: bool = False,
        **more: Any,
    ) -> list[Emit]:
        """Have the case decided: due in 4 hours, 1 day and so many days."""
        roles = tuple(
            AssignedRole(role, agency, agency, Resolved.NAMED, "rule") for agency, role in ((lead, Role.LEAD), *others)
        )
        due = tuple(
            Due(milestone, self.now + timedelta(days=after), "span", "default")
            for milestone, after in ((Milestone.ACKNOWLEDGE, 1 / 6), (Milestone.RESPOND, 1), (Milestone.RESOLVE, days))
        )
        subject = Subject(self.channel, self.external_id, Kind.COMPLAINT, "noise", "320813001", self.now)
        state = DecisionState(round=round_, adjudicated_to=lead if adjudicated else None)
        decision = Decision(
            self.incident, round_, self.now, RulesetStamp("small", "1", "0" * 64), state, Mode.ROUTINE, (), reason,
            "noise", lead, roles=roles, urgency=Urgency.NORMAL, due=due, subject=subject, **more,
        )  # fmt: skip
        id_ = f"dec-{round_}-{self.told}".encode()
        value = write(decision_wire(decision))
        return self.hand(Record(TOPICS.bus("decisions"), value, self.ms, self._typed("decision", id_)))

    def tell(self, agency: str | None, fact: FactKind, **more: Any) -> list[Emit]:
        """Have an agency (or the bus) tell a fact."""
        self.told += 1
        id_, received = more.pop("id", f"fct-{self.told}"), more.pop("received", None)
        made = Feedback(id=id_, incident=self.incident, fact=fact, at=self.now, agency=agency, **more)
        value = made.model_dump_json(exclude_none=True).encode()
        headers = () if received is None else (("incidentbus_received", str(received).encode()),)
        return self.hand(Record(TOPICS.bus("feedback"), value, self.ms, headers, offset=self.told))

    def command(
        self, kind: DirectiveKind, outcome: DirectiveOutcome = DirectiveOutcome.PASSED_ON, **more: Any
    ) -> list[Emit]:
        """Have the command centre command something."""
        self.told += 1
        directive = Directive(
            **{"id": f"dir-{self.told}", "kind": kind, "issued_at": self.now, "issued_by": "command-centre",
               "incident": self.incident, **more}
        )  # fmt: skip
        taken = DirectiveTaken(directive=directive, kind=kind, outcome=outcome, taken_at=self.now)
        value = taken.model_dump_json(exclude_none=True).encode()
        headers = self._typed("directive-taken", directive.id.encode())
        return self.hand(Record(TOPICS.bus("decisions"), value, self.ms, headers))

    def release(self, agency: str, round_: int = 1) -> list[Emit]:
        """Have a held assignment go out."""
        assignment = assignment_id(self.incident, agency, round_, Role.LEAD)
        made = AssignmentReleased(
            directive="dir-release", incident=self.incident, assignment=assignment, agency=agency,
            held_at=self.now, released_at=self.now,
        )  # fmt: skip
        headers = self._typed("assignment-released", b"rel-1")
        return self.hand(Record(TOPICS.bus("decisions"), made.model_dump_json().encode(), self.ms, headers))

    def hand(self, record: Record) -> list[Emit]:
        """Hand over one record."""
        got = list(self.supervise.begin_turn()(record, self.state))
        self.emits += got
        return got

    def wait(self, **span: float) -> list[Emit]:
        """Let time pass; what falls due on the way happens when it falls due."""
        until, got = self.now + timedelta(**span), []
        self.supervise.begin_turn()
        while (due := self.due()) is not None and due <= until:
            self.now = max(self.now, due)
            got += self.fire()
        self.now = until
        self.emits += got
        return got

    def sleep(self, **span: float) -> None:
        """Let time pass with every worker down."""
        self.now += timedelta(**span)

    def fire(self) -> list[Emit]:
        """Fire what is due first, now."""
        due = due_of(self.state.values[self.key])
        assert due is not None
        return list(self.supervise.on_timer(self.key, due, self.ms, self.state))

    # what is seen

    @property
    def ms(self) -> int:
        return round(self.now.timestamp() * 1000)

    @property
    def case(self) -> Case:
        return read_case(self.state.values[self.key])

    def due(self) -> datetime | None:
        """Return when something of the case falls due next."""
        value = self.state.values.get(self.key)
        due = None if value is None else due_of(value)
        return None if due is None else instant_of(due)

    def facts(self, emits: list[Emit] | None = None) -> list[LifecycleFact]:
        """Return the facts on the lifecycle, of all that was emitted or of these."""
        topic = TOPICS.bus("lifecycle")
        return [
            read(LifecycleFact, e.value or b"") for e in (self.emits if emits is None else emits) if e.topic == topic
        ]

    def kinds(self, emits: list[Emit] | None = None) -> list[FactKind]:
        return [fact.fact for fact in self.facts(emits)]

    def directives(self, emits: list[Emit] | None = None) -> list[Directive]:
        topic = TOPICS.bus("directives")
        return [read(Directive, e.value or b"") for e in (self.emits if emits is None else emits) if e.topic == topic]

    def outcomes(self) -> list[str]:
        topic = TOPICS.channel_outcomes(self.channel)
        return [orjson.loads(e.value or b"")["fact"] for e in self.emits if e.topic == topic]

    def letters(self, emits: list[Emit] | None = None) -> list[tuple[str, str]]:
        """Return topic and reason of the dead letters."""
        found = [e for e in (self.emits if emits is None else emits) if e.topic.endswith(".dlq")]
        return [(e.topic, (dict(e.headers)["dlq_reason"] or b"").decode()) for e in found]

    def _typed(self, noun: str, id_: bytes) -> tuple[tuple[str, bytes], ...]:
        self.told += 1
        return (
            ("ce_specversion", b"1.0"), ("ce_id", id_), ("ce_source", b"incidentbus/dispatch"),
            ("ce_type", f"incidentbus.{noun}.v1".encode()), ("content-type", b"application/json"),
        )  # fmt: skip


__all__ = ["NEW_YEAR", "TOPICS", "Desk", "content_digest"]
