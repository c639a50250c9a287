"""Who sets a deadline, in which order, and who may only tighten it (G42-G44)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Kind, Milestone, Urgency
from contracts.decision import Decision, DecisionState
from routing_rules.engine.schema import Block, Deadline

NOISE = Block(category=frozenset({"noise"}))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def told(decision: Decision) -> dict[str, tuple[str, str, str]]:
    """Return each milestone's local instant, span and setter."""
    return {
        due.milestone.value: (due.at.astimezone(SHANGHAI).strftime("%m-%dT%H:%M"), due.span, due.from_)
        for due in decision.due
    }


def test_the_county_sets_what_nobody_else_writes(make: SimpleNamespace) -> None:
    assert told(make.bench().decide()) == {
        "acknowledge": ("05-12T16:00", "4wh", "default"),
        "respond": ("05-13T18:00", "1bd", "default"),
        "resolve": ("05-19T18:00", "5bd", "default"),
    }


def test_each_replaces_the_one_before_milestone_by_milestone(make: SimpleNamespace) -> None:
    route = make.route(
        "r",
        "urban",
        NOISE,
        deadline=Deadline(make.spans(acknowledge="2h")),
        deadline_by_kind={Kind.CONSULT: Deadline(make.spans(resolve="1bd", acknowledge="30m"))},
    )
    bench = make.bench(route)
    complaint = told(bench.decide(category="noise", kind=Kind.COMPLAINT))
    assert complaint["acknowledge"] == ("05-12T12:00", "2h", "rule:r")
    assert complaint["resolve"] == ("05-21T18:00", "7bd", "by_kind:complaint")
    consult = told(bench.decide(category="noise", kind=Kind.CONSULT))
    assert consult["acknowledge"] == ("05-12T10:30", "30m", "rule_by_kind:r")
    assert consult["resolve"] == ("05-13T18:00", "1bd", "rule_by_kind:r")
    assert consult["respond"] == ("05-13T18:00", "1bd", "default")


def test_none_takes_a_deadline_away(make: SimpleNamespace) -> None:
    assert "respond" not in told(make.bench().decide(kind=Kind.PRAISE))
    assert "respond" in told(make.bench().decide(kind=Kind.PRAISE, urgency=Urgency.CRITICAL))  # an hour tightens never


def test_urgency_only_tightens(make: SimpleNamespace) -> None:
    route = make.route("r", "urban", NOISE, urgency=Urgency.URGENT, deadline=Deadline(make.spans(acknowledge="30m")))
    due = told(make.bench(route).decide(category="noise"))
    assert due["acknowledge"] == ("05-12T10:30", "30m", "rule:r")
    assert due["resolve"] == ("05-14T18:00", "2bd", "by_urgency:urgent")


def test_a_statutory_deadline_is_not_tightened_the_rest_is(make: SimpleNamespace) -> None:
    fixed = Deadline(make.spans(resolve="30d"), fixed=True)
    route = make.route("r", "urban", NOISE, urgency=Urgency.CRITICAL, deadline=fixed)
    overlay = make.overlay("o", deadline=Deadline(make.spans(resolve="1h", respond="30m")))
    decision = make.bench(route, overlays=(overlay,)).decide(category="noise")
    due = told(decision)
    assert due["resolve"] == ("06-11T18:00", "30d", "rule:r")
    assert due["respond"] == ("05-12T10:30", "30m", "overlay:o")
    assert [d.fixed for d in decision.due] == [False, False, True]


def test_fixed_covers_what_the_route_writes_by_kind_too(make: SimpleNamespace) -> None:
    route = make.route(
        "r",
        "urban",
        NOISE,
        urgency=Urgency.CRITICAL,
        deadline=Deadline(make.spans(resolve="30d"), fixed=True),
        deadline_by_kind={Kind.TIP: Deadline(make.spans(resolve="60d"))},
    )
    due = told(make.bench(route).decide(category="noise", kind=Kind.TIP))
    assert due["resolve"] == ("07-13T18:00", "60d", "rule_by_kind:r")  # the 60th day is a Saturday


def test_stricter_is_the_earlier_instant_and_not_the_smaller_figure(make: SimpleNamespace) -> None:
    route = make.route("r", "urban", NOISE, deadline=Deadline(make.spans(resolve="40h")))
    overlay = make.overlay("o", deadline=Deadline(make.spans(resolve="1bd")))
    bench = make.bench(route, overlays=(overlay,))
    monday = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
    saturday = datetime(2026, 5, 16, 1, 0, tzinfo=UTC)
    assert told(bench.decide(category="noise", now=monday))["resolve"] == ("05-12T18:00", "1bd", "overlay:o")
    assert told(bench.decide(category="noise", now=saturday))["resolve"] == ("05-18T01:00", "40h", "rule:r")


def test_a_return_buys_no_time_but_the_new_lead_has_its_own_to_acknowledge(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", NOISE))
    before = bench.decide(category="noise", now=make.tuesday)
    state = DecisionState(round=2, first_dispatched_at=make.tuesday, returned_by=("police",))
    after = told(bench.decide(state, category="noise", now=make.tuesday + timedelta(days=1)))
    assert after["resolve"] == told(before)["resolve"]
    assert after["respond"] == told(before)["respond"]
    assert after["acknowledge"] == ("05-13T16:00", "4wh", "default")


def test_the_calendar_is_that_of_who_leads(make: SimpleNamespace) -> None:
    agencies = make.county().agencies
    open_always = agencies | {"police": replace(agencies["police"], calendar="always")}
    bench = make.bench(
        make.route("r", "police", NOISE, deadline=Deadline(make.spans(acknowledge="9wh"))), agencies=open_always
    )
    assert told(bench.decide(category="noise"))["acknowledge"][0] == "05-12T19:00"


written = st.dictionaries(
    st.sampled_from(list(Milestone)), st.sampled_from(["15m", "40h", "4wh", "1bd", "3bd", "2d", "none"]), max_size=3
)


@given(base=written, added=st.lists(written, max_size=3), urgency=st.sampled_from(list(Urgency)))
def test_overlays_only_tighten_and_in_whatever_order(
    make: SimpleNamespace, base: dict[Milestone, str], added: list[dict[Milestone, str]], urgency: Urgency
) -> None:
    def deadline(spans: dict[Milestone, str]) -> Deadline:
        return Deadline(make.spans(**{milestone.value: span for milestone, span in spans.items()}))

    route = make.route("r", "urban", NOISE, deadline=deadline(base))
    overlays = [make.overlay(f"o{n}", deadline=deadline(spans), tags=(f"t{n}",)) for n, spans in enumerate(added)]
    plain = make.bench(route).decide(category="noise", urgency=urgency)
    outcomes = [
        make.bench(route, overlays=order).decide(category="noise", urgency=urgency) for order in permutations(overlays)
    ]
    assert len({outcome.due for outcome in outcomes}) == 1
    assert len({frozenset(outcome.tags) for outcome in outcomes}) == 1
    tightened = {due.milestone: due.at for due in outcomes[0].due}
    assert all(tightened[due.milestone] <= due.at for due in plain.due)


@pytest.mark.parametrize("milestone", list(Milestone))
def test_milestones_come_in_their_order(make: SimpleNamespace, milestone: Milestone) -> None:
    order = [due.milestone for due in make.bench().decide().due]
    assert order.index(milestone) == list(Milestone).index(milestone)
