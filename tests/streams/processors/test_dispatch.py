"""Dispatch: a decision and its assignments, once; directives once by id; a later round remembers the earlier ones."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, Kind, Outcome, ReasonCode, Role
from contracts.decision import Decision
from contracts.directive import Correction, Directive
from contracts.dispatch_record import DirectiveOutcome, DirectiveTaken
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.incident import Incident, incident_bytes
from contracts.partition import partition_of_id
from contracts.ports import Emit
from contracts.report import Report, Reporter
from contracts.serde import read
from contracts.telemetry import Tally
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.processors.dispatch.state import CaseState
from streams.rulesets import HeldRuleset

TOPICS = Topics(spine=4)
INCIDENTS, DIRECTIVES = TOPICS.bus("incidents"), TOPICS.bus("directives")
ID = incident_id("hotline-12345", "A1")
TASK = partition_of_id(ID, 4)
WHEN = datetime(2026, 5, 12, 2, tzinfo=UTC)


@pytest.fixture
def dispatch(held: HeldRuleset) -> Dispatch:
    return Dispatch(TASK, TOPICS, held, TurnCounts())


@pytest.fixture
def incident(small: Any) -> Incident:
    reporter = Reporter(name="张某某", phone="13800000001")
    report = Report(
        channel="hotline-12345", external_id="A1", title="占道", text="占道经营，电话13800000001", kind=Kind.HELP,
        reporter=reporter, jurisdiction="320813001",
    )  # fmt: skip
    return small.compiled.interpreter.understand(report, ID, WHEN)


def directive(kind: DirectiveKind = DirectiveKind.REDISPATCH, id_: str = "dir-1", **fields: Any) -> bytes:
    made = Directive(id=id_, kind=kind, issued_at=WHEN, issued_by="command-centre", **{"incident": ID, **fields})
    return made.model_dump_json().encode()


def decisions(emits: Any) -> list[Decision]:
    of_decisions = [e for e in emits if dict(e.headers)["ce_type"] == b"incidentbus.decision.v1"]
    return [read(Decision, e.value) for e in of_decisions]


def assignments(emits: Any) -> list[Assignment]:
    of_agencies = [e for e in emits if dict(e.headers)["ce_type"] == b"incidentbus.assignment.v1"]
    assert all(e.topic.startswith("agency.") for e in of_agencies)
    return [read(Assignment, e.value) for e in of_agencies]


def taken(emits: Any) -> DirectiveTaken:
    (one,) = [e for e in emits if dict(e.headers)["ce_type"] == b"incidentbus.directive-taken.v1"]
    return read(DirectiveTaken, one.value)


def test_an_incident_gets_one_decision_and_an_assignment_a_role(
    dispatch: Dispatch, inbound: Any, state: Any, incident: Incident
) -> None:
    noise = incident.model_copy(update={"category": "noise"})
    emits = dispatch.begin_turn()(inbound(INCIDENTS, incident_bytes(noise), partition=TASK), state)
    (decision,) = decisions(emits)
    given = {(a.agency, a.role) for a in assignments(emits)}
    assert decision.lead == "police"
    assert given == {
        ("police", Role.LEAD), ("urban-management", Role.CO_HANDLER), ("gov-gaoliangjian", Role.INFORMED),
    }  # fmt: skip
    assert {e.topic for e in emits} == {
        TOPICS.bus("decisions"), *(TOPICS.agency_assignments(agency) for agency, _ in given),
    }  # fmt: skip


def test_a_committed_turn_tells_what_it_counted_and_an_aborted_one_nothing(
    dispatch: Dispatch, inbound: Any, state: Any, incident: Incident
) -> None:
    raw = incident_bytes(incident.model_copy(update={"category": "noise"}))
    dispatch.begin_turn()(inbound(INCIDENTS, raw, partition=TASK), state)
    state.delete(ID.encode())  # that turn is aborted: the next one begins from the same state, without a commit
    dispatch.begin_turn()(inbound(INCIDENTS, raw, partition=TASK), state)
    told = Tally()
    dispatch.counts.committed(told, WHEN.timestamp() + 1)
    assert told.value("incidentbus_decisions_total", channel="hotline-12345", outcome="matched") == 1
    assert told.value("incidentbus_decision_routes_total", route="noise") == 1
    assert told.value("incidentbus_assignments_total", agency="police", role="lead") == 1
    assert told.value("incidentbus_assignments_total", agency="urban-management", role="co_handler") == 1
    ((_, spread),) = told.spreads.items()
    assert (sum(spread.counts), spread.total) == (1, 1.0)
    dispatch.counts.committed(told, WHEN.timestamp() + 2)
    assert told.value("incidentbus_assignments_total", agency="police", role="lead") == 1


def test_only_the_lead_learns_who_the_reporter_is(
    dispatch: Dispatch, inbound: Any, state: Any, incident: Incident
) -> None:
    noise = incident.model_copy(update={"category": "noise"})
    emits = dispatch.begin_turn()(inbound(INCIDENTS, incident_bytes(noise), partition=TASK), state)
    for emit in emits:
        told = b"13800000001" in (emit.value or b"")
        assert told == (emit.topic == TOPICS.agency_assignments("police")), emit.topic


def test_the_same_incident_again_gives_nothing(
    dispatch: Dispatch, inbound: Any, state: Any, incident: Incident
) -> None:
    handle = dispatch.begin_turn()
    handle(inbound(INCIDENTS, incident_bytes(incident), partition=TASK), state)
    assert handle(inbound(INCIDENTS, incident_bytes(incident), partition=TASK, offset=1), state) == ()


def test_an_incident_on_anothers_partition_is_refused(
    held: HeldRuleset, inbound: Any, state: Any, incident: Incident
) -> None:
    other = Dispatch((TASK + 1) % 4, TOPICS, held, TurnCounts())
    with pytest.raises(Permanent) as refusal:
        other.begin_turn()(inbound(INCIDENTS, incident_bytes(incident)), state)
    assert refusal.value.reason is ReasonCode.INVALID_VALUE


@pytest.fixture
def handled(dispatch: Dispatch, inbound: Any, state: Any, incident: Incident) -> Any:
    handle = dispatch.begin_turn()
    handle(inbound(INCIDENTS, incident_bytes(incident), partition=TASK), state)

    def direct(raw: bytes) -> list[Emit]:
        return list(handle(inbound(DIRECTIVES, raw, partition=TASK), state))

    return direct


def test_a_return_is_decided_anew_without_the_agency_that_returned_it(handled: Any) -> None:
    emits = handled(directive(returned_by="urban-management"))
    (decision,) = decisions(emits)
    assert (decision.round, decision.lead, decision.state.returned_by) == (2, "police", ("urban-management",))
    assert taken(emits).outcome is DirectiveOutcome.DECIDED
    assert {a.round for a in assignments(emits)} == {2}


def test_a_directive_counts_once_by_its_id(handled: Any) -> None:
    assert decisions(handled(directive(returned_by="urban-management")))
    assert handled(directive(returned_by="urban-management")) == []


def test_what_the_lead_did_not_return_is_refused_with_a_sentence(handled: Any) -> None:
    emits = handled(directive(returned_by="police"))
    assert decisions(emits) == []
    assert (taken(emits).outcome, bool(taken(emits).because)) == (DirectiveOutcome.REFUSED, True)


def test_adjudication_is_final(handled: Any) -> None:
    (ruled,) = decisions(handled(directive(DirectiveKind.ADJUDICATE, agency="gov-gaoliangjian")))
    assert (ruled.lead, ruled.reason) == ("gov-gaoliangjian", Outcome.ADJUDICATED)
    after = handled(directive(id_="dir-2", returned_by="gov-gaoliangjian"))
    assert taken(after).outcome is DirectiveOutcome.REFUSED


def test_an_adjudication_to_nobody_is_refused(handled: Any) -> None:
    assert taken(handled(directive(DirectiveKind.ADJUDICATE, agency="nobody"))).outcome is DirectiveOutcome.REFUSED


def test_a_correction_is_decided_on(handled: Any) -> None:
    (decision,) = decisions(handled(directive(correction=Correction(category="noise"))))
    assert (decision.route, decision.lead) == ("noise", "police")


def test_directives_of_a_cases_life_are_recorded_and_passed_on(handled: Any) -> None:
    emits = handled(directive(DirectiveKind.REMIND))
    assert (emits[0].topic, taken(emits).outcome) == (TOPICS.bus("decisions"), DirectiveOutcome.PASSED_ON)


def test_a_directive_for_an_unknown_incident_is_a_dead_letter(handled: Any) -> None:
    with pytest.raises(Permanent) as refusal:
        handled(directive(id_="dir-9", incident="inc-none"))
    assert refusal.value.reason is ReasonCode.UNKNOWN_INCIDENT


def test_returns_do_not_buy_time(handled: Any, state: Any) -> None:
    first = CaseState.read(state.kept[ID.encode()]).first_dispatched_at
    (decision,) = decisions(handled(directive(returned_by="urban-management")))
    assert decision.state.first_dispatched_at == first


def test_a_case_reads_back_as_it_was_written(handled: Any, state: Any) -> None:
    handled(directive(returned_by="urban-management"))
    case = CaseState.read(state.kept[ID.encode()])
    assert CaseState.read(case.write()) == case
    assert orjson.loads(case.write().split(b"\n")[0])["returned_by"] == ["urban-management"]


def test_a_channel_that_no_ruleset_knows_is_no_label(
    dispatch: Dispatch, inbound: Any, state: Any, incident: Incident
) -> None:
    report = incident.report.model_copy(update={"channel": "王某某13900000000"})
    odd = incident.model_copy(update={"report": report})
    dispatch.begin_turn()(inbound(INCIDENTS, incident_bytes(odd), partition=TASK), state)
    told = Tally()
    dispatch.counts.committed(told, 0)
    assert "王" not in str([*told.counts, *told.spreads])
    assert told.value("incidentbus_decisions_total", channel="other", outcome="matched") == 1
