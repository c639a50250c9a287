"""Civil time, calendars, and when a span ends (G9, G10, G41, G45, and the table of RULE-LANGUAGE §8)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from routing_rules.engine.schema import Calendar, Ruleset, Span, SpanUnit, TimeCondition

DAY = timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL_HOURS = ((9 * 60, 17 * 60),)


def local(moment: datetime, ruleset: Ruleset) -> datetime:
    """Return a moment in the ruleset's civil time."""
    return moment.astimezone(ZoneInfo(ruleset.timezone))


def _calendar(year: int, ruleset: Ruleset, name: str | None = None) -> Calendar | None:
    return ruleset.calendars.get((name or ruleset.calendar, year))


def is_workday(day: date, ruleset: Ruleset, name: str | None = None) -> bool:
    """Say whether people work on a day by the named calendar; a year that it lacks is Monday to Friday."""
    calendar = _calendar(day.year, ruleset, name)
    if calendar is None:
        return day.weekday() < 5
    if day in calendar.working_days:
        return True
    return day not in calendar.holidays and day.weekday() in calendar.week


def _is_holiday(day: date, ruleset: Ruleset) -> bool:
    calendar = _calendar(day.year, ruleset)
    return calendar is not None and day in calendar.holidays and day not in calendar.working_days


def _hours(day: date, ruleset: Ruleset, name: str) -> tuple[tuple[int, int], ...]:
    """Return the working hours of a day by the named calendar, of the nearest year known where it lacks the year."""
    for calendar in (name, ruleset.calendar):
        known = sorted((abs(year - day.year), year) for of, year in ruleset.calendars if of == calendar)
        if known:
            return ruleset.calendars[calendar, known[0][1]].hours
    return USUAL_HOURS


def time_holds(
    asked: TimeCondition, moment: datetime | None, day: date | None, ruleset: Ruleset, gaps: set[int]
) -> bool:
    """Say whether a moment, or a day without a clock time, satisfies every part that is given."""
    if moment is not None:
        civil = local(moment, ruleset)
        day = civil.date()
        if asked.between is not None:
            start, end = asked.between
            minute = civil.hour * 60 + civil.minute
            if not (start <= minute < end or (start > end and (minute >= start or minute < end))):
                return False
            if start > end and minute < end:
                day -= DAY  # the day on which the night began
    elif day is None or asked.between is not None:
        return False
    if asked.dates is not None and not _date_holds(asked.dates, day):
        return False
    return not asked.days or _day_holds(asked.days, day, ruleset, gaps)


def _date_holds(dates: tuple[tuple[int, int], tuple[int, int]], day: date) -> bool:
    first, last = dates
    here = (day.month, day.day)
    if first <= last:
        return first <= here <= last
    return here >= first or here <= last


def _day_holds(days: frozenset[str], day: date, ruleset: Ruleset, gaps: set[int]) -> bool:
    if days & {"workday", "restday", "holiday"} and _calendar(day.year, ruleset) is None:
        gaps.add(day.year)
    kind = "workday" if is_workday(day, ruleset) else "restday"
    return WEEK[day.weekday()] in days or kind in days or ("holiday" in days and _is_holiday(day, ruleset))


def ends_at(span: Span, start: datetime, ruleset: Ruleset, calendar: str | None) -> datetime | None:
    """Return the instant at which a span from `start` is over, None for `none`.

    `calendar` is the leading agency's own: one of the ruleset's; `always`, where every hour is worked; or none.
    """
    name = ruleset.calendar if calendar in {None, "always"} else str(calendar)
    match span.unit:
        case SpanUnit.NONE:
            return None
        case SpanUnit.MINUTES:
            return start.astimezone(UTC) + timedelta(minutes=span.count)
        case SpanUnit.HOURS:
            return start.astimezone(UTC) + timedelta(hours=span.count)
        case SpanUnit.WORKING_HOURS:
            if calendar == "always":
                return start.astimezone(UTC) + timedelta(hours=span.count)
            return _after_working_hours(span.count, start.astimezone(UTC), ruleset, name)
        case SpanUnit.BUSINESS_DAYS:
            return _after_business_days(span.count, local(start, ruleset).date(), ruleset, name)
        case SpanUnit.CALENDAR_DAYS:
            return _after_days(span.count, local(start, ruleset).date(), ruleset, name)


def _after_working_hours(count: int, start: datetime, ruleset: Ruleset, name: str) -> datetime:
    left = timedelta(hours=count)
    day = local(start, ruleset).date()
    while True:
        if is_workday(day, ruleset, name):
            for opens, closes in _hours(day, ruleset, name):
                begin, end = max(_instant(day, opens, ruleset), start), _instant(day, closes, ruleset)
                if begin < end and left <= end - begin:
                    return begin + left
                if begin < end:
                    left -= end - begin
        day += DAY


def _after_business_days(count: int, day: date, ruleset: Ruleset, name: str) -> datetime:
    while count:
        day += DAY
        if is_workday(day, ruleset, name):
            count -= 1
    return _close(day, ruleset, name)


def _after_days(count: int, day: date, ruleset: Ruleset, name: str) -> datetime:
    day += count * DAY
    while not is_workday(day, ruleset, name):
        day += DAY
    return _close(day, ruleset, name)


def _close(day: date, ruleset: Ruleset, name: str) -> datetime:
    return _instant(day, max(closes for _, closes in _hours(day, ruleset, name)), ruleset)


def _instant(day: date, minute: int, ruleset: Ruleset) -> datetime:
    """Return the instant of a minute of a local day; minute 1440 is the next day's midnight."""
    if minute == 1440:
        day, minute = day + DAY, 0
    return datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(ruleset.timezone)).astimezone(UTC)
