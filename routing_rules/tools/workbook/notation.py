"""What stands in a cell: a value of the rule language written short, and read again from what a person typed.

The outer brackets are left out where the column says what it holds. Full-width commas, `、` and `；` part items as `,`
does, a full-width colon stands for a colon; a text that holds one of them is written in "straight quotes".
"""

import json
import re
import unicodedata
from enum import StrEnum
from typing import Final

Value = str | list["Value"] | dict[str, "Value"]
"""A value of the files: text, list or mapping. Everything single is text (RULE-LANGUAGE G4)."""

_SEPARATORS: Final = ",，、;；\n"
_COLONS: Final = ":："
_SPECIAL: Final = re.compile(r"^\s|\s$|[,，、;；\n{}\[\]\"]|^$")
_HAN: Final = re.compile("[\u3400-\u9fff]")
_JSON: Final = json.JSONDecoder()
DEEPEST: Final = 16


class Holds(StrEnum):
    """What a column's cells hold."""

    TEXT = "text"  # for people, to the letter
    CODE = "code"  # a code, number, date or span: full-width characters are put right
    LIST = "list"
    MAP = "map"  # a mapping; a list keeps its brackets
    ANY = "any"  # text, or a list or mapping with its brackets


class Unreadable(ValueError):
    """A cell that cannot be read as its column's kind. The reason is one of a table of words."""


def write(value: Value | None, holds: Holds) -> str:
    """Return the cell's text; an absent value is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        plain = holds is not Holds.ANY or not value or value[0] not in '[{"'
        return value if plain else json.dumps(value, ensure_ascii=False)
    if not value:
        return "[]" if isinstance(value, list) else "{}"
    bare = (holds is Holds.LIST and isinstance(value, list)) or (holds is Holds.MAP and isinstance(value, dict))
    return _inner(value) if bare else _nested(value)


def _inner(value: Value) -> str:
    if isinstance(value, dict):
        return ", ".join(_entry(key, item) for key, item in value.items())
    if isinstance(value, list):
        simple = all(isinstance(item, str) for item in value)
        comma = "、" if simple and any(_HAN.search(str(item)) for item in value) else ", "
        return comma.join(_nested(item) for item in value)
    return _quoted(value)


def _nested(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f"[{_inner(value)}]" if isinstance(value, list) else f"{{{_inner(value)}}}"


def _entry(key: str, value: Value) -> str:
    name = json.dumps(key, ensure_ascii=False) if any(sign in key for sign in _COLONS) else _quoted(key)
    return name if value == "" else f"{name}: {_nested(value)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if _SPECIAL.search(text) else text


def parse(text: str, holds: Holds) -> Value:
    """Return what a cell says, blanks around it not counted. Raises `Unreadable`."""
    text = text.strip()
    if holds is Holds.TEXT:
        return text
    if holds is Holds.CODE:
        return unicodedata.normalize("NFKC", text).strip()
    if holds is Holds.ANY and text[:1] not in ("[", "{", '"'):
        return text
    reader = _Reader(text)
    if holds is Holds.ANY or (
        text[:1] in ("[", "{") and (text[0] == "[" or holds is Holds.MAP) and _closes_at_end(text)
    ):
        value = reader.item(0)
    elif holds is Holds.LIST or text[:1] in ("[", "{"):
        value = reader.members("", 0)
    else:
        value = reader.entries("", 0)
    reader.finish()
    return value


def _closes_at_end(text: str) -> bool:
    """Whether the bracket that opens a cell closes with it: else it opens the first item of a list."""
    reader = _Reader(text)
    try:
        reader.item(0)
    except Unreadable:
        return True
    return reader.done


class _Reader:
    """Reads items from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether nothing but blanks is left."""
        return not self.text[self.at :].strip()

    def finish(self) -> None:
        """Raise where something is left over."""
        if not self.done:
            raise Unreadable("left_over")

    def item(self, depth: int) -> Value:
        """Read one item: text, quoted or not, a list or a mapping."""
        if depth > DEEPEST:
            raise Unreadable("too_deep")
        sign = self._next()
        if sign in ("[", "{"):
            self.at += 1
            return self.members("]", depth + 1) if sign == "[" else self.entries("}", depth + 1)
        return self._text(_SEPARATORS + "]}")

    def members(self, close: str, depth: int) -> list[Value]:
        """Read the items of a list up to its closing bracket, or to the end where it has none."""
        found: list[Value] = []
        while not self._closed(close):
            found.append(self.item(depth))
            self._separator(close)
        return found

    def entries(self, close: str, depth: int) -> dict[str, Value]:
        """Read the entries of a mapping likewise; a key alone has an empty value."""
        found: dict[str, Value] = {}
        while not self._closed(close):
            self._next()
            key = self._text(_SEPARATORS + _COLONS + "]}")
            if key in found:
                raise Unreadable("same_key")
            found[key] = ""
            if self._next() and self._next() in _COLONS:
                self.at += 1
                if self._next() and self._next() not in _SEPARATORS + "]}":
                    found[key] = self.item(depth)
            self._separator(close)
        return found

    def _next(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace() and self.text[self.at] != "\n":
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _closed(self, close: str) -> bool:
        while self._next() and self._next() in _SEPARATORS:  # one comma too many is forgiven
            self.at += 1
        if self._next() == "":
            if close:
                raise Unreadable("not_closed")
            return True
        if close and self._next() == close:
            self.at += 1
            return True
        return False

    def _separator(self, close: str) -> None:
        sign = self._next()
        if sign and sign not in _SEPARATORS and sign != close:
            raise Unreadable("left_over")

    def _text(self, stops: str) -> str:
        if self._next() == '"':
            try:
                value, self.at = _JSON.raw_decode(self.text, self.at)
            except ValueError:
                raise Unreadable("quote") from None
            return str(value)
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            self.at += 1
        return self.text[start : self.at].strip()
