"""How the kept rulesets follow cases: the figures of law and standards, over holidays, at night, over a DST night."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contracts.codes import Kind, Milestone, Role, TimerKind, Urgency
from contracts.decision import Decision, DecisionState
from contracts.directive import Correction
from contracts.incident import Incident
from contracts.report import Report
from routing_rules.engine import ladder
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.correcting import amended
from routing_rules.engine.decide import amend, decide
from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.schema import FollowUpOn

RULESETS = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets"
REMIND, OVERDUE, SUPERVISE, ESCALATE = TimerKind.REMIND, TimerKind.OVERDUE, TimerKind.SUPERVISE, TimerKind.ESCALATE
TOWN = "320813001"
CHANNELS = ("hotline-12345", "petition", "urban-management", "police-110")


def compiled(name: str) -> Compiled:
    loaded = load(read_bundle(RULESETS / name))
    assert loaded.ruleset is not None, loaded.findings
    return compile_ruleset(loaded.ruleset)


@pytest.fixture(scope="module")
def hongze() -> Compiled:
    return compiled("hongze")


@pytest.fixture(scope="module")
def nyc() -> Compiled:
    return compiled("nyc")


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def reported(ruleset: Compiled, now: datetime, **fields: object) -> Incident:
    given = {"channel": "hotline-12345", "external_id": "1", "jurisdiction": TOWN, "kind": Kind.COMPLAINT} | fields
    return ruleset.interpreter.understand(Report.model_validate(given), "incident", now)


def told(ruleset: Compiled, channel: str, milestone: Milestone, agency: str, start: str, due: str) -> list[object]:
    calendar = ladder.calendar_of(ruleset, agency)
    steps = ladder.steps(ruleset, channel, milestone, at(start), at(due), calendar)
    return [(f"{step.at:%m-%d %H:%M}", step.do) for step in steps]


@pytest.mark.parametrize(
    ("channel", "agency", "given_at", "until"),
    [
        ("hotline-12345", "housing", "2026-09-30T10:00", "2026-10-08T18:00"),  # a working day, over National Day
        ("petition", "housing", "2026-09-30T10:00", "2026-10-13T18:00"),  # five, of which one is a Saturday (调休)
        ("petition", "housing", "2026-02-12T10:00", "2026-02-26T18:00"),  # over Spring Festival
        ("urban-management", "urban-management", "2026-05-12T17:00", "2026-05-13T09:30"),
        ("police-110", "police-gaoliangjian", "2026-05-12T23:50", "2026-05-13T00:20"),
        ("mailbox", "housing", "2026-02-13T17:00", "2026-02-14T18:00"),  # no word of its own: the county's
    ],
)
def test_a_case_may_be_handed_back_for_as_long_as_its_channel_says(
    hongze: Compiled, channel: str, agency: str, given_at: str, until: str
) -> None:
    assert ladder.return_until(hongze, channel, at(given_at), ladder.calendar_of(hongze, agency)) == at(until)


def test_a_petition_is_returned_with_approval_extended_by_thirty_days_and_open_to_review_for_thirty(
    hongze: Compiled,
) -> None:
    petition = ladder.lifecycle_of(hongze, "petition")
    assert petition.returns_need_approval
    assert (petition.extension.max, str(petition.extension.longest)) == (1, "30d")
    assert petition.follow_up.on is FollowUpOn.NONE
    assert ladder.close_due(hongze, "petition", at("2026-09-01T10:00")) == at("2026-10-08T18:00")  # the 30th day: 10-01
    assert not ladder.lifecycle_of(hongze, "hotline-12345").returns_need_approval


def test_what_is_checked_on_the_spot_is_checked_within_working_hours_and_closes_at_once(hongze: Compiled) -> None:
    urban = ladder.lifecycle_of(hongze, "urban-management")
    assert urban.verify
    assert urban.follow_up.on is FollowUpOn.NONE
    assert ladder.follow_up_due(hongze, "urban-management", at("2026-05-12T11:30")) == at("2026-05-12T15:30")
    assert ladder.close_due(hongze, "urban-management", at("2026-05-12T11:30")) is None
    assert not any(ladder.lifecycle_of(hongze, channel).verify for channel in ("hotline-12345", "petition", "grid"))


def test_the_hotline_calls_back_on_the_working_day_after(hongze: Compiled) -> None:
    assert ladder.follow_up_due(hongze, "hotline-12345", at("2026-09-30T17:00")) == at("2026-10-08T18:00")


def test_a_police_report_is_urged_by_the_minute_at_night_too(hongze: Compiled) -> None:
    acknowledging = told(
        hongze, "police-110", Milestone.ACKNOWLEDGE, "police-gaoliangjian", "2026-05-12T22:00", "2026-05-12T23:00"
    )
    assert acknowledging == [
        ("05-12 23:00", OVERDUE),
        ("05-12 23:00", REMIND),
        ("05-12 23:10", SUPERVISE),
        ("05-12 23:30", ESCALATE),
    ]


def test_an_ordinary_case_is_warned_of_urged_supervised_and_put_before_the_next_level(hongze: Compiled) -> None:
    resolving = told(hongze, "hotline-12345", Milestone.RESOLVE, "housing", "2026-09-28T10:00", "2026-10-13T18:00")
    assert resolving == [
        ("10-10 16:24", REMIND),  # four fifths of the time: a Saturday that is worked (调休)
        ("10-13 18:00", OVERDUE),
        ("10-13 18:00", REMIND),
        ("10-14 18:00", SUPERVISE),
        ("10-20 18:00", ESCALATE),
    ]


def test_a_statutory_deadline_is_supervised_the_moment_it_passes(hongze: Compiled) -> None:
    for milestone in Milestone:
        steps = ladder.steps(hongze, "petition", milestone, at("2026-05-12T10:00"), at("2026-05-27T18:00"), None)
        assert [step.do for step in steps if step.at == at("2026-05-27T18:00")] == [OVERDUE, SUPERVISE]


def test_every_channel_urges_every_milestone_and_ends_one_level_up(hongze: Compiled) -> None:
    for channel in hongze.ruleset.channels:
        for milestone in Milestone:
            rungs = ladder.lifecycle_of(hongze, channel).ladder[milestone]
            assert rungs[-1].do is ESCALATE, (channel, milestone)
            assert {rung.do for rung in rungs} == {REMIND, SUPERVISE, ESCALATE}, (channel, milestone)


def test_whoever_is_above_a_village_station_is_found_level_by_level_up_to_the_city(hongze: Compiled) -> None:
    above = [ladder.supervisor_at(hongze, "grid-gaoliangjian", level) for level in (1, 2, 3, 4, 5)]
    centre = ["governance-gaoliangjian", "governance-centre", "command-centre"]
    assert above == [*centre, "city-platform", "city-platform"]
    for code, agency in hongze.ruleset.agencies.items():
        assert (ladder.supervisor_at(hongze, code, 1) is None) is agency.top, code


def decided(hongze: Compiled, code: str, place: str, returned_by: tuple[str, ...] = ()) -> Decision:
    now = at("2026-05-12T10:00")
    incident = reported(hongze, now, channel="urban-management", category=code, jurisdiction=place, title="见类别")
    state = DecisionState(round=1 + len(returned_by), first_dispatched_at=now, returned_by=returned_by)
    return decide(incident, state, hongze, now)


def of(hongze: Compiled, branch: str) -> list[str]:
    return [code for code in hongze.ruleset.categories if code == branch or code.startswith(f"{branch}/")]


def test_a_thing_goes_to_its_owner_first_and_then_towards_the_place(hongze: Compiled) -> None:
    for code in of(hongze, "facility"):
        first = decided(hongze, code, TOWN)
        owner = hongze.ruleset.agencies[first.lead]
        assert owner.tier == "district", code
        assert owner.function not in {"government", "command"}, code
        row = hongze.rules[first.route]
        assert {"function": "government", "tier": "town"} in [
            {"function": target.function, "tier": target.tier}
            for target in getattr(row, "on_return", ())
            if hasattr(target, "function")
        ], first.route
        assert decided(hongze, code, TOWN, (first.lead,)).lead != first.lead, code


def test_an_event_goes_to_the_place_first_and_then_to_the_owner(hongze: Compiled) -> None:
    for code in of(hongze, "urban"):
        first = decided(hongze, code, TOWN)
        assert hongze.ruleset.agencies[first.lead].tier == "town", code
        second = decided(hongze, code, TOWN, (first.lead,))
        assert second.lead == "urban-management", code
        assert decided(hongze, code, "320813106").lead in {"urban-management", "gov-sanhe"}, code  # no bureau there


def test_a_surge_hurries_a_case_tells_the_command_centre_and_leaves_it_where_it_is(hongze: Compiled) -> None:
    now = at("2026-05-12T10:00")
    incident = reported(hongze, now, title="医保卡刷不了", category="labour/medical-insurance")
    first = decide(incident, DecisionState(), hongze, now)
    assert first.urgency is Urgency.NORMAL
    later = at("2026-05-12T10:42")
    known = amended(incident, Correction(tags=("surge",)))
    state = DecisionState(first_dispatched_at=now, reporters=30, reports=30)
    again = amend(known, state, hongze, later, lead=first.lead, route=first.route, dispatched_at=now)
    assert (again.lead, again.route, again.round) == (first.lead, first.route, 1)
    assert again.urgency is Urgency.URGENT
    assert {"surge", "group-matter"} <= set(again.overlays)
    assert "command-centre" in {role.agency for role in again.roles if role.role is Role.INFORMED}
    before, after = ({due.milestone: due.at for due in decision.due} for decision in (first, again))
    assert all(after[milestone] < before[milestone] for milestone in Milestone)
    assert after[Milestone.RESPOND] == at("2026-05-12T16:00")


def test_new_york_goes_by_its_own_hours_and_days_and_by_time_that_passes(nyc: Compiled) -> None:
    zone = "America/New_York"
    given_at = at("2026-11-02T10:00", zone)  # Monday; Tuesday is Election Day
    assert ladder.return_until(nyc, "nyc-311", given_at, None) == at("2026-11-05T17:00", zone)
    start, due = at("2026-10-31T18:00", zone), at("2026-11-01T18:00", zone)  # 25 hours: the clocks go back
    steps = ladder.steps(nyc, "nyc-311", Milestone.RESOLVE, start, due, "always")
    assert [(step.do, step.at) for step in steps[:3]] == [
        (REMIND, at("2026-11-01T13:00", zone)),
        (OVERDUE, due),
        (SUPERVISE, due),
    ]
    assert (steps[0].at.astimezone(UTC) - start.astimezone(UTC)).total_seconds() == 20 * 3600


def test_new_york_calls_nobody_back(nyc: Compiled) -> None:
    assert ladder.lifecycle_of(nyc, "nyc-311").follow_up.on is FollowUpOn.NONE
    assert ladder.close_due(nyc, "nyc-311", at("2026-11-20T10:00", "America/New_York")) == at(
        "2026-11-30T17:00", "America/New_York"
    )  # Thanksgiving is no working day
