"""Civil days and deadlines (RULE-LANGUAGE §8): which day is a working day, and when a span written in a rule falls due.

Everything is reckoned in the ruleset's time zone; what comes out is aware and in that zone. A year without a calendar
is taken as Monday to Friday with the hours of the nearest year known, and is told by `gaps`: a decision never fails
for a date. No clock is read here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Calendar, Ruleset, Span, SpanUnit

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS: Final = "always"

_DAY: Final = timedelta(days=1)
_MONDAY_TO_FRIDAY: Final = frozenset(range(5))
_OFFICE_HOURS: Final = ((9 * 60, 17 * 60),)  # of a ruleset that brings no calendar at all
_COUNTED_BY_CALENDAR: Final = frozenset({SpanUnit.WORKING_HOURS, SpanUnit.BUSINESS_DAYS, SpanUnit.CALENDAR_DAYS})
CLOCK: Final = {SpanUnit.MINUTES: timedelta(minutes=1), SpanUnit.HOURS: timedelta(hours=1)}
"""What a span by the clock counts; every other unit needs a calendar."""


@dataclass(frozen=True)
class Day:
    """One civil day: whether people work, the holiday's name if it is one, and the opening hours as UTC instants."""

    on: date
    working: bool
    holiday: str | None
    hours: tuple[tuple[datetime, datetime], ...]

    @property
    def close(self) -> datetime:
        """Return the end of the day's last opening hours (of a rest day: those it would have)."""
        return self.hours[-1][1]

    @property
    def words(self) -> frozenset[str]:
        """Return what a rule's `days` may call this day (G10)."""
        kinds = {WEEKDAYS[self.on.weekday()], "workday" if self.working else "restday"}
        return frozenset(kinds | {"holiday"} if self.holiday else kinds)


class Calendars:
    """The calendars of one ruleset. Days are worked out once each and kept."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.zone = ZoneInfo(ruleset.timezone)
        self._id = ruleset.calendar
        self._years = ruleset.calendars
        self._days: dict[tuple[str, date], Day] = {}
        self._words: dict[date, frozenset[str]] = {}
        self._due: dict[tuple[str, SpanUnit, int, date], datetime] = {}

    def local(self, moment: datetime) -> datetime:
        """Return an aware moment in the ruleset's civil time."""
        return moment.astimezone(self.zone)

    def words(self, on: date) -> frozenset[str]:
        """Return the names of a day (mon…sun, workday, restday, holiday) by the county's calendar."""
        found = self._words.get(on)
        if found is None:
            found = keep(self._words, on, self.day(on).words)
        return found

    def known(self, year: int, calendar: str | None = None) -> bool:
        """Say whether the named calendar, the county's by default, has this year."""
        return (calendar or self._id, year) in self._years

    def gaps(self, start: datetime, end: datetime, calendar: str | None = None) -> tuple[int, ...]:
        """Return the local years from start to end that the named calendar, the county's by default, lacks."""
        years = range(self.local(start).year, self.local(end).year + 1)
        return tuple(year for year in years if not self.known(year, calendar))

    def day(self, on: date, calendar: str | None = None) -> Day:
        """Return the day by the named calendar, the county's by default."""
        key = (calendar or self._id, on)
        found = self._days.get(key)
        return found or keep(self._days, key, self._make_day(*key))

    def due(self, span: Span, start: datetime, calendar: str | None = None, on: date | None = None) -> datetime | None:
        """Return the instant at which `span` from `start` runs out, None for `none`.

        `calendar` is that of the leading agency; with `always` its working hours are all hours (G45) and days are
        still the county's. `on` is the local day of `start`, for who knows it already.
        """
        if span.unit is SpanUnit.NONE:
            return None
        always = calendar == ALWAYS
        unit = SpanUnit.HOURS if always and span.unit is SpanUnit.WORKING_HOURS else span.unit
        if unit in CLOCK:
            return self.after(start, span.count * CLOCK[unit])
        name = self._id if always or calendar is None else calendar
        day = on or self.local(start).date()
        if unit is SpanUnit.WORKING_HOURS:
            return self._after_working(timedelta(hours=span.count), _utc(start), day, name)
        return self._after_days(unit, span.count, day, name)

    def after(self, start: datetime, left: timedelta) -> datetime:
        """Return the local moment at which so much time has passed since an aware `start`."""
        return self.local(_utc(start) + left)

    def opening(self, moment: datetime, calendar: str | None = None) -> datetime:
        """Return the moment itself within working hours, else the next opening, local. With `always` it never waits."""
        utc = _utc(moment)
        if calendar == ALWAYS:
            return self.local(utc)
        for day in self._from(self.local(utc).date(), calendar or self._id):
            for opens, closes in day.hours if day.working else ():
                if utc < closes:
                    return self.local(max(utc, opens))
        raise AssertionError("days do not end")

    def by_calendar(self, span: Span) -> bool:
        """Say whether a calendar is needed to reckon this span."""
        return span.unit in _COUNTED_BY_CALENDAR

    def _after_working(self, left: timedelta, start: datetime, on: date, calendar: str) -> datetime:
        for day in self._from(on, calendar):
            for opens, closes in day.hours if day.working else ():
                begin = opens if opens > start else start
                if begin >= closes:
                    continue
                if begin + left <= closes:
                    return self.local(begin + left)
                left -= closes - begin
        raise AssertionError("days do not end")

    def _after_days(self, unit: SpanUnit, count: int, on: date, calendar: str) -> datetime:
        key = (calendar, unit, count, on)
        found = self._due.get(key)
        return found or keep(self._due, key, self.local(self._last_day(unit, count, on, calendar).close))

    def _last_day(self, unit: SpanUnit, count: int, on: date, calendar: str) -> Day:
        """Return the day the count ends on: the starting day is never counted (civil code §201, §203)."""
        if unit is SpanUnit.CALENDAR_DAYS:
            return next(day for day in self._from(on + count * _DAY, calendar) if day.working)
        for day in self._from(on + _DAY, calendar):
            count -= day.working
            if count <= 0:
                return day
        raise AssertionError("days do not end")

    def _from(self, on: date, calendar: str) -> Iterator[Day]:
        while True:
            yield self.day(on, calendar)
            on += _DAY

    def _make_day(self, calendar: str, on: date) -> Day:
        year = self._years.get((calendar, on.year))
        hours = (year and year.hours) or self._nearest_hours(calendar, on.year)
        return Day(
            on=on,
            working=_works(year, on),
            holiday=None if year is None or on in year.working_days else year.holidays.get(on),
            hours=tuple((self._at(on, opens), self._at(on, closes)) for opens, closes in hours),
        )

    def _nearest_hours(self, calendar: str, year: int) -> tuple[tuple[int, int], ...]:
        """Return the hours of the nearest year known, its own calendar's before the county's, the earlier of two."""
        known = [c for (name, _), c in self._years.items() if name in {calendar, self._id} and c.hours]
        if not known:
            return _OFFICE_HOURS
        return min(known, key=lambda c: (c.id != calendar, abs(c.year - year), c.year)).hours

    def _at(self, on: date, minute: int) -> datetime:
        days, minute = divmod(minute, 24 * 60)
        local = datetime.combine(on + days * _DAY, time(*divmod(minute, 60)), tzinfo=self.zone)
        return local.astimezone(UTC)


def _works(year: Calendar | None, on: date) -> bool:
    if year is None:
        return on.weekday() in _MONDAY_TO_FRIDAY
    if on in year.working_days:
        return True
    return on.weekday() in (year.week or _MONDAY_TO_FRIDAY) and on not in year.holidays


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
