"""One payload being read: what is odd about it is noted once and goes with the report as flags."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from connectors.native.coordinates import SYSTEMS, Box, System, locate
from connectors.native.times import read_time
from contracts.codes import Flag, ReasonCode
from contracts.errors import Permanent
from contracts.report import Point

CLOCKS_DIFFER: Final = timedelta(minutes=5)  # two honest clocks may; beyond it a time is in the future

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CLEANED: Final = Flag.TEXT_CLEANED
_YES: Final = frozenset({"是", "有", "1", "y", "Y", "yes", "true", "True", "TRUE"})
_LIST: Final = re.compile("[、，,；;\n]")


class When(NamedTuple):
    """A time that was given: an instant, or a day, or neither."""

    at: datetime | None = None
    on: date | None = None


_NEVER: Final = When()


class Reading:
    """Cleans and reads the values of one payload in one channel's zone and part of the earth."""

    __slots__ = ("_box", "_flags", "_suspect", "_zone", "put_right")

    def __init__(self, payload: bytes, *, mended: bool, zone: tzinfo, box: Box) -> None:
        # without an escape, the lead byte of C1 or a DEL in the bytes, no text can hold a control character
        self._suspect = b"\\" in payload or b"\xc2" in payload or b"\x7f" in payload
        self._flags = {_CLEANED} if mended else set()
        self._zone = zone
        self._box = box
        self.put_right = ""  # says what was put right about the coordinates, for `attributes`

    def identifier(self, value: str | None, field: str) -> str:
        """Return the id, trimmed. Raises `Permanent(missing_field)` where it is absent or blank."""
        found = self.text(value)
        if not found:
            raise Permanent(ReasonCode.MISSING_FIELD, field)
        return found

    def text(self, value: str | None) -> str:
        """Return free text without control characters and outer white space; emoji and any script pass."""
        return self._clean(value).strip() if value else ""

    def label(self, value: str | None) -> str | None:
        """Return a label to the letter, outer blanks included; None where it is blank."""
        if not value or value.isspace():
            return None
        return self._clean(value) or None

    def optional(self, value: str | None) -> str | None:
        """Return trimmed text, or None where nothing is left."""
        return (self._clean(value).strip() or None) if value else None

    def attributes(self, pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
        """Return the pairs that say something; texts to the letter."""
        found = {name: value for name, value in pairs if value and not value.isspace()}
        if self._suspect:
            found = {name: clean for name, value in found.items() if (clean := self._clean(value))}
        if self.put_right:
            found["point-put-right"] = self.put_right
        return found

    def names(self, value: str | list[str] | None) -> tuple[str, ...]:
        """Return the names in a list, or in one text with 、，； between them."""
        if not value:
            return ()
        parts = value if isinstance(value, list) else _LIST.split(value)
        return tuple(name for part in parts if (name := self.text(part)))

    def time(self, value: str | None) -> When:
        """Return the instant or the day; what cannot be read is flagged and left out."""
        if not value or value.isspace():
            return _NEVER
        try:
            found = read_time(value, self._zone)
        except ValueError:
            self._flags.add(Flag.TIME_UNREADABLE)
            return _NEVER
        return When(found) if isinstance(found, datetime) else When(None, found)

    def point(self, x: str | None, y: str | None, name: str | None, default: System) -> Point | None:
        """Return the WGS-84 point of (x = longitude, y = latitude), given in the system `name` or else `default`.

        None where neither is given. What is no point at all is flagged and left out; a swapped pair is flagged, turned
        and kept.
        """
        if not x and not y:
            return None
        system = SYSTEMS.get(name.strip().upper()) if name and not name.isspace() else default
        try:
            found = locate(float(x or "nan"), float(y or "nan"), _known(system), self._box)
        except ValueError:
            self._flags.add(Flag.POINT_INVALID)
            return None
        if found.swapped:
            self._flags.add(Flag.POINT_INVALID)
            self.put_right = "swapped"
        return Point(longitude=found.longitude, latitude=found.latitude)

    def flags(self, occurred: When, reported: When, sent: str | None, *, empty: bool) -> tuple[Flag, ...]:
        """Return all that was noted, in the order of the closed list.

        A codec has no clock: a time is in the future where it is after `sent` (the envelope's time) or, without that,
        where the matter is said to occur after it was reported.
        """
        if empty:
            self._flags.add(Flag.TEXT_EMPTY)
        if self._in_future(occurred, reported, sent):
            self._flags.add(Flag.TIME_IN_FUTURE)
        return tuple(flag for flag in Flag if flag in self._flags) if self._flags else ()

    def _in_future(self, occurred: When, reported: When, sent: str | None) -> bool:
        limit = _instant(sent, self._zone)
        if limit is None:
            return reported.at is not None and self._after(occurred, reported.at)
        return self._after(occurred, limit) or self._after(reported, limit)

    def _after(self, when: When, limit: datetime) -> bool:
        latest = limit + CLOCKS_DIFFER
        if when.at is not None:
            return when.at > latest
        return when.on is not None and when.on > latest.astimezone(self._zone).date()

    def _clean(self, value: str) -> str:
        if not self._suspect:
            return value
        cleaned, count = _CONTROL.subn("", value)
        if count:
            self._flags.add(_CLEANED)
        return cleaned


def _known(system: System | None) -> System:
    if system is None:
        raise ValueError("coordinates in a system that nobody here knows")
    return system


def _instant(sent: str | None, zone: tzinfo) -> datetime | None:
    if not sent:
        return None
    try:
        found = read_time(sent, zone)
    except ValueError:
        return None
    return found if isinstance(found, datetime) else None


def yes(value: str | bool | None) -> bool:
    """Say whether a 是/否 field says yes, in any of the ways systems write it."""
    return value is True or (isinstance(value, str) and value.strip() in _YES)


def place_code(value: str | None) -> str | None:
    """Return a division code without its padding: 320813001000 is the town 320813001, 320813000000 the district 320813.

    What is not 6, 9 or 12 digits is returned as it came; whether the ruleset knows a code is intake's to see.
    """
    code = (value or "").strip()
    if not (code.isascii() and code.isdigit() and len(code) in (6, 9, 12)):
        return code or None
    for end in (9, 6):
        if len(code) > end and not code[end:].strip("0"):
            code = code[:end]
    while len(code) in (4, 6) and code.endswith("00"):
        code = code[:-2]
    return code if code.strip("0") else None


__all__ = ["CLOCKS_DIFFER", "Reading", "When", "place_code", "yes"]
