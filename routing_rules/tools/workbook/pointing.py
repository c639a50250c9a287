"""From a file's line and column to a sheet's cell: what the linter finds is shown where the official wrote it."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from routing_rules.engine.source import Listing, Node, Scalar, Table
from routing_rules.messages import Position
from routing_rules.tools.workbook.changing import Wanted
from routing_rules.tools.workbook.columns import Path
from routing_rules.tools.workbook.entries import nodes
from routing_rules.tools.workbook.layout import HEADS, Layout
from routing_rules.tools.workbook.opened import Opened
from routing_rules.tools.workbook.sheets import Place

Spot = tuple[int, int, Place]


class Pointer:
    """Knows where each value of the written files stands in the workbook."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.roots = nodes(files)
        self.spots: dict[str, list[Spot]] = {}

    def add(self, layout: Layout, wanted: Sequence[Wanted], sheet: Opened) -> None:
        """Note the cells of a sheet's entries."""
        counted: dict[str, int] = {}
        for each in wanted:
            number = counted.get(each.file, 0)
            counted[each.file] = number + 1
            node = _entry(self.roots.get(each.file), layout.within, number)
            if node is not None and each.rows:
                own = [column for column in layout.columns if layout is not HEADS or column.path != ("@file",)]
                first = sheet.place(each.rows[0], ".".join(layout.identity))
                found = self.spots.setdefault(each.file, [])
                if layout is not HEADS:
                    found.append((node[0].line, node[0].column, first))
                paths = [(column.path, column.name, column.block) for column in own]
                found += _cells(node[1], paths, layout.repeated, each.rows, sheet)

    def leaf(self, file: str, path: Path, place: Place) -> None:
        """Note the cell of a value that is said once."""
        root = self.roots.get(file)
        for at in _at(root, path) if root else ():
            self.spots.setdefault(file, []).append((at.line, at.column, place))

    def sort(self) -> None:
        """Put the spots in order, once all are noted."""
        for spots in self.spots.values():
            spots.sort(key=lambda spot: spot[:2])

    def place(self, at: Position) -> Place | None:
        """Return the cell that a position belongs to: the last one that begins at or before it."""
        spots = self.spots.get(at.file, [])
        number = bisect_right(spots, (at.line, at.column), key=lambda spot: spot[:2])
        return spots[max(number - 1, 0)][2] if spots else None


def _entry(root: Node | None, within: str, number: int) -> "tuple[Position, Node] | None":
    held = root.get(within) if isinstance(root, Table) and within else root
    if isinstance(held, Listing) and number < len(held.items):
        return held.items[number].at, held.items[number]
    if isinstance(held, Table) and within and number < len(held.entries):
        key, value = held.entries[number]
        return key.at, value
    return (held.at, held) if isinstance(held, Table) and not within else None


def _cells(
    node: "Node | object", paths: Sequence[tuple[Path, str, bool]], repeated: str, rows: Sequence[int], sheet: Opened
) -> Iterator[Spot]:
    for path, name, block in paths:
        if not block:
            for at in _at(node, path):
                yield at.line, at.column, sheet.place(rows[0], name)
            continue
        held = node.get(repeated) if isinstance(node, Table) else None
        parts = held.items if isinstance(held, Listing) else [held] if held is not None else []
        for part, row in zip(parts, rows, strict=False):
            for at in _at(part, path[1:]):
                yield at.line, at.column, sheet.place(row, name)


def _at(node: "Node | object", path: Path) -> Iterator[Position]:
    """Yield where the key and the value of a path are written, if they are."""
    if path and path[0].startswith("@"):
        if path[0] == "@value" and isinstance(node, Scalar):
            yield node.at
        return
    here = node
    key: Scalar | None = None
    for name in path:
        entry = next((e for e in here.entries if e[0].value == name), None) if isinstance(here, Table) else None
        if entry is None:
            return
        key, here = entry
    if key is not None and isinstance(here, Scalar | Listing | Table):
        yield key.at
        yield here.at
