"""What a changed calendar does to deadlines, counted by hand from the calendar of 2026."""

from collections.abc import Callable

from routing_rules.engine.compiler import Compiled
from routing_rules.tools.differences.dates import shifted

Files = dict[str, bytes]
Build = Callable[[Files], Compiled]
CALENDAR = "calendars/cn-2026.yaml"


def test_calendars_that_agree_move_nothing(county: Files, build: Build) -> None:
    assert shifted(build(county), build(county)) == []


def test_a_working_saturday_taken_out_moves_the_deadlines_that_counted_it(
    county: Files, put: Callable[..., Files], build: Build
) -> None:
    """2026-05-09 is a Saturday worked for a holiday: without it business days that ended there end on Monday."""
    told = {each.span.unit.value: each for each in shifted(build(county), build(put(CALENDAR, '"2026-05-09", ', "")))}
    days = told["bd"]
    assert days.of == 365
    assert str(days.span) == "2bd"
    assert days.starts == 2  # Thursday the 7th and Friday the 8th are those that counted the 9th
    (example,) = days.examples
    told_days = [moment.strftime("%m-%d %H:%M") for moment in example]
    assert told_days == ["05-07 10:00", "05-09 18:00", "05-11 18:00"]


def test_hours_of_a_day_moved_by_half_an_hour_move_every_working_hour(
    county: Files, put: Callable[..., Files], build: Build
) -> None:
    moved = put(CALENDAR, '["08:30-12:00", "14:00-18:00"]', '["08:30-12:00", "14:00-17:30"]')
    told = shifted(build(county), build(moved))
    starts = {each.span.unit.value: (each.starts, len(each.examples)) for each in told}
    assert starts["bd"] == (365, 1)  # every day's close is half an hour earlier; one run of days, one example
