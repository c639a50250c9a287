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


def _calendar(year: int, ruleset: Ruleset) -> Calendar | None:
    return ruleset.calendars.get((ruleset.calendar, year))


def is_workday(day: date, ruleset: Ruleset, gaps: set[int] | None = None) -> bool:
    """Say whether people work on a day; a year without calendar is Monday to Friday, and is noted in `gaps`."""
    calendar = _calendar(day.year, ruleset)
    if calendar is None:
        if gaps is not None:
            gaps.add(day.year)
        return day.weekday() < 5
    if day in calendar.working_days:
        return True
    return day not in calendar.holidays and day.weekday() in calendar.week


def _is_holiday(day: date, ruleset: Ruleset, gaps: set[int]) -> bool:
    calendar = _calendar(day.year, ruleset)
    if calendar is None:
        gaps.add(day.year)
        return False
    return day in calendar.holidays


def _hours(day: date, ruleset: Ruleset) -> tuple[tuple[int, int], ...]:
    """Return the working hours of a day, of the nearest year known where its own has no calendar."""
    known = sorted((abs(year - day.year), year) for name, year in ruleset.calendars if name == ruleset.calendar)
    return ruleset.calendars[ruleset.calendar, known[0][1]].hours if known else USUAL_HOURS


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
    if WEEK[day.weekday()] in days:
        return True
    if "workday" in days and is_workday(day, ruleset, gaps):
        return True
    if "restday" in days and not is_workday(day, ruleset, gaps):
        return True
    return "holiday" in days and _is_holiday(day, ruleset, gaps)


def ends_at(span: Span, start: datetime, ruleset: Ruleset, *, always: bool) -> datetime | None:
    """Return the instant at which a span from `start` is over, None for `none`. `always`: every hour is worked."""
    match span.unit:
        case SpanUnit.NONE:
            return None
        case SpanUnit.MINUTES:
            return start.astimezone(UTC) + timedelta(minutes=span.count)
        case SpanUnit.HOURS:
            return start.astimezone(UTC) + timedelta(hours=span.count)
        case SpanUnit.WORKING_HOURS:
            if always:
                return start.astimezone(UTC) + timedelta(hours=span.count)
            return _after_working_hours(span.count, start.astimezone(UTC), ruleset)
        case SpanUnit.BUSINESS_DAYS:
            return _after_business_days(span.count, local(start, ruleset).date(), ruleset)
        case SpanUnit.CALENDAR_DAYS:
            return _after_days(span.count, local(start, ruleset).date(), ruleset)


def _after_working_hours(count: int, start: datetime, ruleset: Ruleset) -> datetime:
    left = timedelta(hours=count)
    day = local(start, ruleset).date()
    while True:
        if is_workday(day, ruleset):
            for opens, closes in _hours(day, ruleset):
                begin, end = max(_instant(day, opens, ruleset), start), _instant(day, closes, ruleset)
                if begin < end and left <= end - begin:
                    return begin + left
                if begin < end:
                    left -= end - begin
        day += DAY


def _after_business_days(count: int, day: date, ruleset: Ruleset) -> datetime:
    while count:
        day += DAY
        if is_workday(day, ruleset):
            count -= 1
    return _close(day, ruleset)


def _after_days(count: int, day: date, ruleset: Ruleset) -> datetime:
    day += count * DAY
    while not is_workday(day, ruleset):
        day += DAY
    return _close(day, ruleset)


def _close(day: date, ruleset: Ruleset) -> datetime:
    return _instant(day, max(closes for _, closes in _hours(day, ruleset)), ruleset)


def _instant(day: date, minute: int, ruleset: Ruleset) -> datetime:
    """Return the instant of a minute of a local day; minute 1440 is the next day's midnight."""
    if minute == 1440:
        day, minute = day + DAY, 0
    return datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(ruleset.timezone)).astimezone(UTC)
