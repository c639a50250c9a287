"""Amending: overlays asked again, the lead and the route as they were, deadlines that only come nearer (G15)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import ClassifiedBy, HardRule, Kind, Milestone, Outcome, Resolved, Role, Urgency
from contracts.decision import Decision, DecisionState
from contracts.directive import Correction
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.correcting import amended
from routing_rules.engine.decide import amend, decide
from routing_rules.engine.schema import Block, Deadline, Effective, RoleRef, Status

ByRole = Callable[[Decision, str], list[str]]
NOISE = Block(category=frozenset({"noise"}))
SURGE = Block(tags=frozenset({"surge"}))
MANY = Block(reporters=3)
TUESDAY = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)  # 10:00 in the county
LATER = TUESDAY + timedelta(minutes=40)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def county(make: SimpleNamespace, **changes: Any) -> Compiled:
    routes = (
        make.route(
            "by-night", RoleRef("urban", "town"), NOISE, co_handlers=make.refs("ecology"), tags=("night",),
            deadline=Deadline(make.spans(acknowledge="2h", resolve="5bd")),
        ),
        make.route("water", "ecology", Block(category=frozenset({"water"})), confidential=True),
    )  # fmt: skip
    overlays = (
        make.overlay("surge", SURGE, urgency=Urgency.URGENT, inform=make.refs("centre"), tags=("group",)),
        make.overlay("many", MANY, co_handlers=make.refs("police"), deadline=Deadline(make.spans(resolve="24h"))),
        make.overlay("led-by-urban", Block(lead=(RoleRef("urban"),)), tags=("led",)),
    )
    return compile_ruleset(make.county(*routes, overlays=overlays, **changes))


def told(make: SimpleNamespace, compiled: Compiled, now: datetime = LATER, **fields: Any) -> Decision:
    """Return the amendment of a first round decided at 10:00 on a matter of noise."""
    kept: dict[str, Any] = {
        name: fields.pop(name) for name in ("dispatched_at", "confidential", "lead", "route") if name in fields
    }
    state = fields.pop("state", DecisionState(first_dispatched_at=TUESDAY))
    incident = make.incident(**{"category": "noise"} | fields)
    kept = {"lead": "urban-a", "route": "by-night"} | kept
    return amend(incident, state, compiled, now, **kept)


def dues(decision: Decision) -> dict[str, tuple[datetime, str]]:
    return {due.milestone.value: (due.at, due.from_) for due in decision.due}


def test_an_amendment_of_nothing_says_what_the_decision_said(make: SimpleNamespace) -> None:
    compiled = county(make)
    first = decide(make.incident(category="noise"), DecisionState(), compiled, TUESDAY)
    again = told(make, compiled)
    assert again == replace(first, now=LATER, state=DecisionState(first_dispatched_at=TUESDAY))


def test_a_surge_raises_the_urgency_informs_and_tightens_and_the_lead_stays(
    make: SimpleNamespace, agencies_with: ByRole
) -> None:
    decision = told(make, county(make), tags=("surge",))
    assert (decision.lead, decision.route, decision.round) == ("urban-a", "by-night", 1)
    assert decision.urgency is Urgency.URGENT
    assert decision.overlays == ("surge", "led-by-urban")
    assert agencies_with(decision, "informed") == ["centre"]
    assert agencies_with(decision, "co_handler") == ["ecology"]
    assert decision.tags == ("surge", "night", "group", "led")
    assert dues(decision)["resolve"] == (local("2026-05-14T18:00"), "by_urgency:urgent")


def test_more_reporters_are_heard_by_overlays(make: SimpleNamespace, agencies_with: ByRole) -> None:
    state = DecisionState(first_dispatched_at=TUESDAY, reporters=3, reports=4)
    decision = told(make, county(make), state=state)
    assert agencies_with(decision, "co_handler") == ["ecology", "police"]
    assert dues(decision)["resolve"] == (local("2026-05-13T10:00"), "overlay:many")
    assert decision.state.reporters == 3


def test_a_correction_that_another_route_would_take_moves_neither_lead_nor_route(make: SimpleNamespace) -> None:
    decision = told(make, county(make), category="water", jurisdiction="d-b")
    assert (decision.lead, decision.route, decision.reason) == ("urban-a", "by-night", Outcome.MATCHED)
    lead = decision.roles[0]
    assert (lead.role, lead.agency, lead.asked, lead.resolved) == (Role.LEAD, "urban-a", "urban-a", Resolved.NAMED)
    assert decision.route_block is None
    assert decision.evidence.conditions == ()
    assert dues(decision)["resolve"][1] == "rule:by-night"


def test_a_rule_that_is_gone_leaves_the_countys_deadlines_and_not_the_fallbacks(make: SimpleNamespace) -> None:
    compiled = county(make)
    tight = replace(compiled.fallback, deadline=Deadline(make.spans(resolve="1h")))
    routes = (*compiled.ruleset.routes[:-1], tight)
    decision = told(make, compile_ruleset(replace(compiled.ruleset, routes=routes)), route="long-gone")
    assert (decision.route, decision.lead, decision.reason) == ("long-gone", "urban-a", Outcome.MATCHED)
    assert decision.overlays == ("led-by-urban",)
    assert {name: by for name, (_, by) in dues(decision).items()} == dict.fromkeys(Milestone, "default")


def test_the_name_of_an_overlay_is_no_route(make: SimpleNamespace, agencies_with: ByRole) -> None:
    compiled = county(make)
    assert agencies_with(told(make, compiled, tags=("surge",)), "informed") == ["centre"]
    decision = told(make, compiled, route="surge")
    assert decision.route == "surge"
    assert agencies_with(decision, "informed") == []


def test_the_fallbacks_case_stays_with_the_fallback(make: SimpleNamespace) -> None:
    decision = told(make, county(make), lead="centre", route="fallback", tags=("surge",))
    assert (decision.lead, decision.reason, decision.route_block) == ("centre", Outcome.FALLBACK, None)
    assert decision.urgency is Urgency.URGENT
    moved = told(make, county(make), lead="police", route="fallback")
    assert (moved.lead, moved.reason) == ("police", Outcome.FALLBACK)


def test_a_route_that_is_off_or_has_ended_keeps_what_it_took(make: SimpleNamespace) -> None:
    whole = county(make).ruleset
    ended = Effective(until=date(2026, 5, 11))
    for changes in ({"status": Status.OFF}, {"status": Status.TRIAL}, {"effective": ended}):
        changed = replace(whole.routes[0], **changes)
        decision = told(make, compile_ruleset(replace(whole, routes=(changed, *whole.routes[1:]))))
        assert (decision.route, decision.route_block, decision.trial) == ("by-night", 0, ())
        assert dues(decision)["resolve"][1] == "rule:by-night"


def test_an_exception_that_holds_now_takes_the_ground_and_not_the_lead(make: SimpleNamespace) -> None:
    whole = county(make).ruleset
    excepted = replace(whole.routes[0], unless=(SURGE,))
    compiled = compile_ruleset(replace(whole, routes=(excepted, *whole.routes[1:])))
    assert told(make, compiled).route_block == 0
    decision = told(make, compiled, tags=("surge",))
    assert (decision.lead, decision.route, decision.route_block) == ("urban-a", "by-night", None)


def test_what_was_closed_stays_closed(make: SimpleNamespace, agencies_with: ByRole) -> None:
    compiled = county(make)
    by_rule = told(make, compiled, category="water", lead="ecology", route="water", tags=("surge",))
    assert by_rule.confidential
    kept = told(make, compiled, tags=("surge",), confidential=True)
    for decision in (by_rule, kept):
        assert agencies_with(decision, "informed") == []
        assert [(drop.agency, drop.because.value) for drop in decision.dropped] == [("centre", "confidential")]
        assert decision.urgency is Urgency.URGENT
    assert kept.confidential
    assert kept.hard_rules == (HardRule.IDENTITY,)  # ecology helps, and has no text any more
    gone = told(make, compiled, route="long-gone", tags=("surge",), confidential=True)
    assert agencies_with(gone, "informed") == []
    opened = told(make, compiled, tags=("surge",))
    assert not opened.confidential
    assert agencies_with(opened, "informed") == ["centre"]


def test_a_tighter_deadline_that_would_have_passed_runs_from_the_amendment(make: SimpleNamespace) -> None:
    friday = local("2026-05-15T09:00")  # 24 h from Tuesday 10:00 are long over, five business days are not
    state = DecisionState(first_dispatched_at=TUESDAY, reporters=3)
    decision = told(make, county(make), friday, state=state)
    assert dues(decision)["resolve"] == (local("2026-05-16T09:00"), "overlay:many")
    assert dues(told(make, county(make), friday))["resolve"] == (local("2026-05-19T18:00"), "rule:by-night")


def test_a_deadline_that_has_passed_is_not_opened_again(make: SimpleNamespace) -> None:
    late = local("2026-05-21T09:00")
    state = DecisionState(first_dispatched_at=TUESDAY, reporters=3)
    assert dues(told(make, county(make), late, state=state))["resolve"] == (local("2026-05-19T18:00"), "rule:by-night")


def test_acknowledging_runs_from_the_rounds_own_dispatch(make: SimpleNamespace) -> None:
    compiled, hour = county(make), timedelta(hours=1)
    second = DecisionState(round=2, first_dispatched_at=TUESDAY)
    noon = TUESDAY + 2 * hour
    afternoon = noon + 4 * hour
    assert dues(told(make, compiled, afternoon))["acknowledge"][0] == TUESDAY + 2 * hour
    known = told(make, compiled, afternoon, state=second, dispatched_at=noon)
    assert dues(known)["acknowledge"][0] == noon + 2 * hour
    assert dues(told(make, compiled, afternoon, state=second))["acknowledge"][0] == afternoon + 2 * hour
    assert dues(known)["resolve"] == (local("2026-05-19T18:00"), "rule:by-night")


def test_a_fixed_deadline_is_not_tightened_by_an_amendment(make: SimpleNamespace) -> None:
    whole = county(make).ruleset
    fixed = replace(whole.routes[0], deadline=Deadline(make.spans(resolve="30d"), fixed=True))
    compiled = compile_ruleset(replace(whole, routes=(fixed, *whole.routes[1:])))
    state = DecisionState(first_dispatched_at=TUESDAY, reporters=3)
    (resolve,) = (due for due in told(make, compiled, state=state).due if due.milestone is Milestone.RESOLVE)
    assert (resolve.span, resolve.fixed) == ("30d", True)


def test_an_agency_that_the_ruleset_no_longer_has_still_leads(make: SimpleNamespace) -> None:
    decision = told(make, county(make), lead="dissolved", tags=("surge",))
    assert decision.lead == "dissolved"
    assert [role.agency for role in decision.roles if role.role is Role.LEAD] == ["dissolved"]


def test_an_adjudicated_lead_is_told_as_such(make: SimpleNamespace) -> None:
    state = DecisionState(round=3, first_dispatched_at=TUESDAY, returned_by=("urban-a",), adjudicated_to="gov-a")
    decision = told(make, county(make), state=state, lead="gov-a")
    assert (decision.lead, decision.reason, decision.round) == ("gov-a", Outcome.ADJUDICATED, 3)


def test_an_amendment_adds_tags_and_takes_none_away(make: SimpleNamespace) -> None:
    incident = make.incident(tags=("place-ambiguous", "group"))
    more = amended(incident, Correction(tags=("surge", "group")))
    assert more.tags == ("place-ambiguous", "group", "surge")
    assert amended(incident, Correction(category="water")).classified_by is ClassifiedBy.CHANNEL
    assert amended(incident, Correction(category="water")).tags == incident.tags
    assert amended(incident, None) is incident


@pytest.mark.parametrize("kind", Kind)
@given(
    tags=st.sets(st.sampled_from(["surge", "other"])),
    reporters=st.integers(1, 5),
    minutes=st.integers(0, 20_000),
    urgency=st.sampled_from(Urgency),
)
def test_an_amendment_never_gives_more_time_than_there_was_nor_less_than_the_least_span(
    make: SimpleNamespace, kind: Kind, tags: set[str], reporters: int, minutes: int, urgency: Urgency
) -> None:
    compiled = county(make)
    now = TUESDAY + timedelta(minutes=minutes)
    base = decide(make.incident(category="noise", kind=kind), DecisionState(), compiled, TUESDAY)
    state = DecisionState(first_dispatched_at=TUESDAY, reporters=reporters)
    decision = told(make, compiled, now, state=state, kind=kind, tags=tuple(sorted(tags)), urgency=urgency)
    assert (decision.lead, decision.route, decision.round) == (base.lead, base.route, base.round)
    before = {due.milestone: due.at for due in base.due}
    for due in decision.due:
        assert due.milestone not in before or due.at <= before[due.milestone]
        if due.milestone in before and due.at < before[due.milestone]:
            assert due.at > now
    assert {role.agency for role in base.roles} <= {role.agency for role in decision.roles}
