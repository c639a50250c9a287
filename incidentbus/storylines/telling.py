"""Times as a story writes them: local, absolute or since the step before. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_SPAN: Final = re.compile(r"(\d+)(d|h|m|s)")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?")
_SHORT: Final = re.compile(r"\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?")
_CLOCK: Final = re.compile(r"\d{2}:\d{2}(:\d{2})?")


def span(text: str) -> timedelta:
    """Read `3d`, `2h30m`, `40s`. Raises `ValueError`."""
    if not text or _SPAN.sub("", text):
        raise ValueError(f"{text!r}: 时长写作 2h、3d、1h30m / a span is written 2h, 3d, 1h30m")
    return sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _SPAN.findall(text)), timedelta())


def moment(text: str, before: datetime | None, zone: ZoneInfo) -> datetime:
    """Read a time: `2026-05-12 09:00`, `05-12 09:00`, `09:00` of the same day, or `+2h` since `before`.

    Raises `ValueError` where it is none of these, or is relative to nothing.
    """
    if _DAY.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    if before is None:
        raise ValueError(f"{text!r}: 开头的时间要写全 / the first time is written in full: 2026-05-12 09:00")
    if text.startswith("+"):
        return (before + span(text[1:])).astimezone(zone)
    if _SHORT.fullmatch(text):
        return datetime.fromisoformat(f"{before.astimezone(zone).year}-{text}").replace(tzinfo=zone)
    if _CLOCK.fullmatch(text):
        return datetime.fromisoformat(f"{before.astimezone(zone).date()} {text}").replace(tzinfo=zone)
    raise ValueError(f"{text!r}: 时间写作 2026-05-12 09:00、05-12 09:00、09:00 或 +2h / no time")


def short(at: datetime) -> str:
    """Return a local time as expectations write it: month, day, hour, minute; seconds where there are any."""
    return at.strftime("%m-%d %H:%M:%S" if at.second else "%m-%d %H:%M")


def told_span(seconds: float) -> str:
    """Return a span as expectations write it: `1d2h`, `18h30m`, `40s`; `0s` for nothing."""
    left, parts = round(seconds), []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
