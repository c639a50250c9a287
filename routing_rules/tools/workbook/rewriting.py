"""Changes values within a file's text and leaves every other character alone: comments, alignment, quotes, line ends.

A collection is taken apart into its members and what stands between them, and put together again from the members that
stay, in the order that is wanted. What belongs to whom: a comment behind a member is its own; so are the full lines of
comment before it, if a blank line parts them from the member above; without one they head a group and stay where they
are when the member goes or moves.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from routing_rules.tools.workbook.nodes import Member, Node, line_end
from routing_rules.tools.workbook.notation import Value
from routing_rules.tools.workbook.scalars import WIDEST, block, entry, flow, scalar


@dataclass(frozen=True, slots=True)
class Carried:
    """A member that comes from another file: its lines with their comments, and the column that they stood at."""

    own: str
    body: str
    tail: str
    column: int


@dataclass(frozen=True, slots=True)
class Placed:
    """One member of the collection as it shall be: which of those there are it was (`origin`), its key, its value."""

    origin: int | None
    value: Value
    key: str | None = None
    carried: Carried | None = None


def rewrite(text: str, node: Node, new: Value) -> str:
    """Return a node's text with another value; its own text where the value is the same."""
    if _same(node.value, new):
        return text[node.start : node.end]
    if isinstance(node.value, dict) and isinstance(new, dict):
        return recollect(text, node, _by_key(node, new))
    if isinstance(node.value, list) and isinstance(new, list):
        return recollect(text, node, _by_likeness(node.value, new))
    if isinstance(new, str):
        return scalar(new, node.style if node.style in ("'", '"') else "")
    return flow(new)


def _same(old: Value, new: Value) -> bool:
    """Whether two values are the same, the order of keys included."""
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_same(a, b) for a, b in zip(old, new, strict=True))
    return old == new


def _by_key(node: Node, new: dict[str, Value]) -> list[Placed]:
    known = {str(member.key.value): number for number, member in enumerate(node.members) if member.key}
    return [Placed(known.get(key), value, key) for key, value in new.items()]


def _by_likeness(old: Sequence[Value], new: Sequence[Value]) -> list[Placed]:
    """Pair the items that stayed; of a run that was replaced the first ones are taken for edited."""
    matcher = SequenceMatcher(None, [repr(item) for item in old], [repr(item) for item in new], autojunk=False)
    placed: list[Placed] = []
    for tag, low, high, start, end in matcher.get_opcodes():
        for number in range(start, end):
            origin = low + number - start if tag != "insert" and low + number - start < high else None
            placed.append(Placed(origin, new[number]))
    return placed


def recollect(text: str, node: Node, placed: Sequence[Placed]) -> str:
    """Return a collection's text with these members in this order."""
    if not placed:
        return "[]" if isinstance(node.value, list) else "{}"
    return _flow(text, node, placed) if node.flow or not node.members else _block(text, node, placed)


def _flow(text: str, node: Node, placed: Sequence[Placed]) -> str:
    members = node.members
    if not members:
        inner = ", ".join(_new(item) for item in placed)
        return f"[{inner}]" if isinstance(node.value, list) else f"{{{inner}}}"
    style = members[0].value.style if isinstance(node.value, list) else ""
    last = len(members) - 1
    out = text[node.start : members[0].start]
    for number, item in enumerate(placed):
        out += _new(item, style) if item.origin is None else body(text, members[item.origin], item)
        behind = ""
        if item.origin is not None and item.origin < last:
            behind = text[members[item.origin].end : members[item.origin + 1].start]
        if number < len(placed) - 1:
            out += behind or ", "
        elif "#" in behind:  # the comma goes, what is said of the member stays
            out += behind.replace(",", "", 1)
    return out + text[members[last].end : node.end]


def _new(item: Placed, style: str = "") -> str:
    return flow(item.value, style if style in ("'", '"') else "") if item.key is None else entry(item.key, item.value)


def body(text: str, member: Member, item: Placed) -> str:
    """Return a member's text with its key and value as they shall be."""
    value = member.value
    head = text[member.start : value.start]
    if member.key is not None and item.key not in (None, member.key.value):
        head = scalar(str(item.key), member.key.style) + text[member.key.end : value.start]
    if _same(value.value, item.value):
        return head + text[value.start : member.end]
    if member.key is not None and (value.start == value.end or _collapses(value, item.value)):
        return _at_colon(text, member, item)
    return head + rewrite(text, value, item.value)


def _collapses(value: Node, new: Value) -> bool:
    """Whether a collection that began on a line of its own becomes something that stands behind the colon."""
    return not value.flow and bool(value.members) and (type(value.value) is not type(new) or not new)


def _at_colon(text: str, member: Member, item: Placed) -> str:
    name = scalar(item.key or "")
    between = text[member.key.end : member.value.start] if member.key else ""
    comment = between[between.find("#") :].splitlines()[0] if "#" in between else ""
    return f"{name}: {flow(item.value)}{'  ' + comment if comment else ''}"


@dataclass(slots=True)
class _Piece:
    """A member of a block: what heads its group, what is its own before it, itself, and the rest of its line."""

    heading: str
    own: str
    text: str


def _block(text: str, node: Node, placed: Sequence[Placed]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    members = node.members
    column = members[0].start - (text.rfind("\n", 0, members[0].start) + 1)
    indent = text[members[0].start - column : members[0].start]
    indent = indent if indent.isspace() else " " * column
    headings, owns = _leads(text, members)
    apart = sum(own.lstrip(" ").startswith(("\n", "\r\n")) for own in owns[1:]) * 2 > len(members) - 1
    stays = _unmoved([item.origin for item in placed])
    pending = {number: headings[number] for number in range(len(members)) if headings[number]}
    out: list[_Piece] = []
    for number, item in enumerate(placed):
        own = owns[item.origin] if item.origin is not None else item.carried.own if item.carried else ""
        if number == 0:
            own = _without_blanks(own)
        elif apart and not _has_blank(own) and (item.origin is None or item.origin == 0 or number not in stays):
            own = newline + own
        heading = ""
        if item.origin is not None and number in stays:
            heading = "".join(pending.pop(each) for each in sorted(pending) if each <= item.origin)
        out.append(_Piece(heading, own, _line(text, node, item, column, newline)))
    rest = "".join(pending[each] for each in sorted(pending)).rstrip("\r\n")
    lines = newline.join(f"{piece.heading}{piece.own}{indent}{piece.text}" for piece in out)
    whole = lines + (newline + rest if rest else "")
    return whole[column:] if not out[0].heading and not out[0].own else whole.lstrip(" ")


def _line(text: str, node: Node, item: Placed, column: int, newline: str) -> str:
    if item.origin is not None:
        member = node.members[item.origin]
        return body(text, member, item) + text[member.end : line_end(text, member.end)]
    if item.carried is not None:
        return reindented(item.carried.body, column - item.carried.column) + item.carried.tail
    if item.key is not None:
        return f"{scalar(item.key)}: {flow(item.value)}"
    first = node.members[0].value
    if isinstance(item.value, dict) and item.value and not first.flow:
        return f"- {block(item.value, newline, ' ' * (column + 2))}"
    return f"- {flow(item.value, first.style if first.style in _QUOTES else '')}"


_QUOTES: Final = ("'", '"')


def reindented(lines: str, by: int) -> str:
    """Return lines with all but the first moved to the right, or to the left where `by` is negative."""
    first, *others = lines.split("\n")
    moved = [" " * by + line if by > 0 and line.strip() else line[min(-by, len(line) - len(line.lstrip(" "))) :]
             if by < 0 else line for line in others]  # fmt: skip
    return "\n".join([first, *moved])


def _leads(text: str, members: Sequence[Member]) -> tuple[list[str], list[str]]:
    """Return what stands before each member since the one above: what heads its group, and what is its own."""
    headings, owns = [""], [""]
    for above, member in pairwise(members):
        start = text.find("\n", line_end(text, above.end)) + 1
        lines = text[start : text.rfind("\n", 0, member.start) + 1].splitlines(keepends=True)
        blank = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
        headings.append("".join(lines[:blank]))
        owns.append("".join(lines[blank:]))
    return headings, owns


def carried(text: str, node: Node, number: int, value: Value) -> Carried:
    """Return a member with what is its own, to be set into another file."""
    member = node.members[number]
    column = member.start - (text.rfind("\n", 0, member.start) + 1)
    own = _leads(text, node.members)[1][number]
    tail = text[member.end : line_end(text, member.end)]
    return Carried(own, body(text, member, Placed(number, value)), tail, column)


def _has_blank(own: str) -> bool:
    return any(not line.strip() for line in own.splitlines())


def _without_blanks(own: str) -> str:
    lines = own.splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    return "".join(lines[first:])


def _unmoved(origins: Sequence[int | None]) -> set[int]:
    """Return the places of a longest run of members that kept their order: the others are the ones that moved."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int] = {}
    for number, origin in enumerate(origins):
        if origin is None:
            continue
        at = bisect_left(tails, origin)
        tails[at : at + 1] = [origin]
        ends[at : at + 1] = [number]
        before[number] = ends[at - 1] if at else -1
    found: set[int] = set()
    here = ends[-1] if ends else -1
    while here >= 0:
        found.add(here)
        here = before[here]
    return found


__all__ = ["WIDEST", "Carried", "Placed", "body", "carried", "recollect", "reindented", "rewrite"]
