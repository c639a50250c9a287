"""Deciding: routes in order, overlays that add, rounds, hard rules (RULE-LANGUAGE §5-§7)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest

from contracts.codes import (
    DroppedBecause,
    HardRule,
    Kind,
    LocatedBy,
    Mode,
    Outcome,
    Resolved,
    Role,
    Urgency,
)
from contracts.decision import Decision, DecisionState, ModeRecord, decision_wire
from contracts.incident import Incident
from contracts.report import Reporter
from contracts.serde import read, write
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.schema import Block, Effective, FirstReceiver, Status, TextCondition, TimeCondition

NOISE = Block(category=frozenset({"noise"}))
ByRole = Callable[[Decision, str], list[str]]


def test_the_first_route_that_holds_wins_and_the_fallback_takes_the_rest(make: SimpleNamespace) -> None:
    bench = make.bench(
        make.route("first", "police", Block(category=frozenset({"noise/construction"}))),
        make.route("second", "urban", NOISE),
    )
    assert bench.decide(category="noise/construction").route == "first"
    assert bench.decide(category="noise/nightlife").route == "second"
    silent = bench.decide(category="noisex")
    assert (silent.route, silent.lead, silent.reason) == ("fallback", "centre", Outcome.FALLBACK)


def test_one_block_is_enough_and_the_decision_names_it(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", Block(channel=frozenset({"police"})), NOISE))
    decision = bench.decide(category="noise")
    assert decision.route_block == 1
    assert [(c.field, c.value) for c in decision.evidence.conditions] == [("category", "noise")]


def test_unless_subtracts_and_an_exception_that_cannot_be_shown_does_not_hold(make: SimpleNamespace) -> None:
    night = Block(occurred_at=TimeCondition(between=(1320, 360)))
    bench = make.bench(make.route("r", "urban", NOISE, unless=(night,)))
    at_night = datetime(2026, 5, 12, 18, 0, tzinfo=UTC)  # 02:00 in the county
    assert bench.decide(category="noise", occurred_at=at_night).route == "fallback"
    assert bench.decide(category="noise").route == "r"


def test_a_route_is_judged_on_the_local_date_of_now_its_last_day_included(make: SimpleNamespace) -> None:
    effective = Effective(date(2026, 5, 1), date(2026, 5, 12))
    bench = make.bench(make.route("r", "urban", NOISE, effective=effective))
    last = datetime(2026, 5, 12, 15, 59, tzinfo=UTC)
    assert bench.decide(category="noise", now=last).route == "r"
    assert bench.decide(category="noise", now=last + timedelta(minutes=1)).route == "fallback"
    assert bench.decide(category="noise", now=datetime(2026, 4, 30, 15, 59, tzinfo=UTC)).route == "fallback"


def test_a_route_on_trial_is_recorded_in_its_place_and_has_no_effect(make: SimpleNamespace) -> None:
    trial = make.route("tried", make.role("urban", "town"), NOISE, NOISE, status=Status.TRIAL)
    off = make.route("off", "police", NOISE, status=Status.OFF)
    later = make.route("later", "police", NOISE, status=Status.TRIAL)
    bench = make.bench(off, trial, make.route("r", "ecology", NOISE), later)
    decision = bench.decide(category="noise")
    assert decision.lead == "ecology"
    assert [(t.rule, t.would_lead) for t in decision.trial] == [("tried", "urban-a")]


def test_an_overlay_on_trial_adds_nothing(make: SimpleNamespace) -> None:
    bench = make.bench(overlays=(make.overlay("o", co_handlers=make.refs("police"), status=Status.TRIAL),))
    decision = bench.decide()
    assert decision.overlays == ()
    assert [t.rule for t in decision.trial] == ["o"]


def test_a_role_without_agency_goes_to_the_fallback_and_no_later_route_is_tried(make: SimpleNamespace) -> None:
    bench = make.bench(
        make.route("r", make.role("urban", "town", climb=False), NOISE), make.route("never", "police", NOISE)
    )
    decision = bench.decide(category="noise", jurisdiction="d-b")
    assert (decision.route, decision.lead, decision.reason) == ("r", "centre", Outcome.ROLE_UNRESOLVED)
    assert (decision.dropped[0].because, decision.dropped[0].asked) == (DroppedBecause.UNRESOLVED, "urban/town")


def test_the_first_receiver_leads_where_a_rule_says_so(make: SimpleNamespace) -> None:
    decision = make.bench(make.route("r", FirstReceiver(), NOISE)).decide(category="noise", channel="police")
    assert (decision.lead, decision.roles[0].resolved) == ("police", Resolved.FIRST_RECEIVER)


# Conflict: G31 and G32.


def test_a_complaint_climbs_past_the_branch_of_whom_it_is_about(make: SimpleNamespace, agencies_with: ByRole) -> None:
    route = make.route(
        "r", make.role("urban", "town"), NOISE, co_handlers=make.refs("urban", "ecology"), inform=make.refs("urban-a")
    )
    bench = make.bench(route)
    decision = bench.decide(category="noise", kind=Kind.COMPLAINT, about=("urban",))
    assert (decision.lead, decision.roles[0].resolved) == ("centre", Resolved.SUPERVISOR)
    assert agencies_with(decision, "co_handler") == ["ecology"]
    assert {(d.agency, d.because) for d in decision.dropped} == {
        ("urban", DroppedBecause.CONFLICT), ("urban-a", DroppedBecause.CONFLICT),
    }  # fmt: skip
    assert decision.hard_rules == (HardRule.CONFLICT,)


def test_only_the_kinds_of_the_ruleset_make_a_conflict(make: SimpleNamespace) -> None:
    decision = make.bench(make.route("r", "urban", NOISE)).decide(category="noise", kind=Kind.HELP, about=("urban",))
    assert (decision.lead, decision.hard_rules) == ("urban", ())


def test_even_the_fallbacks_lead_steps_back(make: SimpleNamespace) -> None:
    decision = make.bench().decide(kind=Kind.TIP, about=("centre",))
    assert (decision.lead, decision.reason) == ("city-platform", Outcome.FALLBACK)


def test_a_complaint_about_the_agency_above_all_is_routed_as_usual_and_flagged(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", NOISE))
    decision = bench.decide(category="noise", kind=Kind.COMPLAINT, about=("city-platform",))
    assert (decision.lead, decision.hard_rules, decision.flags) == ("urban", (), ("about_top",))


# Returned: G33.


def rounds(returned: str, round_: int = 2, **more: object) -> DecisionState:
    first = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)
    return DecisionState(round=round_, first_dispatched_at=first, returned_by=tuple(returned.split()), **more)  # type: ignore[arg-type]


def test_what_was_returned_goes_to_the_first_of_on_return_that_may_lead(make: SimpleNamespace) -> None:
    route = make.route(
        "r", make.role("urban", "town"), NOISE, on_return=(make.role("urban", "town"), make.role("urban", "district"))
    )
    decision = make.bench(route).decide(rounds("urban-a"), category="noise")
    assert (decision.lead, decision.reason) == ("urban", Outcome.MATCHED)
    assert decision.roles[0].resolved is Resolved.ON_RETURN
    assert decision.hard_rules == (HardRule.RETURNED,)


def test_without_on_return_the_fallbacks_lead_adjudicates_and_no_later_route_is_tried(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", NOISE), make.route("never", "police", NOISE))
    decision = bench.decide(rounds("urban"), category="noise")
    assert (decision.route, decision.lead, decision.reason) == ("r", "centre", Outcome.ADJUDICATION)
    assert decision.roles[0].rule == "fallback"


def test_after_as_many_returns_as_the_ruleset_allows_nobody_is_tried_again(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "ecology", NOISE))
    decision = bench.decide(rounds("urban police", 3), category="noise")
    assert (decision.lead, decision.reason, decision.hard_rules) == (
        "centre", Outcome.ADJUDICATION, (HardRule.RETURNED,),
    )  # fmt: skip


def test_who_returned_it_may_be_informed_but_not_help(make: SimpleNamespace, agencies_with: ByRole) -> None:
    route = make.route("r", "ecology", NOISE, co_handlers=make.refs("urban", "police"), inform=make.refs("urban"))
    decision = make.bench(route).decide(rounds("urban"), category="noise")
    assert agencies_with(decision, "co_handler") == ["police"]
    assert agencies_with(decision, "informed") == ["urban"]
    assert decision.hard_rules == (HardRule.RETURNED,)


def test_the_fallbacks_lead_may_get_back_what_it_returned(make: SimpleNamespace) -> None:
    decision = make.bench().decide(rounds("centre"))
    assert (decision.lead, decision.reason, decision.hard_rules) == ("centre", Outcome.FALLBACK, ())


def test_on_return_passes_over_whom_the_complaint_is_about(make: SimpleNamespace) -> None:
    route = make.route("r", "ecology", NOISE, on_return=make.refs("urban", "police"))
    decision = make.bench(route).decide(rounds("ecology"), category="noise", kind=Kind.COMPLAINT, about=("urban",))
    assert decision.lead == "police"


def test_a_climb_does_not_end_at_who_returned_it(make: SimpleNamespace) -> None:
    """The complaint about `urban` climbs to `centre`, which returned it: on_return is asked."""
    route = make.route("r", make.role("urban", "town"), NOISE, on_return=make.refs("police"))
    decision = make.bench(route).decide(rounds("centre"), category="noise", kind=Kind.COMPLAINT, about=("urban",))
    assert (decision.lead, decision.hard_rules) == ("police", (HardRule.CONFLICT, HardRule.RETURNED))


# Adjudication.


def test_adjudication_names_anyone_also_who_returned_it(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "ecology", NOISE))
    decision = bench.decide(rounds("urban police", 3, adjudicated_to="urban"), category="noise")
    assert (decision.lead, decision.reason, decision.roles[0].resolved) == (
        "urban", Outcome.ADJUDICATED, Resolved.NAMED,
    )  # fmt: skip


def test_adjudication_to_whom_the_complaint_is_about_climbs(make: SimpleNamespace) -> None:
    state = rounds("ecology", adjudicated_to="urban-a")
    decision = make.bench().decide(state, kind=Kind.TIP, about=("urban",))
    assert (decision.lead, decision.reason) == ("centre", Outcome.ADJUDICATED)
    assert decision.hard_rules == (HardRule.CONFLICT,)


# Overlays and merging.


def test_overlays_see_the_lead_and_not_each_other(make: SimpleNamespace) -> None:
    by_function = Block(lead=(make.role("urban"),))
    raised = Block(urgency=frozenset({Urgency.CRITICAL}))
    tagged = Block(tags=frozenset({"night"}))
    overlays = (
        make.overlay("tags", urgency=Urgency.CRITICAL, tags=("night",)),
        make.overlay("by-lead", by_function, tags=("urban-led",)),
        make.overlay("never-raised", raised, tags=("x",)),
        make.overlay("never-tagged", tagged, tags=("y",)),
    )
    bench = make.bench(make.route("r", make.role("urban", "town"), NOISE), overlays=overlays)
    decision = bench.decide(category="noise", tags=("from-channel",))
    assert decision.overlays == ("tags", "by-lead")
    assert decision.tags == ("from-channel", "night", "urban-led")
    assert decision.urgency is Urgency.CRITICAL


def test_one_agency_has_one_role_the_strongest(make: SimpleNamespace) -> None:
    route = make.route(
        "r", "urban", NOISE, co_handlers=make.refs("police", "urban"), inform=make.refs("ecology", "police")
    )
    overlays = (make.overlay("o", co_handlers=make.refs("ecology", "police"), inform=make.refs("gov-a", "gov-a")),)
    decision = make.bench(route, overlays=overlays).decide(category="noise")
    assert [(r.role, r.agency, r.rule) for r in decision.roles] == [
        (Role.LEAD, "urban", "r"), (Role.CO_HANDLER, "police", "r"), (Role.CO_HANDLER, "ecology", "o"),
        (Role.INFORMED, "gov-a", "o"),
    ]  # fmt: skip
    assert [(d.agency, d.role, d.because) for d in decision.dropped] == [
        ("urban", Role.CO_HANDLER, DroppedBecause.SAME_AGENCY),
        ("ecology", Role.INFORMED, DroppedBecause.SAME_AGENCY),
        ("police", Role.INFORMED, DroppedBecause.SAME_AGENCY),
    ]


def test_a_confidential_matter_takes_no_agency_from_an_overlay(make: SimpleNamespace, agencies_with: ByRole) -> None:
    route = make.route("r", "inspection", NOISE, confidential=True, inform=make.refs("centre"))
    overlay = make.overlay(
        "o", co_handlers=make.refs("police"), inform=make.refs("gov-a"), tags=("t",), urgency=Urgency.URGENT
    )
    decision = make.bench(route, overlays=(overlay,)).decide(category="noise")
    assert [r.agency for r in decision.roles] == ["inspection", "centre"]
    assert {d.because for d in decision.dropped} == {DroppedBecause.CONFIDENTIAL}
    assert (decision.tags, decision.urgency, decision.confidential) == (("t",), Urgency.URGENT, True)
    assert decision.hard_rules == ()  # nobody lost a text that it would have had
    assert agencies_with(decision, "co_handler") == []


def test_identity_is_named_where_confidence_takes_the_text_from_a_co_handler(make: SimpleNamespace) -> None:
    route = make.route("r", "urban", NOISE, co_handlers=make.refs("police"))
    bench = make.bench(route)
    secret = bench.decide(category="noise", reporter=Reporter(secrecy=True))
    assert secret.hard_rules == (HardRule.IDENTITY,)
    assert bench.decide(category="noise").hard_rules == ()


def test_a_sample_draws_by_the_incidents_id(make: SimpleNamespace) -> None:
    bench = make.bench(overlays=(make.overlay("spot-check", sample=1000, tags=("spot",)),))
    ids = [f"inc-{n}" for n in range(2000)]
    drawn = {id_ for id_ in ids if bench.decide(id=id_).tags}
    expected = {
        id_ for id_ in ids if int.from_bytes(sha256(f"{id_}:spot-check".encode()).digest()[:8], "big") % 10_000 < 1000
    }
    assert drawn == expected
    assert 120 < len(drawn) < 280


# Modes: G49 and G50.

FLOOD = ModeRecord(
    mode=Mode.EMERGENCY, jurisdiction="d", response=("flood",), response_level=3,
    from_=datetime(2026, 5, 11, tzinfo=UTC), until=datetime(2026, 5, 13, tzinfo=UTC),
)  # fmt: skip


def test_a_town_is_in_the_emergency_of_its_district(make: SimpleNamespace) -> None:
    wet = make.route("wet", "police", Block(mode=frozenset({Mode.EMERGENCY}), response=frozenset({"flood"})))
    dry = make.route("dry", "urban", Block(mode=frozenset({Mode.ROUTINE})))
    bench = make.bench(wet, dry)
    state = DecisionState(modes=(FLOOD,))
    assert bench.decide(state, jurisdiction="d-a-1").route == "wet"
    assert bench.decide(state, jurisdiction="d").route == "wet"
    assert bench.decide(state, jurisdiction="out-1").route == "dry"
    assert bench.decide(state, now=FLOOD.until).route == "dry"  # type: ignore[arg-type]
    assert bench.decide(state, now=FLOOD.from_).route == "wet"  # type: ignore[arg-type]
    assert bench.decide().route == "dry"


def test_responses_unite_and_the_gravest_level_counts(make: SimpleNamespace) -> None:
    fire = replace(FLOOD, jurisdiction=None, area="lake", response=("fire",), response_level=1)
    grave = make.route("grave", "police", Block(response_level=frozenset({1}), response=frozenset({"flood"})))
    bench = make.bench(grave)
    state = DecisionState(modes=(FLOOD, fire))
    decision = bench.decide(state, areas=("lake",))
    assert (decision.route, decision.mode, decision.responses) == ("grave", Mode.EMERGENCY, ("fire", "flood"))
    assert decision.state.modes == (FLOOD, fire)
    dry_land = bench.decide(state)
    assert dry_land.route == "fallback"
    assert dry_land.state.modes == (FLOOD,)  # what made no difference isn't carried


def test_a_rule_without_mode_holds_in_both(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", NOISE))
    assert bench.decide(DecisionState(modes=(FLOOD,)), category="noise").route == "r"
    assert bench.decide(category="noise").route == "r"


# Expressions and calendars.


def test_an_expression_that_fails_does_not_hold_and_names_its_rule(make: SimpleNamespace) -> None:
    bad = make.route("bad", "police", Block(expr='attributes["x"] == "1"'))
    good = make.route("good", "urban", Block(expr='title.contains("cement") && reporters >= 1 && weekday == "tue"'))
    decision = make.bench(bad, good).decide(title="Cement mixers")
    assert (decision.route, decision.expr_errors) == ("good", ("bad",))


def test_a_year_without_calendar_is_told(make: SimpleNamespace) -> None:
    now = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
    assert make.bench().decide(now=now).calendar_gap == (2027,)
    assert make.bench().decide().calendar_gap == ()


# The record.


def test_a_decision_survives_the_wire_and_is_made_again_from_it(make: SimpleNamespace) -> None:
    bench = make.bench(
        make.route("r", "urban", replace(NOISE, text=TextCondition(any=("cement",))), on_return=make.refs("police")),
        overlays=(make.overlay("o", inform=make.refs("gov-a"), deadline=replace(make.county().routes[0].deadline)),),
    )
    state = rounds("urban", modes=(FLOOD,), reporters=3)
    decision = bench.decide(state, category="noise", text="CEMENT mixers")
    back = read(Decision, write(decision_wire(decision)))
    assert back == decision
    incident = make.incident(category="noise", text="CEMENT mixers")
    again = read(Incident, incident.model_dump_json().encode())
    assert decide(again, back.state, bench.compiled, back.now) == decision


def test_deciding_leaves_no_trace_in_the_compiled_ruleset(make: SimpleNamespace) -> None:
    """Memories don't change answers: a fresh compilation and a used one agree in any order."""
    ruleset = make.county(make.route("r", make.role("urban", "town"), NOISE))
    used = compile_ruleset(ruleset)
    incidents = [
        make.incident(category=category, jurisdiction=place, located_by=LocatedBy.TEXT)
        for category in ("noise", "water")
        for place in ("d-a", "d-b", "d", "out-1")
    ]
    forward = [decide(i, DecisionState(), used, make.tuesday) for i in incidents]
    backward = [decide(i, DecisionState(), used, make.tuesday) for i in reversed(incidents)]
    fresh = [decide(i, DecisionState(), compile_ruleset(ruleset), make.tuesday) for i in incidents]
    assert forward == list(reversed(backward)) == fresh


@pytest.mark.parametrize("count", [1, 2, 5])
def test_reporters_are_counted_from_the_state(make: SimpleNamespace, count: int) -> None:
    bench = make.bench(overlays=(make.overlay("group", Block(reporters=2), tags=("group",)),))
    assert bool(bench.decide(DecisionState(reporters=count)).tags) is (count >= 2)


def test_what_understands_reports_is_made_once_a_ruleset(make: SimpleNamespace) -> None:
    compiled = make.bench().compiled
    assert compiled.interpreter is compiled.interpreter
