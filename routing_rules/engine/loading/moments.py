"""Conditions on a moment: a window of the day, days of the week or the calendar, a part of the year (G9, G10)."""

from enum import StrEnum
from typing import Any, Final

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Choice
from routing_rules.engine.loading.shapes import Field, Many, Record, Values
from routing_rules.engine.loading.times import Clock, MonthDay
from routing_rules.engine.schema import TimeCondition


class DayName(StrEnum):
    """What `days` may name."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    WORKDAY = "workday"
    RESTDAY = "restday"
    HOLIDAY = "holiday"


def _dates(values: Values, reading: Reading) -> tuple[Any, ...] | None:
    ends: tuple[Any, ...] = values.get("between", ())
    if len(ends) == 2:
        return ends
    reading.wrong(values.nodes["between"], "between", "month_day_pair", '["05-20", "11-30"]')
    return None


def _time(values: Values, reading: Reading) -> TimeCondition:
    between = values.get("between")
    if between is not None and not _window(between, values, reading):
        between = None
    days = frozenset(day.value for day in values.get("days", ()))
    return TimeCondition(between, days, values.get("date"))


def _window(between: tuple[int, ...], values: Values, reading: Reading) -> bool:
    node = values.nodes["between"]
    if len(between) != 2 or between[0] == 1440:
        reading.wrong(node, "between", "clock_pair", '["22:00", "06:00"]')
        return False
    if between[0] == between[1]:
        reading.find("RR113", node.at, v=f"{between[0] // 60:02}:{between[0] % 60:02}")
        return False
    return True


_DATES: Final = Record("date", {"between": Field(Many(MonthDay()), required=True)}, _dates)
MOMENT: Final = Record(
    "moment",
    {
        "between": Field(Many(Clock())),
        "days": Field(Many(Choice(DayName))),
        "date": Field(_DATES),
    },
    _time,
)
