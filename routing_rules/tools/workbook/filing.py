"""In, third step: the entries as they shall be, put into the files, character by character where nothing changed.

What is written is read again by the engine's reader and must say what the sheets say; else it is refused, as a defect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from routing_rules.engine.source import plain, read
from routing_rules.tools.workbook.changing import Wanted
from routing_rules.tools.workbook.entries import stripped
from routing_rules.tools.workbook.layout import Layout
from routing_rules.tools.workbook.nodes import Member, Node, compose
from routing_rules.tools.workbook.notation import Value
from routing_rules.tools.workbook.rewriting import Carried, Placed, body, carried, recollect, reindented, rewrite
from routing_rules.tools.workbook.scalars import block, flow

_BOM: Final = "\ufeff"


class Defect(Exception):
    """A file that did not come out as it should have."""


@dataclass(slots=True)
class Filing:
    """The files that a workbook was made from, and what becomes of them.

    `heads`: a file's content as it shall be without its entries; `renamed`: new names by old ones.
    """

    files: Mapping[str, bytes]
    contents: Mapping[str, dict[str, Value]]
    renamed: Mapping[str, str] = field(default_factory=dict)
    heads: dict[str, dict[str, Value]] = field(default_factory=dict)
    wanted: dict[str, tuple[Layout, list[Wanted]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)  # files whose row was taken away

    def written(self) -> dict[str, bytes]:
        """Return all files of the ruleset as they shall be. Raises `Defect`."""
        olds = {new: old for old, new in self.renamed.items()}
        held = {each.file for _, wanted in self.wanted.values() for each in wanted}
        names = {self.renamed.get(file, file) for file in self.contents} | set(self.heads) | held
        whole = {layout.key: layout for layout, _ in self.wanted.values() if not layout.within}
        found = {file: content for file, content in self.files.items() if file not in self.contents}
        for file in sorted(names):
            old = olds.get(file, "" if file in self.renamed else file)
            emptied = any(layout.covers(file) for layout in whole.values()) or old in self.gone
            if file not in held and emptied:
                continue
            found[file] = self._file(file, old)
        return found

    def _file(self, file: str, old: str) -> bytes:
        whole = [each for layout, wanted in self.wanted.values() if not layout.within for each in wanted]
        single = next((each for each in whole if each.file == file), None)
        if single is not None:
            return self._head(single.was.file if single.was else "", stripped(single.value), file)
        plans = {
            layout.within: [each for each in wanted if each.file == file]
            for layout, wanted in self.wanted.values()
            if layout.within and layout.covers(file)
        }
        head: Any = self.heads.get(old if old in self.heads else file, dict(self.contents.get(old, {})))
        content = self._head(old, {**head}, file, frozenset(plans))
        for within, wanted in plans.items():
            content = self._placed(content, within, wanted, old)
        self._check(file, content, head, plans)
        return content

    def _head(self, old: str, value: Value, file: str, apart: frozenset[str] = frozenset()) -> bytes:
        """Return a file with what stands at its head, or with all that it is; entries (`apart`) stay as they were."""
        before = self.contents.get(old)
        if before is None:
            text = (
                block({k: v for k, v in value.items() if k not in apart}, "\n", "") if isinstance(value, dict) else ""
            )
            return f"{text}\n".encode() if text else b""
        if before == value and list(before) == list(value):
            return self.files[old]
        text, bom = _decoded(self.files[old])
        root = compose(text)
        if root is None:
            raise Defect(file)
        written = text[: root.start] + rewrite(text, root, value) + text[root.end :]
        return (bom + written).encode()

    def _placed(self, content: bytes, within: str, wanted: Sequence[Wanted], old: str) -> bytes:
        before = self.contents.get(old, {}).get(within)
        values = [stripped(each.value) for each in wanted]
        keys = [str(each.value["@key"]) if "@key" in each.value else None for each in wanted]
        origins = [each.was.index if each.was and each.was.file == old else None for each in wanted]
        if before is None and not wanted:
            return content
        was = list(before.values()) if isinstance(before, dict) else before
        same = not isinstance(before, dict) or list(before) == keys
        ordered = was is not None and origins == list(range(len(was))) and values == was and same
        if ordered and all(list(a) == list(b) for a, b in zip(values, was or (), strict=True) if isinstance(a, dict)):
            return content
        placed = [
            Placed(origin, value, key, None if origin is not None else self._carried(each, value))
            for origin, value, key, each in zip(origins, values, keys, wanted, strict=True)
        ]
        text, bom = _decoded(content)
        return (bom + _into(text, within, placed)).encode()

    def _carried(self, each: Wanted, value: Value) -> Carried | None:
        """Return an entry with its lines as they stand in the file that it comes from."""
        if each.was is None:
            return None
        text, _ = _decoded(self.files[each.was.file])
        root = compose(text)
        container = root.child(each.was.within) if root else None
        return carried(text, container, each.was.index, value) if container and not container.flow else None

    def _check(self, file: str, content: bytes, head: Mapping[str, Value], plans: Mapping[str, list[Wanted]]) -> None:
        expected: dict[str, Any] = {key: value for key, value in head.items() if key not in plans}
        for within, wanted in plans.items():
            values = [stripped(each.value) for each in wanted]
            keyed = any("@key" in each.value for each in wanted)
            held = (
                {str(each.value["@key"]): value for each, value in zip(wanted, values, strict=True)}
                if keyed
                else values
            )
            if held or within in head:
                expected[within] = held
        document = read(file, content)
        said = plain(document.root) if document.root is not None else {}
        if said != expected and {k: v or None for k, v in _mapping(said)} != {
            k: v or None for k, v in expected.items()
        }:
            raise Defect(file)


def _mapping(said: object) -> list[tuple[str, Any]]:
    return list(said.items()) if isinstance(said, dict) else []


def _decoded(content: bytes) -> tuple[str, str]:
    text = content.decode("utf-8")
    return (text[1:], _BOM) if text.startswith(_BOM) else (text, "")


def _into(text: str, within: str, placed: Sequence[Placed]) -> str:
    """Return a file's text with a container's entries; a container that isn't there is put at the end."""
    root = compose(text) if text.strip() else None
    member = _member(root, within)
    if member is None:
        gap = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{gap}{_anew(within, placed)}"
    value = member.value
    if not placed or (not value.members and not isinstance(value.value, dict)):
        if placed:
            return f"{text[: member.start]}{_anew(within, placed).rstrip()}{text[member.end :]}"
        return text[: member.start] + body(text, member, Placed(0, [], within)) + text[member.end :]
    return text[: value.start] + recollect(text, value, placed) + text[value.end :]


def _member(root: Node | None, key: str) -> Member | None:
    return next((each for each in root.members if each.key and each.key.value == key), None) if root else None


def _anew(within: str, placed: Sequence[Placed]) -> str:
    """Return a container that did not exist: entries that come from elsewhere keep their lines and comments."""
    lines = [f"{within}:"]
    for item in placed:
        if item.carried is not None:
            own = "".join(f"{line.lstrip()}\n" for line in item.carried.own.splitlines() if line.strip())
            lines.append(own + reindented(item.carried.body, -item.carried.column) + item.carried.tail)
        elif item.key is not None:
            lines.append(f"  {flow({item.key: item.value})[1:-1]}")
        else:
            wide = isinstance(item.value, dict) and len(flow(item.value)) > 100
            lines.append(
                f"- {block(item.value, chr(10), '  ') if wide and isinstance(item.value, dict) else flow(item.value)}"
            )
    return "\n".join(lines) + "\n"
