"""Deadline arithmetic against the vectors of RULE-LANGUAGE §8 and STANDARDS §4."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing_rules.engine.calendars import Calendars
from routing_rules.engine.schema import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def calendars(make: SimpleNamespace) -> Calendars:
    return Calendars(make.county())


VECTORS = [
    ("2026-02-13T17:00", "4wh", "2026-02-14T11:30"),  # Friday before Spring Festival; Saturday is worked (调休)
    ("2026-02-13T17:00", "2bd", "2026-02-24T18:00"),
    ("2026-05-09T10:00", "1bd", "2026-05-11T18:00"),  # from a worked Saturday, which isn't counted
    ("2026-04-28T10:00", "5d", "2026-05-06T18:00"),  # the fifth day is a holiday
    ("2026-02-13T09:00", "1bd", "2026-02-14T18:00"),  # STANDARDS §4
    ("2026-02-13T09:00", "5bd", "2026-02-27T18:00"),
    ("2026-09-30T09:00", "1bd", "2026-10-08T18:00"),
    ("2026-09-18T09:00", "5bd", "2026-09-24T18:00"),
    ("2026-04-30T09:00", "5bd", "2026-05-11T18:00"),
    ("2026-05-12T10:00", "30m", "2026-05-12T10:30"),
    ("2026-05-12T23:30", "2h", "2026-05-13T01:30"),  # day and night
    ("2026-05-11T09:00", "40h", "2026-05-13T01:00"),  # G44: Tuesday 18:00 beats Wednesday 01:00
    ("2026-05-11T09:00", "1bd", "2026-05-12T18:00"),
    ("2026-05-16T09:00", "40h", "2026-05-18T01:00"),  # and from Saturday the other way round
    ("2026-05-16T09:00", "1bd", "2026-05-18T18:00"),
    ("2026-05-12T13:00", "1wh", "2026-05-12T15:00"),  # in the break: next opening
    ("2026-05-12T17:00", "1wh", "2026-05-12T18:00"),  # ends at close, not at the next opening
    ("2026-05-12T18:00", "1wh", "2026-05-13T09:30"),
    ("2026-05-12T07:00", "1wh", "2026-05-12T09:30"),
    ("2026-05-12T11:30", "1wh", "2026-05-12T14:30"),
    ("2026-05-12T10:00", "15d", "2026-05-27T18:00"),
]


@pytest.mark.parametrize(("start", "written", "due"), VECTORS)
def test_a_span_falls_due_where_the_text_says(
    calendars: Calendars, make: SimpleNamespace, start: str, written: str, due: str
) -> None:
    assert calendars.due(make.span(written), at(start)) == at(due)


def test_none_is_no_deadline(calendars: Calendars, make: SimpleNamespace) -> None:
    assert calendars.due(make.span("none"), at("2026-05-12T10:00")) is None


def test_an_agency_that_is_always_open_works_every_hour_and_still_counts_days_by_the_county(
    calendars: Calendars, make: SimpleNamespace
) -> None:
    friday = at("2026-02-13T23:00")
    assert calendars.due(make.span("4wh"), friday, "always") == at("2026-02-14T03:00")
    assert calendars.due(make.span("2bd"), friday, "always") == at("2026-02-24T18:00")


def test_an_agency_may_have_a_calendar_of_its_own(make: SimpleNamespace) -> None:
    six_days = make.calendar_2026(id="shops", week=frozenset(range(6)), hours=((600, 1200),))
    calendars = Calendars(make.county(calendars={("cn", 2026): make.calendar_2026(), ("shops", 2026): six_days}))
    assert calendars.due(make.span("1bd"), at("2026-05-15T10:00"), "shops") == at("2026-05-16T20:00")


def test_the_names_of_a_day_follow_the_calendar_with_its_exchanged_days(calendars: Calendars) -> None:
    assert calendars.words(date(2026, 2, 14)) == {"sat", "workday"}
    assert calendars.words(date(2026, 5, 1)) == {"fri", "restday", "holiday"}
    assert calendars.words(date(2026, 5, 16)) == {"sat", "restday"}
    assert calendars.words(date(2026, 5, 12)) == {"tue", "workday"}


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-05-12T08:29", "2026-05-12T08:30"),
        ("2026-05-12T08:30", "2026-05-12T08:30"),
        ("2026-05-12T11:59", "2026-05-12T11:59"),
        ("2026-05-12T12:00", "2026-05-12T14:00"),  # the close itself is outside
        ("2026-05-12T18:00", "2026-05-13T08:30"),
        ("2026-02-13T18:00", "2026-02-14T08:30"),  # a Saturday that is worked (调休)
        ("2026-02-14T18:00", "2026-02-24T08:30"),
    ],
)
def test_an_opening_is_the_moment_itself_or_the_next_at_which_people_work(
    calendars: Calendars, moment: str, opening: str
) -> None:
    assert calendars.opening(at(moment)) == at(opening)


def test_a_year_without_calendar_is_monday_to_friday_and_told(calendars: Calendars, make: SimpleNamespace) -> None:
    start = at("2026-12-31T10:00")  # Thursday; New Year 2027 is a Friday that nobody declared a holiday
    assert calendars.due(make.span("1bd"), start) == at("2027-01-01T18:00")
    assert calendars.gaps(start, at("2027-01-01T18:00")) == (2027,)
    assert calendars.gaps(start, at("2026-12-31T12:00")) == ()


def test_a_ruleset_without_any_calendar_still_has_deadlines(make: SimpleNamespace) -> None:
    calendars = Calendars(make.county(calendars={}))
    assert calendars.due(make.span("1bd"), at("2026-05-15T10:00")) == at("2026-05-18T17:00")
    assert calendars.due(make.span("2wh"), at("2026-05-15T16:00")) == at("2026-05-18T10:00")


def test_a_calendar_of_no_working_day_at_all_does_not_hang(make: SimpleNamespace) -> None:
    idle = Calendar("cn", 2026, frozenset(), ())
    calendars = Calendars(make.county(calendars={("cn", 2026): idle}))
    assert calendars.due(make.span("1bd"), at("2026-05-15T10:00")) == at("2026-05-18T17:00")


def test_working_hours_survive_the_change_of_the_clocks(make: SimpleNamespace) -> None:
    hours = ((0, 1440),)  # round the clock: the night of the change has 23 hours
    whole = Calendar("ny", 2026, frozenset(range(7)), hours)
    calendars = Calendars(make.county(calendars={("ny", 2026): whole}, calendar="ny", timezone="America/New_York"))
    start = datetime(2026, 3, 7, 22, 0, tzinfo=ZoneInfo("America/New_York"))
    due = calendars.due(make.span("6wh"), start)
    assert due is not None
    assert due.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=6)
    assert (due.hour, due.minute) == (5, 0)


MORNING = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 304 * 86_400).map(lambda s: (MORNING + timedelta(seconds=s)).astimezone(SHANGHAI))


@given(start=moments, count=st.integers(1, 20), unit=st.sampled_from(["m", "h", "wh", "bd", "d"]))
def test_a_deadline_lies_ahead_and_a_longer_span_never_falls_due_sooner(
    make: SimpleNamespace, calendars: Calendars, start: datetime, count: int, unit: str
) -> None:
    due = [calendars.due(make.span(f"{n}{unit}"), start) for n in range(count, count + 3)]
    assert all(moment is not None and moment > start for moment in due)
    assert all(first <= second for first, second in pairwise(due))  # type: ignore[operator]


@given(start=moments, count=st.integers(1, 15), unit=st.sampled_from(["bd", "d"]))
def test_counted_days_end_at_the_close_of_a_working_day(
    make: SimpleNamespace, calendars: Calendars, start: datetime, count: int, unit: str
) -> None:
    due = calendars.due(make.span(f"{count}{unit}"), start)
    assert due is not None
    assert "workday" in calendars.words(due.date())
    assert (due.hour, due.minute) == (18, 0)


@given(start=moments, hours=st.integers(1, 40))
def test_working_hours_end_while_people_work(
    make: SimpleNamespace, calendars: Calendars, start: datetime, hours: int
) -> None:
    due = calendars.due(make.span(f"{hours}wh"), start)
    assert due is not None
    minute = due.hour * 60 + due.minute + due.second / 60
    assert "workday" in calendars.words(due.date())
    assert 510 < minute <= 720 or 840 < minute <= 1080


def test_the_starting_moment_may_come_in_any_zone(calendars: Calendars, make: SimpleNamespace) -> None:
    local, same = at("2026-05-12T02:00"), datetime(2026, 5, 11, 18, 0, tzinfo=UTC)
    assert calendars.due(make.span("1bd"), same) == calendars.due(make.span("1bd"), local) == at("2026-05-13T18:00")
