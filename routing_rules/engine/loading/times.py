"""Types of single values that speak of time: dates, clock times, deadlines, time zones."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.schema import Span, SpanUnit
from routing_rules.engine.source import Node, Scalar

_SPAN: Final = re.compile(r"([1-9]\d{0,4})(m|h)|([1-9]\d{0,2})(wh|bd|d)")
_CLOCK: Final = re.compile(r"(\d{2}):(\d{2})")
LEAP_YEAR: Final = 2000  # so that 02-29 may be written


@dataclass(frozen=True, slots=True)
class Day:
    """A date, year-month-day."""

    def read(self, node: Node, name: str, reading: Reading) -> date | None:
        """Return the date."""
        if isinstance(node, Scalar) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.value):
            try:
                return date.fromisoformat(node.value)
            except ValueError:
                pass
        reading.wrong(node, name, "date", "2026-05-01")
        return None


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of any year, month-day; 02-29 may be written."""

    def read(self, node: Node, name: str, reading: Reading) -> tuple[int, int] | None:
        """Return month and day."""
        if isinstance(node, Scalar) and re.fullmatch(r"\d{2}-\d{2}", node.value):
            try:
                day = date.fromisoformat(f"{LEAP_YEAR}-{node.value}")
            except ValueError:
                pass
            else:
                return day.month, day.day
        reading.wrong(node, name, "month_day", "05-20")
        return None


def minutes(text: str) -> int | None:
    """Return a clock time as minutes of the day, 24:00 included; None where it is none."""
    found = _CLOCK.fullmatch(text)
    if not found or not found[0].isascii():
        return None
    total = int(found[1]) * 60 + int(found[2])
    return total if int(found[2]) < 60 and total <= 1440 else None


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time; 24:00 may stand at the end of a window only, which the window checks."""

    def read(self, node: Node, name: str, reading: Reading) -> int | None:
        """Return minutes of the day."""
        value = minutes(node.value) if isinstance(node, Scalar) else None
        if value is None:
            reading.wrong(node, name, "clock", '["22:00", "06:00"]')
        return value


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours such as 08:30-12:00, [start, end)."""

    def read(self, node: Node, name: str, reading: Reading) -> tuple[int, int] | None:
        """Return start and end in minutes of the day."""
        ends = [minutes(part.strip()) for part in node.value.split("-")] if isinstance(node, Scalar) else []
        if len(ends) == 2 and ends[0] is not None and ends[1] is not None and ends[0] < ends[1]:
            return ends[0], ends[1]
        reading.wrong(node, name, "clock_range", '["08:30-12:00", "14:00-18:00"]')
        return None


def span(text: str) -> Span | None:
    """Return a span of time as written; None where it is none, `none` among them."""
    found = _SPAN.fullmatch(text) if text.isascii() else None
    return Span(int(found[1] or found[3]), SpanUnit(found[2] or found[4])) if found else None


@dataclass(frozen=True, slots=True)
class Duration:
    """A deadline: 30m 2h 4wh 5bd 15d none (§8). At most 99999 minutes or hours, 999 of the others.

    `none` says whether there may be none.
    """

    none: bool = True

    def read(self, node: Node, name: str, reading: Reading) -> Span | None:
        """Return the span."""
        if not isinstance(node, Scalar):
            reading.wrong(node, name, "scalar", f"{name}: 5bd")
            return None
        if node.value == "none":
            return self._no_span(node, name, reading)
        found = span(node.value)
        if found is None:
            reading.find("RR140", node.at, v=node.value)
        return found

    def _no_span(self, node: Scalar, name: str, reading: Reading) -> Span | None:
        if self.none:
            return Span(0, SpanUnit.NONE)
        reading.wrong(node, name, "lasting", f"{name}: 5bd")
        return None


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The name of a time zone of the IANA database."""

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the name."""
        if isinstance(node, Scalar):
            try:
                ZoneInfo(node.value)
            except (KeyError, ValueError, OSError):
                pass
            else:
                return node.value
        reading.wrong(node, name, "timezone", "Asia/Shanghai")
        return None
