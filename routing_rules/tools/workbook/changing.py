"""In, second step: a sheet's lines against the entries that it was made from: what each entry shall be now.

A cell that says what it said leaves its value untouched, whatever the value is. So only what a person changed is ever
read from a cell.
"""

import copy
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing_rules.tools.workbook.columns import FILE, KEY, VALUE, Column, Path
from routing_rules.tools.workbook.entries import Entry, covered, parts, rows_of
from routing_rules.tools.workbook.layout import Layout
from routing_rules.tools.workbook.notation import Holds, Unreadable, Value, parse
from routing_rules.tools.workbook.opened import Line, Opened
from routing_rules.tools.workbook.sheets import Problem


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry as it shall be: its file, which it was, its value, and the rows that say so (none: no sheet does)."""

    file: str
    was: Entry | None
    value: dict[str, Value]
    rows: tuple[int, ...] = ()


def unchanged(entries: Iterable[Entry]) -> list[Wanted]:
    """Return entries as they are: their sheet is gone."""
    return [Wanted(entry.file, entry, entry.value) for entry in entries]


class Change:
    """What one sheet's lines make of its entries."""

    def __init__(self, layout: Layout, sheet: Opened, entries: Sequence[Entry], problems: list[Problem]) -> None:
        self.layout = layout
        self.sheet = sheet
        self.problems = problems
        self.by_mark = {entry.origin().rsplit("#", 1)[0]: entry for entry in entries}
        marks = {line.mark.rsplit("#", 1)[0] for line in sheet.lines}
        free = [entry for mark, entry in self.by_mark.items() if mark not in marks]
        self.by_name = {self._name(entry): entry for entry in reversed(free)}
        self.claimed: set[str] = set()

    def _name(self, entry: Entry) -> str:
        return rows_of(entry, self.layout)[0].get(self.layout.identity, "").strip()

    def wanted(self) -> list[Wanted]:
        """Return the entries in the order of their rows."""
        found = []
        keys: set[str] = set()
        for head, others in self._groups():
            wanted = self._entry(head, others)
            key = str(wanted.value.get(KEY, "")) if wanted else ""
            if key and key in keys:
                self._find("WB19", head, ".".join(self.layout.identity), name=key)
            elif wanted:
                keys |= {key} if key else set()
                found.append(wanted)
        return found

    def _find(self, code: str, line: Line, column: str, /, **params: str) -> None:
        self.problems.append(Problem(code, self.sheet.place(line.row, column), params))

    def _groups(self) -> Iterator[tuple[Line, list[Line]]]:
        """Yield each entry's first line with the lines that continue it."""
        identity = ".".join(self.layout.identity)
        heads: list[tuple[Line, list[Line]]] = []
        by_mark: dict[str, list[Line]] = {}
        for line in self.sheet.lines:
            mark, _, part = line.mark.rpartition("#")
            named = identity in line.cells or identity in line.bad
            if named or not self.layout.repeated:
                if not named:
                    self._find("WB17", line, identity)
                    continue
                heads.append((line, []))
                by_mark.setdefault(mark, heads[-1][1])
            elif part not in ("", "0") and mark in by_mark:
                by_mark[mark].append(line)
            elif not heads:
                self._find("WB10", line, identity)
            elif part == "0":
                self._find("WB17", line, identity)
            else:
                heads[-1][1].append(line)
        yield from heads

    def _entry(self, head: Line, others: Sequence[Line]) -> Wanted | None:
        was = self._claim(head)
        value: dict[str, Value] = copy.deepcopy(was.value) if was else {}
        shown = rows_of(was, self.layout) if was else []
        plain = [column for column in self.layout.columns if not column.block and column.path != (FILE,)]
        self._cells(head, shown[0] if shown else {}, plain, value, ())
        if self.layout.repeated:
            self._parts(was, value, shown, [head, *others])
        file = self._file(head, was)
        return None if file is None else Wanted(file, was, value, (head.row, *(line.row for line in others)))

    def _claim(self, line: Line) -> Entry | None:
        mark = line.mark.rsplit("#", 1)[0]
        entry = self.by_mark.get(mark)
        if entry is None:
            entry = self.by_name.get(line.cells.get(".".join(self.layout.identity), ""))
            mark = entry.origin().rsplit("#", 1)[0] if entry else ""
        if entry is None or mark in self.claimed:
            return None
        self.claimed.add(mark)
        return entry

    def _file(self, line: Line, was: Entry | None) -> str | None:
        layout = self.layout
        if not layout.several and layout.key != "files":
            return layout.files
        text = unicodedata.normalize("NFKC", line.cells.get(FILE, ""))
        if FILE not in self.sheet.columns and was:
            return was.file
        folder = layout.files or "routes/"
        example = f"{folder}{'50-name' if folder == 'routes/' else 'name'}{layout.suffix}"
        if not text:
            self._find("WB12", line, FILE, example=example)
            return None
        file = text if "/" in text else folder + text
        good = file == was.file if was else False
        good = good or covered(layout, file)
        if not good or any(sign in file for sign in '\\:*?"<>|#') or "/." in file:
            self._find("WB13", line, FILE, text=text, example=example)
            return None
        return file

    def _cells(
        self, line: Line, old: Mapping[Path, str], columns: Iterable[Column], value: dict[str, Value], under: Path
    ) -> None:
        """Set what a line's cells say into a value, where they say something else than before."""
        for column in columns:
            if column.name not in self.sheet.columns or column.name in line.bad:
                continue
            new, before = line.cells.get(column.name, ""), old.get(column.path, "").replace("\u00a0", " ").strip()
            if _says_the_same(new, before, column.holds):
                continue
            path = column.path[len(under) :]
            try:
                put(value, path, self._value(new, column), self.layout.orders, under)
            except Unreadable as error:
                self._find("WB04", line, column.name, reason=str(error))

    @staticmethod
    def _value(text: str, column: Column) -> Value | None:
        if not text:
            return None
        value = parse(text, column.holds)
        return text if isinstance(value, list) and len(value) == 1 and value[0] == text in column.alone else value

    def _parts(
        self, was: Entry | None, value: dict[str, Value], shown: Sequence[Mapping[Path, str]], lines: Sequence[Line]
    ) -> None:
        columns = [column for column in self.layout.columns if column.block]
        if not any(column.name in self.sheet.columns for column in columns):
            return
        old = parts(value, self.layout)
        new: list[Value] = []
        for number, line in enumerate(lines):
            mark, _, tail = line.mark.rpartition("#")
            known = was is not None and mark == was.origin().rsplit("#", 1)[0] and tail.isdecimal()
            index = int(tail) if known else 0 if number == 0 and was else len(old)
            part: Any = copy.deepcopy(old[index]) if index < len(old) else {}
            said = any(column.name in line.cells or column.name in line.bad for column in columns)
            if said and isinstance(part, dict):
                before = shown[index] if index < len(old) else {}
                self._cells(line, before, columns, part, (self.layout.repeated,))
                new.append(part)
            if number:
                self._alone(line)
        if new != old:
            single = len(new) == 1 and not self.layout.wrapped and not isinstance(value.get(self.layout.repeated), list)
            held: Value | None = (new[0] if single else new) if new else None
            put(value, (self.layout.repeated,), held, self.layout.orders, ())

    def _alone(self, line: Line) -> None:
        """Tell of cells in a line that continues an entry and are not of its repeated part."""
        for column in self.layout.columns:
            if not column.block and column.name in line.cells and column.path != (FILE,):
                self._find("WB11", line, column.name)


def _says_the_same(new: str, old: str, holds: Holds) -> bool:
    if new == old or (not new and not old):
        return True
    return holds is not Holds.TEXT and unicodedata.normalize("NFKC", new) == unicodedata.normalize("NFKC", old)


def put(
    value: dict[str, Value], path: Path, new: Value | None, orders: Mapping[Path, tuple[str, ...]], under: Path
) -> None:
    """Set a value at a path, in its place among the others; None takes it away, and what is left empty above it.

    Raises `Unreadable` where what is above is no mapping.
    """
    key, rest = path[0], path[1:]
    held = value.get(key)
    if rest:
        if held is not None and not isinstance(held, dict):
            raise Unreadable("no_parent")
        inner = held if held is not None else {}
        put(inner, rest, new, orders, (*under, key))
        new = inner or None
    if new is None:
        value.pop(key, None)
    elif key in value:
        value[key] = new
    else:
        _insert(value, key, new, orders.get(under, ()))


def _insert(value: dict[str, Value], key: str, new: Value, order: Sequence[str]) -> None:
    """Put a new key behind the last of those that come before it by the order of the fields."""
    places = {name: number for number, name in enumerate(order)}
    items = list(value.items())
    at = len(items)
    if key in places:
        before = [number for number, (name, _) in enumerate(items) if places.get(name, -1) < places[key]]
        at = before[-1] + 1 if before else 0
    items.insert(at, (key, new))
    value.clear()
    value.update(items)


__all__ = ["FILE", "KEY", "VALUE", "Change", "Wanted", "put", "unchanged"]
