"""A year's calendar as a draft to be signed: holidays and make-up working days of a notice, hours of the year before.

Pure: days in, text out. A draft says in its first lines that it is one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from routing_rules.engine.schema import Calendar
from routing_rules.messages.notices import DRAFT, HOLIDAY, WORKING

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Year:
    """What a notice says of a year: name and first and last day of each holiday, and the days worked instead."""

    holidays: tuple[tuple[str, date, date], ...]
    working: tuple[date, ...]


def of_notice(text: str, year: int) -> Year:
    """Read a notice as it is published. What it does not say is not guessed; raises ValueError for days that aren't."""
    holidays, working = [], []
    for found in HOLIDAY.finditer(text):
        month = int(found["month"])
        first = date(year, month, int(found["day"]))
        last = first
        if found["until_day"]:
            last = date(int(found["until_year"] or year), int(found["until_month"] or month), int(found["until_day"]))
        holidays.append((found["name"], first, last))
        for each in WORKING.finditer(found["rest"]):
            month = int(each[1] or month)
            working.append(date(year, month, int(each[2])))
    return Year(tuple(sorted(holidays, key=lambda row: row[1])), tuple(sorted(set(working))))


def of_days(holidays: Mapping[date, str], working: Iterable[date], year: int) -> Year:
    """Join single days of one name that follow each other; days of other years are left out."""
    days = {day: name for day, name in holidays.items() if day.year == year}
    return Year(tuple(_joined(days)), tuple(sorted(day for day in working if day.year == year)))


def _joined(days: Mapping[date, str]) -> Iterator[tuple[str, date, date]]:
    first = last = None
    for day in sorted(days):
        if first is not None and last is not None and last + timedelta(days=1) == day and days[last] == days[day]:
            last = day
            continue
        if first is not None and last is not None:
            yield days[first], first, last
        first = last = day
    if first is not None and last is not None:
        yield days[first], first, last


def draft(known: Year, year: int, like: Calendar, source: str) -> str:
    """Return the file's text; `like`: the calendar whose week and hours it takes over."""
    hours = ", ".join(f'"{_clock(start)}-{_clock(end)}"' for start, end in like.hours)
    lines = [f"calendar: {like.id}", f"year: {year}", f"source: {source}", f"work: [{hours}]"]
    lines += [f"week: [{', '.join(_DAYS[day] for day in sorted(like.week))}]", "holidays:"]
    lines += [f'- {{name: {name}, from: "{first}", until: "{last}"}}' for name, first, last in known.holidays]
    working = ", ".join(f'"{day}"' for day in known.working)
    return DRAFT.format(year=year) + "\n".join([*lines, f"working_days: [{working}]"]) + "\n"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
