"""The field table of a calendar: one year of working days, holidays and working hours (G45)."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Choice, NewCode, Text, Whole
from routing_rules.engine.loading.shapes import Field, Many, Record, Values
from routing_rules.engine.loading.times import Day, Hours
from routing_rules.engine.schema import Calendar
from routing_rules.engine.source import Document, Listing


class Weekday(StrEnum):
    """Days of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_HOLIDAY: Final = Record(
    "holiday",
    {"name": Field(Text(), required=True), "from": Field(Day(), required=True), "until": Field(Day())},
    lambda values, _: values,
)
CALENDAR: Final = Record(
    "calendar",
    {
        "calendar": Field(NewCode(), required=True),
        "year": Field(Whole(1900, 9999), required=True),
        "source": Field(Text(required=False)),
        "work": Field(Many(Hours()), required=True),
        "week": Field(Many(Choice(Weekday)), required=True),
        "holidays": Field(Many(_HOLIDAY, may_be_empty=True)),
        "working_days": Field(Many(Day(), may_be_empty=True)),
    },
    lambda values, _: values,
)
_ORDER: Final = {day: number for number, day in enumerate(Weekday)}


def read_calendars(documents: Iterable[Document], reading: Reading) -> dict[tuple[str, int], Calendar]:
    """Read the calendars, each year of each its own file named <calendar>-<year>.yaml."""
    calendars: dict[tuple[str, int], Calendar] = {}
    for document in documents:
        values = CALENDAR.read(document.root, document.file, reading) if document.root is not None else None
        if values is None:
            continue
        calendar = _calendar(values, reading)
        name = f"calendars/{calendar.id}-{calendar.year}.yaml"
        if document.file != name:
            written = f"{calendar.id} {calendar.year}"
            reading.find("RR146", values.at, field="calendar", value=written, expected="term:path_year", example=name)
        calendars[calendar.id, calendar.year] = calendar
    return calendars


def _calendar(values: Values, reading: Reading) -> Calendar:
    week = frozenset(_ORDER[day] for day in values.get("week"))
    calendar = Calendar(
        values.get("calendar"),
        values.get("year"),
        week,
        tuple(sorted(values.get("work"))),
        dict(_holidays(values.get("holidays", ()), reading)),
        frozenset(values.get("working_days", ())),
    )
    node = values.nodes.get("working_days")
    for day, at in zip(values.get("working_days", ()), node.items if isinstance(node, Listing) else (), strict=False):
        if day.weekday() in week and day not in calendar.holidays:
            reading.find("RR143", at.at, date=str(day))
    return calendar


def _holidays(rows: Iterable[Values], reading: Reading) -> Iterable[tuple[date, str]]:
    for row in rows:
        start = row.get("from")
        until = row.get("until", start)
        if start > until:
            reading.find("RR144", row.at, a=str(start), b=str(until))
        elif (until - start).days > 366:
            reading.wrong(row.nodes["until"], "until", "date", str(start))
        else:
            for number in range(start.toordinal(), until.toordinal() + 1):
                yield start.fromordinal(number), row.get("name")
