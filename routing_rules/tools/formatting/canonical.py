"""A whole file written canonically, and the proof that nothing was lost: content, comments and waivers as before."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from routing_rules.engine.source import Document, Listing, Node, Scalar, Table, plain, read
from routing_rules.tools.fixing.tidying import tidy
from routing_rules.tools.formatting.ordering import ordered
from routing_rules.tools.formatting.shapes import Shape, shape_of
from routing_rules.tools.formatting.values import flow, parts, width

WIDEST: Final = 120
"""Columns of a line that people still read; a row of a table (`- {…}`) may be longer: it is one thing."""
_STEP: Final = "  "
_MOST_ROUNDS: Final = 4
_COMMENT: Final = re.compile(r"""(?:^|\s)(#.*)$""")
_TOKEN: Final = re.compile(
    r"""(?<![^\[{,\s])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?:(?<=\s)|^)\#[^\n]*|[\[\]{}]""", re.MULTILINE
)


class Unformatted(Exception):
    """A file that cannot be written anew without loss; it stays as it is. The reason is a key of the words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file as it should be, and whether it was already."""

    content: bytes
    changed: bool


def formatted(file: str, content: bytes) -> Formatted:
    """Return a file written canonically. Raises Unformatted where it can't be read, or something would be lost."""
    shape, before = shape_of(file), read(file, content)
    if shape is None:
        return Formatted(content, False)
    if before.root is None or before.findings:
        raise Unformatted("unreadable")
    made = tidy(file, content)
    for _ in range(_MOST_ROUNDS):  # what was laid out in several lines may have parts to be laid out
        again = _once(file, made, shape)
        if again == made:
            break
        made = again
    else:
        raise Unformatted("unsettled")
    after = read(file, made)
    if after.root is None or after.findings or plain(after.root) != plain(before.root):
        raise Unformatted("content")
    if _comments(file, content) != _comments(file, made) or _waived(before) != _waived(after):
        raise Unformatted("comments")
    return Formatted(made, made != content)


def _once(file: str, content: bytes, shape: Shape) -> bytes:
    text = content.decode()
    root = read(file, content).root
    if root is None:
        raise Unformatted("content")
    starts = _line_starts(text)
    for place in sorted(_places(root, shape, text, starts), key=lambda place: -place.start):
        text = _rewritten(text, place)
    return ordered(file, text, shape).encode()


@dataclass(frozen=True, slots=True)
class _Place:
    """A value in block context: where it begins, its shape, its column, whether it is a known key's (else a row)."""

    start: int
    shape: Shape
    indent: int
    keyed: bool


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


def _places(node: Node, shape: Shape, text: str, starts: list[int], indent: int = 0) -> Iterator[_Place]:
    """Yield the values that stand in block context: below a key or a dash, not within brackets."""
    if isinstance(node, Table):
        children = [
            (value, shape.at(key.value), key.at.column - 1, key.value in shape.keys) for key, value in node.entries
        ]
    elif isinstance(node, Listing):
        children = [(item, shape.items, indent, False) for item in node.items]
    else:
        return
    for child, its, column, keyed in children:
        start = starts[child.at.line - 1] + child.at.column - 1
        if isinstance(child, Scalar) or text[start : start + 1] in {"{", "["}:
            yield _Place(start, its, column, keyed)
        else:
            yield from _places(child, its, text, starts, column)


def _rewritten(text: str, place: _Place) -> str:
    end = _end(text, place.start)
    if end is None:
        return text
    source = text[place.start : end]
    line_end = text.find("\n", end) if "\n" in text[end:] else len(text)
    rest = text[end:line_end]
    written = flow(source, place.shape)
    head = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    if place.keyed and source[0] in "{[" and not rest.strip() and width(head + written) > WIDEST:
        return _spread(text, place, end, head)
    return text[: place.start] + written + text[end:]


def _spread(text: str, place: _Place, end: int, head: str) -> str:
    """Lay a value too wide for its line out in several: a mapping or rows below their key, words in lines."""
    inner = parts(text[place.start : end], place.shape)
    below = " " * place.indent
    if text[place.start] == "{":
        lines = [f"{below}{_STEP}{key}: {value}" for key, value, _ in inner]
    elif any(value[:1] == "{" for _, value, _ in inner):
        lines = [f"{below}- {value}" for _, value, _ in inner]
    else:
        return text[: place.start] + _wrapped([value for _, value, _ in inner], head, below + _STEP) + text[end:]
    return text[: place.start].rstrip(" ") + "\n" + "\n".join(lines) + text[end:]


def _wrapped(words: list[str], head: str, indent: str) -> str:
    lines, line = [], f"{head}["
    for number, word in enumerate(words):
        piece = word + ("," if number + 1 < len(words) else "]")
        if line.strip() and width(f"{line} {piece}") > WIDEST and not line.endswith("["):
            lines.append(line)
            line = indent + piece
        else:
            line += piece if line.endswith("[") else f" {piece}"
    return "\n".join([*lines, line])[len(head) :]


def _end(text: str, start: int) -> int | None:
    """Return where a value ends; None for what is left as written: comments within brackets, text over lines."""
    if text[start : start + 1] in {"{", "["}:
        depth = 0
        for token in _TOKEN.finditer(text, start):
            sign = token.group()
            if sign[0] == "#":
                return None
            depth += (sign in "{[") - (sign in "}]")
            if depth == 0:
                return token.end()
        return None
    line_end = text.find("\n", start) if "\n" in text[start:] else len(text)
    line = text[start:line_end]
    if line[:1] in "\"'":
        quoted = _TOKEN.match(line)
        return start + quoted.end() if quoted else None
    if not line or line[0] in "|>&*!#":
        return None
    found = re.match(r".*?(?=\s+#|\s*$)", line)
    after = text[line_end + 1 :].split("\n", 1)[0]
    goes_on = bool(after.strip()) and not re.match(r"\s*(#|- |-$|[^\s#].*?:(\s|$))", after)
    return start + found.end() if found and found.group() and not goes_on else None


def _comments(file: str, content: bytes) -> Counter[str]:
    """Return the comments of a file: lines that are one, and what follows a value, quotes left out."""
    bare = re.sub(r"""(?<![^\[{,\s])(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')""", '""', content.decode())
    return Counter(found.group(1).rstrip() for line in bare.split("\n") if (found := _COMMENT.search(line)))


def _waived(document: Document) -> Counter[tuple[tuple[str, ...], str]]:
    """Return the waivers and what each covers, by the text of what stands in that line."""
    return Counter((waiver.codes, waiver.reason) for waiver in document.waivers)
