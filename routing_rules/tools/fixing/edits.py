"""The edit that answers a finding: a stretch of one line and what comes in its place, or none where one has to think.

An edit looks at the line alone. Whether it was right is judged by linting again, not here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from routing_rules.engine.source import STRUCTURAL
from routing_rules.messages import Finding

_PLAIN: Final = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`][^,\[\]{}#]*?(?=\s*(?:[,\]}]|\s#|$))")
_QUOTED: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
_TRUTHS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_SPACED: Final = ":,"
_PAIRS: Final = {"\u3010": "\u3011", "\u201c": "\u201d", "\u2018": "\u2019"}
_INDENT: Final = "  "


class Edit(NamedTuple):
    """Characters `start` to `end` of a line, counted from 0, become `text`."""

    start: int
    end: int
    text: str


Fixer = Callable[[Finding, str, Mapping[str, str]], Edit | None]
"""Finding, its line, and title → code for titles that name one thing only."""


def value_at(line: str, start: int) -> tuple[int, int] | None:
    """Return where a value that stands whole in its line begins and ends, None where it does not."""
    if start >= len(line):
        return None
    if line[start] in "{[":
        return _bracketed(line, start)
    found = (_QUOTED if line[start] in "\"'" else _PLAIN).match(line, start)
    return (start, found.end()) if found else None


def _bracketed(line: str, start: int) -> tuple[int, int] | None:
    depth, at = 0, start
    while at < len(line):
        if line[at] in "\"'" and line[at - 1] in "[{, " and (quoted := _QUOTED.match(line, at)):
            at = quoted.end()
            continue
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(line[at], 0)
        at += 1
        if depth == 0:
            return start, at
    return None


def tab(finding: Finding, line: str, _: Mapping[str, str]) -> Edit | None:
    """A tab in the indentation becomes two blanks, another one."""
    at = finding.at.column - 1
    if finding.variant != "tab" or line[at : at + 1] != "\t":
        return None
    return Edit(at, at + 1, _INDENT if not line[:at].strip() else " ")


def full_width(finding: Finding, line: str, _: Mapping[str, str]) -> Edit | None:
    """A full-width sign becomes its own half-width one; a colon or comma gets the blank that YAML asks for."""
    char, ascii_ = finding.params["char"], finding.params["ascii"]
    at = line.find(char, max(finding.at.column - 1, 0))
    if at < 0:
        return None
    if char in _PAIRS and (end := line.find(_PAIRS[char], at + 1)) > 0:  # one alone would leave the file unreadable
        return Edit(at, end + 1, f"{ascii_}{line[at + 1 : end]}{STRUCTURAL[_PAIRS[char]]}")
    after = line[at + 1 : at + 2]
    structural = char in STRUCTURAL or ascii_ in _SPACED
    blank = " " if structural and ascii_ in _SPACED and after and not after.isspace() else ""
    return Edit(at, at + 1, ascii_ + blank)


def listed(finding: Finding, line: str, _: Mapping[str, str]) -> Edit | None:
    """A single value gets its brackets."""
    found = value_at(line, finding.at.column - 1)
    return Edit(*found, f"[{line[slice(*found)]}]") if found else None


def truth(finding: Finding, line: str, _: Mapping[str, str]) -> Edit | None:
    """`yes`, `on` become true; `no`, `off` false; so do True and FALSE."""
    if finding.params.get("expected") != "term:bool":
        return None
    found = value_at(line, finding.at.column - 1)
    if not found:
        return None
    word = line[slice(*found)].strip("\"'").lower()
    meant = _TRUTHS.get(word, word if word in {"true", "false"} else None)
    return Edit(*found, meant) if meant else None


def titled(finding: Finding, line: str, codes: Mapping[str, str]) -> Edit | None:
    """A title that one thing alone has becomes that thing's code."""
    code = codes.get(finding.params.get("value", "")) if finding.variant == "title" else None
    found = value_at(line, finding.at.column - 1)
    if code is None or not found:
        return None
    return Edit(*found, f'"{code}"' if code.isdigit() else code)


def redundant(finding: Finding, line: str, _: Mapping[str, str]) -> Edit | None:
    """The narrower of two in one list goes, where it stands once in the line."""
    word = re.escape(finding.params["b"])
    token = rf"""(?:"{word}"|'{word}'|(?<![\w/.-]){word}(?![\w/.-]))"""
    found = list(re.finditer(rf"(?<=\[){token}\s*,\s*|,\s*{token}(?=\s*[,\]])", line))
    return Edit(*found[0].span(), "") if len(found) == 1 else None


FIXERS: Final[Mapping[str, Fixer]] = {
    "RR100": tab,
    "RR103": full_width,
    "RR104": listed,
    "RR110": titled,
    "RR111": redundant,
    "RR115": redundant,
    "RR146": truth,
}
