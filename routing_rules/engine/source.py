"""YAML as text: nodes with positions, nothing typed (RULE-LANGUAGE G4). The only reader of YAML in the rules.

Every scalar stays the text that the author wrote, so `22:00`, `010` and `no` mean what they look like; the field table
gives types. Duplicate keys, anchors, aliases, merge keys, tabs and second documents are findings, not features.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from routing_rules.messages import Finding, Position

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST: Final = 32
MOST_BYTES: Final = 8 << 20
"""Of one file: a county's longest has sixty thousand."""
MOST_NODES: Final = 400_000
"""Values, lists and mappings of a whole ruleset: 10,000 rules have some 250,000; reading so many takes seconds."""
STRUCTURAL: Final = {"：": ":", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]"}  # fmt: skip
_MISUSED: Final = re.compile(
    "(?<=[A-Za-z_])(\uff1a)|(?<=[\\s:\\[,{])([\u201c\u2018\u3010])|(?<=[\\]}\\w])(\uff0c)(?=\\s*[\\[{A-Za-z\"'])"
)
_WAIVER: Final = re.compile(r"(?:^|\s)#\s*lint:\s*ignore\s+((?:RR\d{3}[\s,]*)+)(.*)$")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as written. `quoted`: full-width punctuation within quotes is the author's business."""

    value: str
    at: Position
    quoted: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple["Node", ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping in the author's order; the first of two equal keys stands."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    at: Position

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, None where it isn't written."""
        return next((value for name, value in self.entries if name.value == key), None)


Node = Scalar | Listing | Table


@dataclass(frozen=True, slots=True)
class Waiver:
    """`# lint: ignore RR131 reason`: holds for its own line, or for the next one where it stands alone."""

    codes: tuple[str, ...]
    reason: str
    at: Position
    covers: int  # the line


@dataclass(frozen=True, slots=True)
class Document:
    """A file once read: `root` is None where nothing could be read."""

    file: str
    root: Node | None
    findings: tuple[Finding, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    nodes: int = 0


def read(file: str, content: bytes, most: int = MOST_NODES) -> Document:
    """Read one file of `most` nodes. Never raises: what is wrong with it is in the findings, its size too."""
    if len(content) > MOST_BYTES:
        return Document(file, None, (too_much(file, 1, "n_bytes", len(content), MOST_BYTES),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Document(file, None, (Finding("RR100", Position(file, line, 1), variant="encoding"),))
    findings = list(_tabs(file, text))
    builder = _Builder(file, findings, most)
    root: Node | None = None
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        findings.extend(_unreadable(file, text, error, bool(findings)))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position or 0) + 1
        findings.append(_broken(Position(file, line, 1), "yaml:control characters are not allowed"))
    except _TooDeepError as error:
        findings.append(_broken(error.at, "yaml:too deep"))
    except _TooManyError as error:
        findings.append(too_much(file, error.line, "n_nodes", builder.nodes, most))
    return Document(file, root, tuple(findings), tuple(_waivers(file, text)), builder.nodes)


def too_much(file: str, line: int, what: str, n: int, most: int) -> Finding:
    """Return the finding that something is larger than a ruleset may be."""
    return Finding("RR137", Position(file, line, 1), {"what": f"term:{what}", "n": str(n), "max": str(most)}, "size")


def plain(node: Node) -> object:
    """Return a node as text, lists and mappings: the content that a ruleset's hash is made of."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return {key.value: plain(value) for key, value in node.entries}


def full_width(text: str) -> tuple[str, str] | None:
    """Return the first full-width character of a key or code and what it should be, None where there is none."""
    for char in text:
        if char in STRUCTURAL:
            return char, STRUCTURAL[char]
        if "\uff01" <= char <= "\uff5e":
            return char, chr(ord(char) - 0xFEE0)
        if char == "\u3000":
            return char, " "
    return None


class _TooDeepError(Exception):
    def __init__(self, at: Position) -> None:
        super().__init__("too deep")
        self.at = at


class _TooManyError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__("too many")
        self.line = line


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, file: str, findings: list[Finding], most: int) -> None:
        self.file = file
        self.findings = findings
        self.most = most
        self.nodes = 0

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Return the first document's node."""
        root: Node | None = None
        seen = False
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and seen:
                self.findings.append(Finding("RR100", self._at(event), variant="documents"))
                break
            if isinstance(event, yaml.NodeEvent):
                root, seen = self._node(event, events, 1), True
        return root

    def _at(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        return Position(self.file, mark.line + 1, mark.column + 1) if mark else Position(self.file, 1, 1)

    def _node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        at = self._at(event)
        self.nodes += 1
        if self.nodes > self.most:
            raise _TooManyError(at.line)
        if depth > DEEPEST:
            raise _TooDeepError(at)
        if event.anchor is not None:
            self.findings.append(Finding("RR106", at))
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, at, quoted=bool(event.style))
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(tuple(self._until(yaml.SequenceEndEvent, events, depth)), at)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(at, events, depth)
        return Scalar("", at, True)  # an alias: reported above by its name

    def _until(self, end: type[yaml.Event], events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, end):
                return
            yield self._node(event, events, depth + 1)  # type: ignore[arg-type]

    def _table(self, at: Position, events: Iterator[yaml.Event], depth: int) -> Table:
        nodes = list(self._until(yaml.MappingEndEvent, events, depth))
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.findings.append(_broken(key.at, "yaml:did not find expected key"))
            elif key.value == "<<" and not key.quoted:
                self.findings.append(Finding("RR106", key.at))
            elif key.value in entries:
                lines = {"a": str(entries[key.value][0].at.line), "b": str(key.at.line)}
                self.findings.append(Finding("RR102", key.at, {"key": key.value, **lines}))
            else:
                entries[key.value] = (key, value)
        return Table(tuple(entries.values()), at)


def _broken(at: Position, detail: str) -> Finding:
    return Finding("RR100", at, {"detail": detail})


def _tabs(file: str, text: str) -> Iterator[Finding]:
    if "\t" not in text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        column = line.find("\t")
        if column >= 0 and not re.search(r"(^|\s)#", line[:column]):
            yield Finding("RR100", Position(file, number, column + 1), variant="tab")


def _unreadable(file: str, text: str, error: yaml.MarkedYAMLError, excused: bool) -> Iterator[Finding]:
    """Yield why a file cannot be read; a tab or a full-width sign nearby is the likelier reason and comes first."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    first = min(line, error.context_mark.line if error.context_mark else line)
    lines = text.splitlines()
    for number in range(max(first - 1, 0), min(line + 1, len(lines))):
        code = re.sub(r"""(^|\s)#.*$|"[^"]*"|'[^']*'""", lambda m: " " * len(m.group()), lines[number])
        hit = _MISUSED.search(code)
        if hit:
            params = {"char": hit.group(), "ascii": STRUCTURAL[hit.group()]}
            yield Finding("RR103", Position(file, number + 1, hit.start() + 1), params)
            return
    if not excused:
        yield _broken(Position(file, line + 1, column + 1), f"yaml:{error.problem}")


def _waivers(file: str, text: str) -> Iterator[Waiver]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        found = _WAIVER.search(line)
        if not found:
            continue
        codes = tuple(re.findall(r"RR\d{3}", found.group(1)))
        covers = number
        if line.lstrip().startswith("#"):
            covers = next((n for n in range(number + 1, len(lines) + 1) if _bears(lines[n - 1])), number)
        yield Waiver(codes, found.group(2).strip(), Position(file, number, found.start() + 1), covers)


def _bears(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")
