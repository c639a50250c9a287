"""Dispatch (分流交办): an incident in, a decision and its assignments out, each once.

A case's first round is decided when its incident arrives; a directive asks for a later one. What later rounds need, the
incident as it stands and who had it, is the task's state under the incident's id. Every directive is recorded once on
the decisions topic, by id, acted on here or passed on to who follows the case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from contracts.codes import DirectiveKind, Flag, ReasonCode
from contracts.decision import Decision, DecisionState, decision_wire
from contracts.directive import Directive
from contracts.dispatch_record import DirectiveOutcome, DirectiveTaken
from contracts.envelope import EventHeaders, data_of, open_envelope, traceparent_of
from contracts.errors import Permanent, Temporary
from contracts.ids import content_digest, decision_id
from contracts.incident import Incident, read_incident
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Emit, InboundRecord, RecordHandler, State
from contracts.serde import read, write
from contracts.topics import Topics
from routing_rules.engine.correcting import corrected
from routing_rules.engine.decide import decide
from routing_rules.engine.views import Written, written
from streams.counts import TurnCounts
from streams.processors.dispatch.state import CaseState
from streams.rulesets import RulesetInForce, RulesetSource

SOURCE: Final = "incidentbus/dispatch"
_DECISION: Final = b"incidentbus.decision.v1"
_ASSIGNMENT: Final = b"incidentbus.assignment.v1"
_TAKEN: Final = b"incidentbus.directive-taken.v1"
_RESULTS: Final = {
    DirectiveOutcome.DECIDED: "acted",
    DirectiveOutcome.PASSED_ON: "passed",
    DirectiveOutcome.REFUSED: "refused",
}


class _Ask(NamedTuple):
    """What one decision is made from, and what brought it about."""

    incident: Incident
    state: DecisionState
    now: datetime
    cause: str
    traceparent: str | None
    raw: bytes | None = None  # the incident's bytes, where it stands as it came


@dataclass(frozen=True)
class Dispatch:
    """The processor of one dispatch task."""

    task: int
    topics: Topics
    rulesets: RulesetSource
    counts: TurnCounts

    def begin_turn(self) -> RecordHandler:
        """Return this turn's handler, which holds the ruleset and the modes that are in force now."""
        in_force = self.rulesets.current()
        if in_force is None:
            raise Temporary(ReasonCode.NO_RULESET, "no ruleset is in force yet", delay=0.5)
        self.counts.begin()
        directives = self.topics.bus("directives")

        def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
            if record.topic == directives:
                return self._directive(record, state, in_force)
            return self._incident(record, state, in_force)

        return handle

    def _incident(self, record: InboundRecord, state: State, in_force: RulesetInForce) -> Sequence[Emit]:
        raw = _data(record)
        incident = read_incident(raw)
        if partition_of_id(incident.id, self.topics.spine) != self.task:
            raise Permanent(ReasonCode.INVALID_VALUE, "an incident came on another partition than its id's")
        known = state.get(incident.id.encode())
        if known is not None:
            return self._known_again(record, state, read(Incident, raw), CaseState.read(known), in_force)
        now = instant_of(record.timestamp)
        first = DecisionState(reporters=incident.reporters, reports=incident.reports, modes=in_force.modes)
        ask = _Ask(incident, first, now, incident.id, traceparent_of(record.headers), raw)
        return self._decided(ask, state, in_force)[1]

    def _known_again(
        self, record: InboundRecord, state: State, incident: Incident, case: CaseState, in_force: RulesetInForce
    ) -> Sequence[Emit]:
        if Flag.REINTERPRETED not in incident.flags:
            return ()
        cause = str(open_envelope(record.headers, record.value).attributes.get("id", incident.id))
        ask = _Ask(incident, case.next_round(in_force.modes), instant_of(record.timestamp), cause, None)
        return self._decided(ask, state, in_force)[1]

    def _decided(self, ask: _Ask, state: State, in_force: RulesetInForce) -> tuple[str, list[Emit]]:
        incident = ask.incident
        decision = decide(incident, ask.state, in_force.compiled, ask.now)
        id_ = decision_id(incident.id, decision.round, ask.cause)
        given = written(decision, id_, incident, in_force.compiled)
        key = incident.id.encode()
        state.put(key, CaseState.after(decision, incident).write(ask.raw))
        self._count(decision, given, _label(incident, in_force), incident)
        headers = EventHeaders(source=SOURCE, time=ask.now, subject=incident.id, traceparent=ask.traceparent)
        decided = write(decision_wire(decision))
        topics, partition = self.topics, partition_of_id(incident.id, self.topics.agency)
        emits = [Emit(topics.bus("decisions"), self.task, key, decided, headers.of(id_, _DECISION))]
        for each in given:
            topic = topics.agency_assignments(each.agency)
            emits.append(Emit(topic, partition, key, each.value, headers.of(each.id, _ASSIGNMENT)))
        return id_, emits

    def _count(self, decision: Decision, given: Sequence[Written], channel: str, incident: Incident) -> None:
        counts, tally = self.counts, self.counts.tally
        counts.decided[channel, decision.reason, decision.route] += 1
        for assignment in given:
            counts.given[assignment.agency, assignment.role] += 1
        for dropped in decision.dropped:
            tally.count("incidentbus_assignments_dropped_total", because=dropped.because.value)
        for rule in decision.hard_rules:
            tally.count("incidentbus_hard_rules_total", rule=rule.value)
        for trial in decision.trial:
            agrees = "yes" if trial.would_lead == decision.lead else "no"
            tally.count("incidentbus_trial_decisions_total", rule=trial.rule, agrees=agrees)
        for rule_id in decision.expr_errors:
            tally.count("incidentbus_expression_errors_total", rule=rule_id)
        if decision.round == 1:
            counts.journeys.append((channel, incident.received_at.timestamp()))

    def _directive(self, record: InboundRecord, state: State, in_force: RulesetInForce) -> Sequence[Emit]:
        directive = read(Directive, _data(record))
        seen = content_digest("directive", directive.id)[:16]
        if state.get(seen) is not None:
            self._count_directive(directive, "repeated")
            return ()
        state.put(seen, b"1")
        outcome, because, decision, emits = self._acted_on(directive, state, in_force, record)
        self._count_directive(directive, _RESULTS[outcome])
        taken = DirectiveTaken(
            directive=directive, kind=directive.kind, outcome=outcome, because=because, decision=decision,
            taken_at=instant_of(record.timestamp),
        )  # fmt: skip
        headers = EventHeaders(
            source=SOURCE, time=taken.taken_at, subject=directive.incident, traceparent=traceparent_of(record.headers)
        )
        key = (directive.incident or directive.id).encode()
        value = taken.model_dump_json(exclude_none=True).encode()
        return [Emit(self.topics.bus("decisions"), self.task, key, value, headers.of(directive.id, _TAKEN)), *emits]

    def _count_directive(self, directive: Directive, result: str) -> None:
        self.counts.tally.count("incidentbus_directives_total", kind=directive.kind.value, result=result)

    def _acted_on(
        self, directive: Directive, state: State, in_force: RulesetInForce, record: InboundRecord
    ) -> tuple[DirectiveOutcome, str, str | None, list[Emit]]:
        anew = _ANEW.get(directive.kind)
        if anew is None:
            return DirectiveOutcome.PASSED_ON, "", None, []
        known = state.get((directive.incident or "").encode()) if directive.incident else None
        if known is None:
            raise Permanent(ReasonCode.UNKNOWN_INCIDENT, "a directive for an incident that was never decided here")
        case = CaseState.read(known)
        refusal = anew(directive, case, in_force)
        if refusal:
            return DirectiveOutcome.REFUSED, refusal, None, []
        ask = _Ask(
            corrected(case.incident, directive.correction),
            case.next_round(in_force.modes, directive),
            directive.issued_at.astimezone(UTC),
            directive.id,
            traceparent_of(record.headers),
        )
        id_, emits = self._decided(ask, state, in_force)
        return DirectiveOutcome.DECIDED, "", id_, emits


def _label(incident: Incident, in_force: RulesetInForce) -> str:
    """Return the channel as a label of a metric: from the ruleset's closed list, whatever the record says."""
    channel = incident.report.channel
    return channel if channel in in_force.compiled.ruleset.channels else "other"


def _redispatch(directive: Directive, case: CaseState, in_force: RulesetInForce) -> str:
    """Return why this case can't be decided anew, or nothing. Adjudication is final (G33)."""
    if case.adjudicated_to is not None:
        return "the case was adjudicated: its lead stands"
    if directive.returned_by is not None and directive.returned_by != case.lead:
        return "only the lead's return has the case decided anew"
    return ""


def _adjudicate(directive: Directive, case: CaseState, in_force: RulesetInForce) -> str:
    if directive.agency is None or directive.agency not in in_force.compiled.ruleset.agencies:
        return "no such agency in the ruleset in force"
    return ""


_ANEW: Final[dict[DirectiveKind, Callable[[Directive, CaseState, RulesetInForce], str]]] = {
    DirectiveKind.REDISPATCH: _redispatch,
    DirectiveKind.ADJUDICATE: _adjudicate,
}


def _data(record: InboundRecord) -> bytes:
    data = data_of(record.headers, record.value)
    if not data:
        raise Permanent(ReasonCode.EMPTY_PAYLOAD, "the record has no value")
    return data
