"""What a changed calendar does to deadlines: example starts whose deadlines fall otherwise, and how many days do.

Starts are 10:00 local of days of the years that either ruleset has a calendar for; spans are those that the rulesets
write, the most written of each unit. Both moments come from the engine's calendars.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from routing_rules.engine.calendars import Calendars
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import Ruleset, Span, Spans, SpanUnit

_BY_CALENDAR: Final = (SpanUnit.WORKING_HOURS, SpanUnit.BUSINESS_DAYS, SpanUnit.CALENDAR_DAYS)
_START: Final = time(10)
_DAY: Final = timedelta(days=1)
MOST_EXAMPLES: Final = 3


class Example(NamedTuple):
    """A deadline of so much from `start`, by either ruleset, both in its own civil time."""

    start: datetime
    old: datetime
    new: datetime


class Shifted(NamedTuple):
    """One span under one calendar: how many of `of` starts, one a day, fall due otherwise."""

    calendar: str
    span: Span
    starts: int
    of: int
    examples: tuple[Example, ...]


def shifted(old: Compiled, new: Compiled) -> list[Shifted]:
    """Return the spans whose deadlines move for some start, calendar by calendar; nothing where calendars agree."""
    names = dict.fromkeys(name for side in (old, new) for name, _ in side.ruleset.calendars)
    found = []
    for name in names:
        years = sorted({year for side in (old, new) for of, year in side.ruleset.calendars if of == name})
        days = list(_days(years))
        if any(_differ(old.calendars, new.calendars, day, name) for day in days):
            found += [each for span in _spans(old.ruleset, new.ruleset) if (each := _one(old, new, span, name, days))]
    return found


def _days(years: Iterable[int]) -> Iterator[date]:
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            yield day
            day += _DAY


def _differ(old: Calendars, new: Calendars, day: date, name: str) -> bool:
    one, other = old.day(day, name), new.day(day, name)
    return (one.working, one.hours) != (other.working, other.hours)


def _one(old: Compiled, new: Compiled, span: Span, name: str, days: list[date]) -> Shifted | None:
    moved = []
    for day in days:
        start = datetime.combine(day, _START, tzinfo=old.calendars.zone)
        one, other = (side.calendars.due(span, start, name) for side in (old, new))
        if one is not None and other is not None and one != other:
            moved.append(Example(start, one, other))
    return Shifted(name, span, len(moved), len(days), tuple(_spread(moved))) if moved else None


def _spread(moved: list[Example]) -> Iterator[Example]:
    """Yield the first example of each run of days, few in all."""
    last: date | None = None
    told = 0
    for each in moved:
        if (last is None or each.start.date() - last > _DAY) and told < MOST_EXAMPLES:
            told += 1
            yield each
        last = each.start.date()


def _spans(*rulesets: Ruleset) -> list[Span]:
    """Return the most written span of each unit that a calendar counts; of equals the shortest."""
    counted = Counter(span for ruleset in rulesets for spans in _written(ruleset) for span in spans.values())
    found = []
    for unit in _BY_CALENDAR:
        of_unit = [span for span in counted if span.unit is unit]
        found += sorted(of_unit, key=lambda span: (-counted[span], span.count))[:1]
    return found


def _written(ruleset: Ruleset) -> Iterator[Spans]:
    county = ruleset.deadlines
    yield from (county.default, *county.by_kind.values(), *county.by_urgency.values())
    for route in ruleset.routes:
        yield from (route.deadline.spans, *(deadline.spans for deadline in route.deadline_by_kind.values()))
    yield from (overlay.deadline.spans for overlay in ruleset.overlays)
