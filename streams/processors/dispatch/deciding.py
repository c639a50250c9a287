"""Deciding: one decision with its assignments, for a first round, a later one, or as an amendment of the same round.

An assignment that falls under a hold is kept back here, and the decision says so. Whoever had a part in the round
before and has none in the new one is told that it is withdrawn, once; who has a new one is told by that, and a lead
that handed the case back knows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from contracts.codes import DirectiveKind, Milestone, Role
from contracts.decision import Decision, DecisionState, decision_wire
from contracts.envelope import EventHeaders
from contracts.ids import decision_id
from contracts.incident import Incident, incident_bytes
from contracts.partition import partition_of_id
from contracts.ports import Emit, State
from contracts.serde import write
from contracts.topics import Topics
from routing_rules.engine.decide import amend, decide
from routing_rules.engine.views import Written, written
from streams.counts import TurnCounts
from streams.processors.dispatch.holding import STANDING, Holding
from streams.processors.dispatch.notices import Addressee, Notices, Said
from streams.processors.dispatch.shadowing import Shadowing
from streams.processors.dispatch.state import CaseState, kept_after
from streams.rulesets import RulesetInForce

SOURCE: Final = "incidentbus/dispatch"
_DECISION: Final = b"incidentbus.decision.v1"
_ASSIGNMENT: Final = b"incidentbus.assignment.v1"


class Ask(NamedTuple):
    """What one decision is made from, and what brought it about. `at_ms` is the broker's stamp on that."""

    incident: Incident
    state: DecisionState
    now: datetime
    cause: str
    traceparent: str | None
    at_ms: int
    raw: bytes | None = None  # the incident's bytes, where it stands as it came


class Deciding:
    """Makes the decisions of one dispatch task."""

    def __init__(self, task: int, topics: Topics, counts: TurnCounts, holding: Holding, notices: Notices) -> None:
        self._task = task
        self._topics = topics
        self._counts = counts
        self._holding = holding
        self._notices = notices
        self._shadowing = Shadowing(task, topics, counts, SOURCE)

    def decided(self, ask: Ask, state: State, in_force: RulesetInForce) -> tuple[Decision, str, list[Emit]]:
        """Decide a new round; return the decision, its id, and the records: itself first, then its assignments."""
        incident = ask.incident
        decision = decide(incident, ask.state, in_force.compiled, ask.now)
        id_ = decision_id(incident.id, decision.round, ask.cause)
        given = written(decision, id_, incident, in_force.compiled)
        state.put(incident.id.encode(), kept_after(decision, ask.raw or incident_bytes(incident)))
        emits = self._emits(ask, decision, id_, given, state, in_force)
        return decision, id_, self._beside(emits, ask, decision, id_, in_force)

    def again(
        self, ask: Ask, before: CaseState, said: Said, returned_by: str | None, state: State, in_force: RulesetInForce
    ) -> tuple[str, list[Emit]]:
        """Decide a later round, and tell those who have no part any more. `said` is the withdrawal that they hear."""
        key = ask.incident.id.encode()
        known = self._known(ask.incident.id, before, state)
        self._drop(ask.incident.id, before, before.parts(), state)
        decision, id_, emits = self.decided(ask, state, in_force)
        stay = {role.agency for role in decision.roles}
        gone = [each for each in known if each.agency not in stay and each.agency != returned_by]
        if state.get(STANDING) is not None:
            self._note_earlier(key, known, state)
        return id_, [*emits, *self._told(said, before, gone, ask.traceparent)]

    def _known(self, incident: str, case: CaseState, state: State) -> list[Addressee]:
        """Return who knows of which part: this round's where it was sent, else the one of before that it has."""
        earlier = {agency: Addressee(agency, agency, role, round=round_) for role, agency, round_ in case.earlier}
        known = []
        for role, agency in case.parts():
            if not self._holding.waits(state, incident, agency, case.round, role):
                known.append(Addressee(agency, agency, role, round=case.round))
            elif agency in earlier:
                known.append(earlier[agency])
        return known

    def _note_earlier(self, key: bytes, known: Iterable[Addressee], state: State) -> None:
        """Where a part waits now, keep what its agency knows of: it must hear of that if the part is never sent."""
        case = CaseState.read(state.get(key) or b"")
        parts = {agency: role for role, agency in case.parts()}
        incident = key.decode()
        earlier = [
            (each.role, each.agency, each.round)
            for each in known
            if each.agency in parts
            and self._holding.waits(state, incident, each.agency, case.round, parts[each.agency])
        ]
        state.put(key, replace(case, earlier=tuple(earlier)).write())

    def amended(
        self, ask: Ask, before: CaseState, said: Said, state: State, in_force: RulesetInForce
    ) -> tuple[str, list[Emit]]:
        """Decide the same round once more: overlays alone. New parts are assigned, tighter deadlines told."""
        incident = ask.incident
        decision = amend(
            incident, ask.state, in_force.compiled, ask.now, lead=before.lead, route=before.route,
            dispatched_at=before.dispatched_at, confidential=before.confidential,
        )  # fmt: skip
        id_ = decision_id(incident.id, decision.round, ask.cause)
        after = before.amended(decision, incident_bytes(incident))
        new = frozenset(after.parts()) - frozenset(before.parts())
        known = self._known(incident.id, before, state)
        replaced = [(role, agency) for role, agency in before.parts() if any(agency == each for _, each in new)]
        self._drop(incident.id, before, replaced, state)
        given = [
            each for each in written(decision, id_, incident, in_force.compiled) if (each.role, each.agency) in new
        ]
        told = self._tightened(said, before, after, new, ask, state)
        state.put(incident.id.encode(), after.write())
        emits = self._emits(ask, decision, id_, given, state, in_force)
        if state.get(STANDING) is not None:
            self._note_earlier(incident.id.encode(), known, state)
        return id_, self._beside([*emits, *told], ask, decision, id_, in_force, before)

    def _beside(
        self,
        emits: list[Emit],
        ask: Ask,
        decision: Decision,
        id_: str,
        in_force: RulesetInForce,
        before: CaseState | None = None,
    ) -> list[Emit]:
        """Return the records of a decision, and after them where a ruleset in shadow would have differed."""
        shadow = in_force.shadow
        if shadow is None or shadow.because is not None:
            return emits
        told = self._shadowing.beside(
            shadow, decision, id_, ask.incident, ask.traceparent, before, raw=ask.raw, reread=in_force.rereads
        )
        return [*emits, *told] if told else emits

    def end(self, incident: str, case: CaseState, said: Said, state: State, traceparent: str | None) -> list[Emit]:
        """Drop what waits of a case that is over, and tell everybody of the part that he knows of."""
        known = self._known(incident, case, state)
        self._drop(incident, case, case.parts(), state)
        return self._told(said, case, known, traceparent)

    def _emits(
        self, ask: Ask, decision: Decision, id_: str, given: list[Written], state: State, in_force: RulesetInForce
    ) -> list[Emit]:
        """Return a decision and its assignments as records; those that are held stay in the state."""
        incident, topics = ask.incident, self._topics
        self._count(decision, given, incident, in_force)
        wire = decision_wire(decision)
        wire["subject"] = _subject(incident)
        if state.get(STANDING) is not None:
            given, held = self._holding.keep_back(state, decision, incident, given, ask.traceparent, ask.at_ms)
            if held:
                wire["held"] = held
                self._counts.tally.count("incidentbus_held_assignments_total", len(held), change="held")
        key, partition = incident.id.encode(), partition_of_id(incident.id, topics.agency)
        headers = EventHeaders(source=SOURCE, time=ask.now, subject=incident.id, traceparent=ask.traceparent)
        emits = [Emit(topics.bus("decisions"), self._task, key, write(wire), headers.of(id_, _DECISION))]
        for each in given:
            topic = topics.agency_assignments(each.agency)
            emits.append(Emit(topic, partition, key, each.value, headers.of(each.id, _ASSIGNMENT)))
        return emits

    def _drop(self, incident: str, case: CaseState, parts: Iterable[tuple[Role, str]], state: State) -> None:
        """Forget those assignments of a round that wait under a hold: they are never sent."""
        if state.get(STANDING) is None:
            return
        gone = [agency for role, agency in parts if self._holding.drop(state, incident, agency, case.round, role)]
        if gone:
            self._counts.tally.count("incidentbus_held_assignments_total", len(gone), change="dropped")

    def _tightened(
        self,
        said: Said,
        before: CaseState,
        after: CaseState,
        new: frozenset[tuple[Role, str]],
        ask: Ask,
        state: State,
    ) -> list[Emit]:
        """Tell those who work at the case already which of their deadlines is earlier now."""
        known = dict(before.due)
        tighter = [(milestone, at) for milestone, at in after.due if milestone not in known or at < known[milestone]]
        if not tighter:
            return []
        whom = [
            Addressee(agency, agency, role)
            for role, agency in before.parts()
            if role is not Role.INFORMED
            and (role, agency) not in new
            and not self._holding.waits(state, ask.incident.id, agency, before.round, role)
        ]
        told: list[Emit] = []
        for milestone, at in tighter:
            each = said._replace(milestone=milestone, until=at)
            # only the lead answers whoever reported
            due_of = [who for who in whom if who.role is Role.LEAD or milestone is not Milestone.RESPOND]
            told += self._told(each, after, due_of, ask.traceparent, milestone.value)
        return told

    def _told(
        self, said: Said, case: CaseState, whom: Sequence[Addressee], traceparent: str | None, about: str = ""
    ) -> list[Emit]:
        if whom:
            self._counts.tally.count("incidentbus_notices_total", len(whom), notice=said.kind.value)
        return self._notices.emits(said, case, whom, traceparent, about)

    def tell(
        self,
        said: Said,
        incident: str,
        case: CaseState,
        whom: Iterable[Addressee],
        state: State,
        traceparent: str | None,
    ) -> list[Emit]:
        """Tell agencies of the assignments that they have; of one that waits under a hold nobody hears."""
        waits = self._holding.waits
        heard = [
            each
            for each in whom
            if not waits(state, incident, each.of, case.round, each.role if each.has_a_part else Role.LEAD)
        ]
        return self._told(said, case, heard, traceparent)

    def _count(
        self, decision: Decision, given: Sequence[Written], incident: Incident, in_force: RulesetInForce
    ) -> None:
        counts, tally = self._counts, self._counts.tally
        channel = _label(incident, in_force)
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
        if decision.state.first_dispatched_at is None:
            counts.journeys.append((channel, incident.received_at.timestamp()))


def withdrawal(cause: str, at: datetime, by: str, reason: str = "") -> Said:
    """Return what those hear who have no part in a later round."""
    return Said(DirectiveKind.WITHDRAW, cause, at, by, reason)


def _label(incident: Incident, in_force: RulesetInForce) -> str:
    """Return the channel as a label of a metric: from the ruleset's closed list, whatever the record says."""
    channel = incident.report.channel
    return channel if channel in in_force.compiled.ruleset.channels else "other"


def _subject(incident: Incident) -> dict[str, Any]:
    """Return `contracts.decision.Subject` as it goes on the wire."""
    report = incident.report
    return {
        "channel": report.channel,
        "external_id": report.external_id,
        "kind": incident.kind,
        "category": incident.category,
        "jurisdiction": incident.jurisdiction,
        "received_at": incident.received_at,
        "exercise": report.exercise,
    }
