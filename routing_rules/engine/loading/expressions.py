"""What an expression must be to be let in: short, of known names, without size() of a text, true or false (G14)."""

import re
from math import prod
from typing import Final

from routing_rules.engine.expressions import (
    BAREST,
    FULLEST,
    MAX_LENGTH,
    VARIABLES,
    Expression,
    ExpressionError,
)
from routing_rules.engine.loading.reading import Reading
from routing_rules.messages import Position

_FUNCTIONS: Final = frozenset(
    {"contains", "startsWith", "endsWith", "matches", "size", "int", "double", "string", "has"}
)
_QUOTED: Final = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")
_BOUND: Final = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_LISTS: Final = "|".join(name for name, value in FULLEST.items() if isinstance(value, list | dict))
_SIZE: Final = re.compile(
    rf"\bsize\s*\(\s*(?:{_LISTS})\s*\)|\b(?:{_LISTS})\s*\.\s*(?:(?:filter|map)\s*\([^()]*\)\s*\.\s*)?size\s*\(\s*\)"
)
"""size() of a list: the one use that counts things and not bytes."""
MOST_MACROS: Final = 2
MOST_REPEATED: Final = 100
"""Copies of a part that a pattern may ask for: it is made anew for every report, and ten thousand take a second."""
_MATCHES: Final = re.compile(r"\bmatches\b(?!\s*\(\s*[rR]?''\s*\))")
_REPEATED: Final = re.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}")
_ESCAPED: Final = re.compile(r"\\[xXuU0-7]")


def read_expression(source: str, at: Position, reading: Reading) -> str | None:
    """Return the source if it may stand; else note why not and return None."""
    names = " ".join(VARIABLES)
    if len(source) > MAX_LENGTH:
        reading.find("RR117", at, "long", detail=str(len(source)), names=names)
        return None
    try:
        expression = Expression(source)
    except ExpressionError as error:
        reading.find("RR117", at, detail=_first_line(error), names=names)
        return None
    bare = _QUOTED.sub("''", source)
    costly = _costly(source, bare)
    if costly:
        reading.find("RR117", at, "costly", detail=costly)
        return None
    bound = set(_BOUND.findall(bare))
    unknown = [name for name in expression.unknown if name not in bound]
    unknown += [f"{name}()" for name in expression.functions if name[0].isalpha() and name not in _FUNCTIONS]
    if unknown:
        reading.find("RR117", at, "unknown", detail=unknown[0], names=names)
        return None
    if "size" in expression.functions and re.search(r"\bsize\b", _SIZE.sub("", bare)):
        reading.find("RR118", at)
        return None
    return source if _tried(expression, at, reading) else None


def _costly(source: str, bare: str) -> str:
    """Return what could take long on some report: deep macros, patterns out of a report or that repeat much; or ""."""
    if len(_BOUND.findall(bare)) > MOST_MACROS:
        return "all, exists, map, filter"
    if _MATCHES.search(bare):
        return "matches"
    if "matches" in bare:
        counts = [int(n) for found in _REPEATED.findall(source) for n in found if n]
        if prod(max(n, 1) for n in counts) > MOST_REPEATED or _ESCAPED.search(source):
            return "matches"
    return ""


def _tried(expression: Expression, at: Position, reading: Reading) -> bool:
    """Evaluate on the fullest and the barest sample. That an attribute isn't there is no fault of the expression."""
    for sample in (FULLEST, BAREST):
        try:
            expression.holds(sample.__getitem__)
        except ExpressionError as error:
            detail = _first_line(error)
            if detail.startswith(("KeyError", "IndexError")):
                continue
            reading.find("RR117", at, detail=detail, names=" ".join(VARIABLES))
            return False
    return True


def _first_line(error: ExpressionError) -> str:
    return str(error).splitlines()[0] if str(error) else ""
