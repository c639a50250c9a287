"""Entries: what a sheet has a row for, taken out of files by the engine's own reader, and the cells that show them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing_rules.engine.source import Node, Table, plain, read
from routing_rules.tools.workbook.columns import FILE, KEY, VALUE, Column, Path
from routing_rules.tools.workbook.layout import Layout
from routing_rules.tools.workbook.notation import Value, write

Cells = dict[Path, str]
"""One row: the text of each column that has any."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its file, which of its container's it is, and its value; a mapping's key is the value's `@key`."""

    file: str
    within: str
    index: int
    value: dict[str, Value]

    def origin(self, part: int = 0) -> str:
        """Return the mark by which a row is known again, whatever becomes of its place and its words."""
        return f"{self.file}#{self.within}#{self.index}#{part}"


def roots(files: Mapping[str, bytes]) -> dict[str, dict[str, Value]]:
    """Return the content of the YAML files that hold a mapping, as the engine reads it."""
    found = {}
    for file, content in files.items():
        root = None if file.endswith(".geojson") else read(file, content).root
        if isinstance(root, Table):
            value: Any = plain(root)
            found[file] = value
    return found


def nodes(files: Mapping[str, bytes]) -> dict[str, Node | None]:
    """Return the nodes of the YAML files, with positions."""
    return {file: read(file, content).root for file, content in files.items() if not file.endswith(".geojson")}


def entries(contents: Mapping[str, dict[str, Value]], layout: Layout) -> Iterator[Entry]:
    """Yield the entries of a sheet, file by file in their order."""
    for file in sorted(contents):
        if not covered(layout, file):
            continue
        held: Value | None = contents[file].get(layout.within) if layout.within else contents[file]
        if not layout.within:
            yield Entry(file, "", 0, dict(contents[file]))
        elif isinstance(held, dict):
            for index, (key, value) in enumerate(held.items()):
                yield Entry(file, layout.within, index, _keyed(key, value))
        elif isinstance(held, list):
            for index, value in enumerate(held):
                if isinstance(value, dict):
                    yield Entry(file, layout.within, index, value)


def covered(layout: Layout, file: str) -> bool:
    """Whether a sheet has rows for a file; the sheet of files has one for each that can hold several entries."""
    if layout.key == "files":
        return file.count("/") == 1 and file.startswith(("routes/", "tests/"))
    return layout.covers(file)


def _keyed(key: str, value: Value) -> dict[str, Value]:
    return {KEY: key, **value} if isinstance(value, dict) else {KEY: key, VALUE: value}


def stripped(value: dict[str, Value]) -> Value:
    """Return an entry's value as it stands in the file: without its key, a bare text where it is one."""
    if VALUE in value or list(value) == [KEY]:
        return value.get(VALUE, "")
    return {key: item for key, item in value.items() if key != KEY}


def rows_of(entry: Entry, layout: Layout) -> list[Cells]:
    """Return an entry's rows: its first with all cells, and one more for each further part that is repeated."""
    first = _cells(entry.value, [column for column in layout.columns if not column.block])
    if layout.several or layout.key == "files":
        first[FILE,] = entry.file
    repeated = parts(entry.value, layout)
    columns = [column for column in layout.columns if column.block]
    rows = [_cells({layout.repeated: part}, columns) for part in repeated]
    return [first | (rows[0] if rows else {}), *rows[1:]]


def parts(value: Mapping[str, Value], layout: Layout) -> list[Value]:
    """Return the parts of an entry that take a row each."""
    held = value.get(layout.repeated) if layout.repeated else None
    if held is None:
        return []
    return list(held) if isinstance(held, list) else [held]


def _cells(value: Mapping[str, Value], columns: Sequence[Column]) -> Cells:
    shown = ((column, write(at(value, column.path), column.holds)) for column in columns)
    return {column.path: text for column, text in shown if text}


def at(value: Value | Mapping[str, Value], path: Path) -> Value | None:
    """Return what stands at a path, None where nothing does."""
    here: Any = value
    for key in path:
        here = here.get(key) if isinstance(here, Mapping) else None
    result: Value | None = here
    return result
