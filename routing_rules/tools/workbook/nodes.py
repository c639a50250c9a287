"""Files as nodes with the span of their characters: what `rewriting` needs to change one value and leave the rest.

The one room that knows ruamel.yaml here, and only its composer: nothing is typed, nothing is dumped. What the engine
reads stays the engine's (`engine.source`), and whatever is rewritten is read by it again before it is handed out.
"""

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from routing_rules.tools.workbook.notation import Value


@dataclass(slots=True)
class Node:
    """A value, a key or a whole file. `end` of a block ends its last line, the comment there included."""

    start: int
    end: int
    value: Value
    members: list["Member"] = field(default_factory=list)
    flow: bool = True
    style: str = ""  # the quotes of a text

    def child(self, key: str) -> "Node | None":
        """Return the value of a key."""
        return next((member.value for member in self.members if member.key and member.key.value == key), None)


@dataclass(slots=True)
class Member:
    """An item of a list (`key` None) or an entry of a mapping; from its dash or key to the end of its value."""

    key: Node | None
    value: Node
    start: int
    end: int


def compose(text: str) -> Node | None:
    """Return a file's root, None where it holds nothing. For files that the engine has read without an error."""
    root = YAML(typ="safe", pure=True).compose(text)
    return None if root is None else _node(text, root)


def _node(text: str, found: Any) -> Node:
    start, end = found.start_mark.index, found.end_mark.index
    if isinstance(found, ScalarNode):
        block = found.style in ("|", ">")
        end = start + len(text[start:end].rstrip()) if block else end
        return Node(start, end, str(found.value), style=found.style or "")
    flow = bool(found.flow_style)
    members = [_member(text, key, value, flow) for key, value in _pairs(found)]
    if not flow and members:
        start, end = members[0].start, line_end(text, members[-1].end)
    values: Value
    if isinstance(found, MappingNode):
        values = {str(member.key.value): member.value.value for member in members if member.key}
    else:
        values = [member.value.value for member in members]
    return Node(start, end, values, members, flow)


def _pairs(found: Any) -> list[tuple[Any, Any]]:
    if isinstance(found, SequenceNode):
        return [(None, item) for item in found.value]
    return list(found.value)


def _member(text: str, key: Any, value: Any, flow: bool) -> Member:
    inner = _node(text, value)
    if key is not None:
        name = _node(text, key)
        return Member(name, inner, name.start, max(inner.end, _after_colon(text, name, inner)))
    dash = inner.start if flow else text.rfind("-", 0, inner.start + (inner.start == inner.end))
    return Member(None, inner, dash, inner.end)


def _after_colon(text: str, key: Node, value: Node) -> int:
    """Return where an entry without a value ends: behind its colon, if it has one."""
    if value.start != value.end:
        return value.end
    rest = text[key.end :]
    skipped = len(rest) - len(rest.lstrip(" "))
    return key.end + skipped + 1 if rest[skipped : skipped + 1] == ":" else key.end


def line_end(text: str, at: int) -> int:
    """Return where a position's line ends, its line break (CR LF or LF) not counted."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end
