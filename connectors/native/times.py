"""Times as people and old systems write them, read into aware instants or, without a clock time, into days.

Read: `2026-05-12 22:31:05`, `2026/5/12 22:31`, `20260512223105`, `2026年5月12日22时31分`, ISO 8601, and seconds or
milliseconds since the epoch. A time without a zone is the channel's local time.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")  # one civil time, without summer time since 1991

_EARLIEST: Final = 1950  # older or later than this is a null stand-in or a typing error
_LATEST: Final = 2099

_LOCAL: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})"
    r"(?:(?:日\s*|[T\s]+)(\d{1,2})[:时点](?:(\d{1,2})(?:[:分](?:(\d{1,2})(?:[.,](\d{1,9}))?秒?)?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?|日)?",
    re.ASCII,
)
_COMPACT: Final = (8, 12, 14)  # digits of a day, a minute, a second


def read_time(value: str, zone: tzinfo) -> datetime | date:
    """Return the aware instant, or the day where no clock time is given, that `value` names.

    Raises `ValueError` where no person would read a time in it, or only a placeholder such as 1970-01-01.
    """
    try:
        return _read(value, zone)
    except (OverflowError, OSError) as error:  # years and epochs past what the calendar holds
        raise ValueError("beyond the calendar") from error


def _read(value: str, zone: tzinfo) -> datetime | date:
    if len(value) >= 19 and value[4] == "-" and value[10] in "T ":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass  # 24:00:00 is written too, and read below
        else:
            return _plausible(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    text = value.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if text.isdecimal():
        return _plausible(_from_digits(text, zone))
    found = _LOCAL.fullmatch(text)
    if found is None:
        raise ValueError("no time is written so")
    return _plausible(_from_parts(found, zone))


def _from_digits(text: str, zone: tzinfo) -> datetime | date:
    if len(text) in _COMPACT:
        moment = _civil(text, zone)
        return moment.date() if len(text) == 8 else moment
    if len(text) == 13:
        return datetime.fromtimestamp(int(text) / 1000, UTC).astimezone(zone)
    if len(text) == 10:
        return datetime.fromtimestamp(int(text), UTC).astimezone(zone)
    raise ValueError("digits of no known form")


def _civil(text: str, zone: tzinfo) -> datetime:
    hour = int(text[8:10] or 0)
    minute, second = int(text[10:12] or 0), int(text[12:14] or 0)
    return _at(int(text[:4]), int(text[4:6]), int(text[6:8]), hour, minute, second, 0, zone)


def _from_parts(found: re.Match[str], zone: tzinfo) -> datetime | date:
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if hour is None:
        return date(int(year), int(month), int(day))
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    where = zone if offset is None else _offset(offset)
    return _at(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0), micros, where)


def _at(y: int, m: int, d: int, hour: int, minute: int, second: int, micros: int, zone: tzinfo) -> datetime:
    """Return the instant; 24:00 is the midnight that ends the day."""
    if hour == 24 and minute == second == micros == 0:
        return datetime(y, m, d, tzinfo=zone) + timedelta(days=1)
    return datetime(y, m, d, hour, minute, second, micros, tzinfo=zone)


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)


def _plausible(moment: datetime | date) -> datetime | date:
    year = moment.year
    if not _EARLIEST <= year <= _LATEST or (
        year == 1970 and moment.month == moment.day == 1
    ):  # a zero made into a date
        raise ValueError("a placeholder, or a year that nobody means")
    return moment


__all__ = ["CHINA", "read_time"]
