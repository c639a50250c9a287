"""The clocks of a case: ladders in order and within working hours, windows by 调休, a channel's rules, who is above."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Milestone, TimerKind
from routing_rules.engine import ladder
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.schema import Calendar, Extension, FollowUp, Lifecycle, Reopen, Rung

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
REMIND, OVERDUE, SUPERVISE, ESCALATE = TimerKind.REMIND, TimerKind.OVERDUE, TimerKind.SUPERVISE, TimerKind.ESCALATE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def rung(make: SimpleNamespace, when: str, do: TimerKind) -> Rung:
    if when == "due":
        return Rung(do)
    if when.endswith("%"):
        return Rung(do, percent=int(when[:-1]))
    return Rung(do, after=make.span(when.removeprefix("+")))


def followed(make: SimpleNamespace, *rungs: tuple[str, TimerKind], **more: Any) -> Compiled:
    """Return a county in which every milestone has this ladder."""
    made = tuple(rung(make, when, do) for when, do in rungs)
    lifecycle = Lifecycle(ladder=dict.fromkeys(Milestone, made))
    return compile_ruleset(make.county(**{"lifecycle": lifecycle} | more))


def told(compiled: Compiled, start: str, due: str, calendar: str | None = None) -> list[tuple[str, TimerKind, int]]:
    steps = ladder.steps(compiled, "hotline", Milestone.RESOLVE, at(start), at(due), calendar)
    return [(f"{step.at:%m-%d %H:%M}", step.do, step.step) for step in steps]


WHOLE = (("80%", REMIND), ("due", REMIND), ("+2wh", SUPERVISE), ("+1bd", ESCALATE))


def test_a_ladder_runs_from_before_the_deadline_to_after_it_in_order_of_time(make: SimpleNamespace) -> None:
    compiled = followed(make, *WHOLE)
    assert told(compiled, "2026-05-11T08:30", "2026-05-12T18:00") == [
        ("05-12 11:18", REMIND, 1),
        ("05-12 18:00", OVERDUE, 0),
        ("05-12 18:00", REMIND, 2),
        ("05-13 10:30", SUPERVISE, 3),
        ("05-13 18:00", ESCALATE, 4),
    ]


def test_a_share_that_falls_into_the_night_or_a_holiday_waits_for_the_next_opening(make: SimpleNamespace) -> None:
    compiled = followed(make, ("50%", REMIND))
    assert told(compiled, "2026-05-11T18:00", "2026-05-12T18:00")[0] == ("05-12 08:30", REMIND, 1)
    assert told(compiled, "2026-02-13T17:00", "2026-02-27T18:00")[0] == ("02-24 08:30", REMIND, 1)  # Spring Festival
    assert told(compiled, "2026-05-12T11:00", "2026-05-12T15:00")[0] == ("05-12 14:00", REMIND, 1)  # the break


def test_a_share_never_moves_past_the_deadline(make: SimpleNamespace) -> None:
    compiled = followed(make, ("80%", REMIND))
    night = told(compiled, "2026-05-11T22:00", "2026-05-11T23:00")  # due before anybody opens
    assert night == [("05-11 23:00", OVERDUE, 0), ("05-11 23:00", REMIND, 1)]
    late = told(compiled, "2026-05-13T10:00", "2026-05-12T18:00")  # given anew when the deadline has long passed
    assert late == [("05-12 18:00", OVERDUE, 0), ("05-12 18:00", REMIND, 1)]


def test_an_agency_that_is_always_open_is_reminded_at_night_too(make: SimpleNamespace) -> None:
    compiled = followed(make, ("50%", REMIND), ("+2wh", SUPERVISE))
    assert told(compiled, "2026-05-11T22:00", "2026-05-11T23:00", "always") == [
        ("05-11 22:30", REMIND, 1),
        ("05-11 23:00", OVERDUE, 0),
        ("05-12 01:00", SUPERVISE, 2),
    ]


@pytest.mark.parametrize(
    ("given_at", "within", "until"),
    [  # STANDARDS §4 and RULE-LANGUAGE §8
        ("2026-02-13T17:00", "1bd", "2026-02-14T18:00"),
        ("2026-02-13T09:00", "5bd", "2026-02-27T18:00"),
        ("2026-09-30T09:00", "1bd", "2026-10-08T18:00"),
        ("2026-09-18T09:00", "5bd", "2026-09-24T18:00"),
        ("2026-04-30T09:00", "5bd", "2026-05-11T18:00"),
        ("2026-02-13T17:00", "4wh", "2026-02-14T11:30"),
        ("2026-04-28T10:00", "5d", "2026-05-06T18:00"),
        ("2026-05-12T10:00", "30m", "2026-05-12T10:30"),
    ],
)
def test_windows_follow_the_calendar_with_its_exchanged_days(
    make: SimpleNamespace, given_at: str, within: str, until: str
) -> None:
    span = make.span(within)
    lifecycle = Lifecycle(
        return_within=span, follow_up=FollowUp(within=span, close_after=span), reopen=Reopen(deadline=span)
    )
    compiled = compile_ruleset(make.county(lifecycle=lifecycle))
    moment = at(given_at)
    assert ladder.return_until(compiled, "hotline", moment, None) == at(until)
    assert ladder.follow_up_due(compiled, "hotline", moment) == at(until)
    assert ladder.close_due(compiled, "hotline", moment) == at(until)
    assert ladder.reopen_due(compiled, "hotline", moment, None) == at(until)


def test_no_window_is_no_moment(make: SimpleNamespace) -> None:
    none = make.span("none")
    lifecycle = Lifecycle(
        return_within=none, follow_up=FollowUp(within=none, close_after=none), reopen=Reopen(deadline=none)
    )
    compiled = compile_ruleset(make.county(lifecycle=lifecycle))
    moment = at("2026-05-12T10:00")
    assert ladder.return_until(compiled, "hotline", moment, None) is None
    assert ladder.follow_up_due(compiled, "hotline", moment) is None
    assert ladder.close_due(compiled, "hotline", moment) is None
    assert ladder.reopen_due(compiled, "hotline", moment, None) is None


def test_the_time_for_a_return_and_for_doing_it_again_is_by_the_agencys_own_hours(make: SimpleNamespace) -> None:
    four = make.span("4wh")
    compiled = compile_ruleset(make.county(lifecycle=Lifecycle(return_within=four, reopen=Reopen(deadline=four))))
    evening = at("2026-05-12T20:00")
    assert ladder.return_until(compiled, "hotline", evening, "always") == at("2026-05-13T00:00")
    assert ladder.return_until(compiled, "hotline", evening, None) == at("2026-05-13T14:30")
    assert ladder.reopen_due(compiled, "hotline", evening, "always") == at("2026-05-13T00:00")
    assert ladder.reopen_due(compiled, "hotline", evening, None) == at("2026-05-13T14:30")


def test_a_channel_is_followed_by_its_own_rules_and_any_other_by_the_countys(make: SimpleNamespace) -> None:
    minutes = Lifecycle(return_within=make.span("30m"), extension=Extension(max=0), ladder={})
    compiled = compile_ruleset(make.county(lifecycle_by_channel={"police": minutes}))
    assert ladder.lifecycle_of(compiled, "police") is minutes
    assert ladder.lifecycle_of(compiled, "hotline") is compiled.ruleset.lifecycle
    assert ladder.lifecycle_of(compiled, "no-such-channel") is compiled.ruleset.lifecycle
    given_at, due = at("2026-05-12T10:00"), at("2026-05-12T11:00")
    assert ladder.return_until(compiled, "police", given_at, None) == at("2026-05-12T10:30")
    alone = ladder.steps(compiled, "police", Milestone.RESOLVE, given_at, due, None)
    assert alone == (ladder.Step(due, OVERDUE, 0),)
    assert len(ladder.steps(compiled, "hotline", Milestone.RESOLVE, given_at, due, None)) == 4


def test_what_is_remembered_of_one_ladder_is_not_said_of_another(make: SimpleNamespace) -> None:
    hour, day = rung(make, "+1wh", SUPERVISE), rung(make, "+1bd", ESCALATE)
    lifecycle = Lifecycle(ladder={Milestone.ACKNOWLEDGE: (hour,), Milestone.RESOLVE: (day,)})
    compiled = compile_ruleset(make.county(lifecycle=lifecycle))
    start, due = at("2026-05-12T10:00"), at("2026-05-12T18:00")

    def last(milestone: Milestone, calendar: str | None) -> ladder.Step:
        return ladder.steps(compiled, "hotline", milestone, start, due, calendar)[-1]

    for _ in range(2):
        assert last(Milestone.ACKNOWLEDGE, None) == (at("2026-05-13T09:30"), SUPERVISE, 1)
        assert last(Milestone.ACKNOWLEDGE, "always") == (at("2026-05-12T19:00"), SUPERVISE, 1)
        assert last(Milestone.RESOLVE, None) == (at("2026-05-13T18:00"), ESCALATE, 1)
        assert last(Milestone.RESPOND, None) == (due, OVERDUE, 0)


def test_calling_back_and_closing_each_have_their_own_time(make: SimpleNamespace) -> None:
    follow_up = FollowUp(within=make.span("1bd"), close_after=make.span("3bd"))
    compiled = compile_ruleset(make.county(lifecycle=Lifecycle(follow_up=follow_up)))
    resolved = at("2026-05-12T10:00")
    assert ladder.follow_up_due(compiled, "hotline", resolved) == at("2026-05-13T18:00")
    assert ladder.close_due(compiled, "hotline", resolved) == at("2026-05-15T18:00")


def test_a_ruleset_that_says_nothing_reminds_supervises_and_escalates(make: SimpleNamespace) -> None:
    compiled = compile_ruleset(make.county())
    assert told(compiled, "2026-05-11T10:00", "2026-05-15T18:00") == [
        ("05-15 18:00", OVERDUE, 0),
        ("05-15 18:00", REMIND, 1),
        ("05-18 18:00", SUPERVISE, 2),
        ("05-20 18:00", ESCALATE, 3),
    ]


def test_levels_climb_to_the_top_and_stay_there(make: SimpleNamespace) -> None:
    compiled = compile_ruleset(make.county())
    above = [ladder.supervisor_at(compiled, "urban-a", level) for level in range(6)]
    assert above == [None, "urban", "centre", "city-platform", "city-platform", "city-platform"]
    assert ladder.supervisor_at(compiled, "city-platform", 1) is None
    assert ladder.supervisor_at(compiled, "nobody", 1) is None


def test_supervisors_in_a_circle_are_climbed_once(make: SimpleNamespace) -> None:
    agencies = make.county().agencies
    ring = {
        "urban": replace(agencies["urban"], supervisor="urban-a"),
        "urban-a": replace(agencies["urban-a"], supervisor="urban"),
    }
    compiled = compile_ruleset(make.county(agencies=agencies | ring))
    assert [ladder.supervisor_at(compiled, "urban-a", level) for level in (1, 2, 9)] == ["urban"] * 3


def test_the_calendar_is_the_agencys_or_none_for_the_countys(make: SimpleNamespace) -> None:
    agencies = make.county().agencies
    always = replace(agencies["police"], calendar="always")
    compiled = compile_ruleset(make.county(agencies=agencies | {"police": always}))
    assert ladder.calendar_of(compiled, "police") == "always"
    assert ladder.calendar_of(compiled, "urban") is None
    assert ladder.calendar_of(compiled, "nobody") is None


def new_york(make: SimpleNamespace, *rungs: tuple[str, TimerKind]) -> Compiled:
    year = Calendar("ny", 2026, frozenset(range(7)), ((0, 1440),))
    return followed(make, *rungs, calendars={("ny", 2026): year}, calendar="ny", timezone="America/New_York")


@pytest.mark.parametrize(
    ("start", "due", "half"),
    [
        ((2026, 3, 8, 0, 0), (2026, 3, 8, 6, 0), (2026, 3, 8, 3, 30)),  # five hours: the clock goes forward at 2
        ((2026, 11, 1, 0, 0), (2026, 11, 1, 6, 0), (2026, 11, 1, 2, 30)),  # seven: it goes back at 2
    ],
)
def test_a_share_is_of_time_that_passes_whatever_the_clocks_do(
    make: SimpleNamespace, start: tuple[int, ...], due: tuple[int, ...], half: tuple[int, ...]
) -> None:
    compiled = new_york(make, ("50%", REMIND))
    begun, end, middle = (datetime(*parts, tzinfo=NEW_YORK) for parts in (start, due, half))  # type: ignore[misc,arg-type]
    steps = ladder.steps(compiled, "hotline", Milestone.RESOLVE, begun, end, None)
    assert [step.at for step in steps] == [middle, end]
    passed = steps[0].at.astimezone(UTC) - begun.astimezone(UTC)
    assert passed * 2 == end.astimezone(UTC) - begun.astimezone(UTC)


def test_steps_go_by_the_instant_where_an_hour_comes_twice(make: SimpleNamespace) -> None:
    compiled = new_york(make, ("+30m", REMIND), ("+60m", SUPERVISE))
    due = datetime(2026, 11, 1, 1, 45, tzinfo=NEW_YORK)  # the first 01:45 of the two
    steps = ladder.steps(compiled, "hotline", Milestone.RESOLVE, due - timedelta(hours=1), due, None)
    assert [step.do for step in steps] == [OVERDUE, REMIND, SUPERVISE]
    instants = [step.at.astimezone(UTC) for step in steps]
    assert [then - instants[0] for then in instants] == [timedelta(), timedelta(minutes=30), timedelta(hours=1)]


MORNING = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 330 * 86_400).map(lambda s: MORNING + timedelta(seconds=s))
whens = st.one_of(
    st.integers(1, 100).map(lambda n: f"{n}%"),
    st.just("due"),
    st.tuples(st.integers(1, 12), st.sampled_from(["m", "h", "wh", "bd", "d"])).map(lambda p: f"+{p[0]}{p[1]}"),
)
ladders = st.lists(st.tuples(whens, st.sampled_from([REMIND, SUPERVISE, ESCALATE])), max_size=6)


@given(rungs=ladders, start=moments, length=st.integers(60, 40 * 86_400), calendar=st.sampled_from([None, "always"]))
def test_every_rung_is_a_step_once_in_order_and_in_its_place(
    make: SimpleNamespace, rungs: list[tuple[str, TimerKind]], start: datetime, length: int, calendar: str | None
) -> None:
    compiled = followed(make, *rungs)
    due = start + timedelta(seconds=length)
    steps = ladder.steps(compiled, "hotline", Milestone.RESOLVE, start, due, calendar)
    assert sorted(step.step for step in steps) == list(range(len(rungs) + 1))
    assert all((one.at, one.step) <= (two.at, two.step) for one, two in pairwise(steps))
    for step in steps:
        if step.step == 0:
            assert (step.do, step.at) == (OVERDUE, due)
            continue
        when, do = rungs[step.step - 1]
        assert step.do is do
        assert step.at.tzinfo == compiled.calendars.zone
        if when.endswith("%"):
            assert start < step.at <= due
            share = start + (due - start) * int(when[:-1]) / 100
            opening = compiled.calendars.opening(share, calendar)
            assert step.at == min(opening, due)
        else:
            assert step.at >= due
            assert (step.at == due) is (when == "due")
    assert ladder.steps(compiled, "hotline", Milestone.RESOLVE, start, due, calendar) == steps


@given(
    start=moments,
    length=st.integers(60, 40 * 86_400),
    sooner=st.integers(1, 59),
    calendar=st.sampled_from([None, "always"]),
)
def test_a_tighter_deadline_puts_no_step_later(
    make: SimpleNamespace, start: datetime, length: int, sooner: int, calendar: str | None
) -> None:
    compiled = followed(make, *WHOLE)
    due = start + timedelta(seconds=length)
    tighter = due - timedelta(seconds=sooner)
    of = [ladder.steps(compiled, "hotline", Milestone.RESOLVE, start, end, calendar) for end in (tighter, due)]
    first, second = ({step.step: step.at for step in steps} for steps in of)
    assert all(first[number] <= second[number] for number in second)


@given(moment=moments)
def test_an_opening_is_a_moment_at_which_people_work_and_never_an_earlier_one(
    make: SimpleNamespace, moment: datetime
) -> None:
    calendars = compile_ruleset(make.county()).calendars
    opening = calendars.opening(moment)
    minute = opening.hour * 60 + opening.minute
    assert opening >= moment
    assert "workday" in calendars.words(opening.date())
    assert 510 <= minute < 720 or 840 <= minute < 1080
    assert calendars.opening(opening) == opening
    assert calendars.opening(moment, "always") == moment
