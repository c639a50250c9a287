"""In, first step: cells as people leave them, as lines of texts by the names of columns.

Forgiven: blank rows, blanks around a text, numbers and dates where a text is due, columns that moved. Told: merged
cells, formulas, numbers that may have lost a zero, columns and sheets that are gone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from routing_rules.tools.workbook.sheets import FIRST_ROW, MARK, NAME_ROW, Grid, Place, Problem, Raw


@dataclass(frozen=True, slots=True)
class Line:
    """A row that holds something: its number, its mark, its texts by column name. `bad`: cells that tell nothing."""

    row: int
    mark: str
    cells: Mapping[str, str]
    bad: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Opened:
    """A sheet's lines, and where its columns stand."""

    key: str
    title: str
    columns: Mapping[str, int]
    lines: tuple[Line, ...] = field(default=())

    def place(self, row: int, name: str) -> Place:
        """Return where a cell stands; column B where the sheet has no such column."""
        return Place(self.title, row, self.columns.get(name, 2))


def by_key(grids: Mapping[str, Grid], keys: Mapping[str, str]) -> dict[str, Grid]:
    """Return the sheets by their keys: what the hidden corner says, or else their titles (`keys`: keys by title)."""
    known = set(keys.values())
    found: dict[str, Grid] = {}
    for title, grid in grids.items():
        corner = grid.cells.get((1, 1))
        key = str(corner.value).strip() if corner else ""
        key = key if key in known else keys.get(title.strip(), "")
        found.setdefault(key or title, grid)
    return found


def opened(key: str, grid: Grid, names: Sequence[str], parts: bool, problems: list[Problem]) -> Opened:
    """Return a sheet's lines. `names`: its columns; `parts`: an entry may have several rows."""
    columns = dict(_columns(grid, names, problems))
    cells = dict(grid.cells)
    for merged in grid.merged:
        if merged[0] >= FIRST_ROW:
            problems.append(Problem("WB05", Place(grid.title, merged[0], merged[1])))
            if not parts:
                _fill(cells, merged)
    mark = next((column for column in range(1, 4) if _said(grid, NAME_ROW, column) == MARK), 0)
    lines = []
    for row in sorted({row for row, _ in cells if row >= FIRST_ROW}):
        line = _line(grid.title, row, cells, columns, mark, problems)
        if line.cells or line.bad:
            lines.append(line)
    return Opened(key, grid.title, columns, tuple(lines))


def _fill(cells: dict[tuple[int, int], Raw], merged: tuple[int, int, int, int]) -> None:
    first = cells.get((merged[0], merged[1]))
    if first is not None:
        for row in range(merged[0] + 1, merged[2] + 1):
            cells.setdefault((row, merged[1]), first)


def _columns(grid: Grid, names: Sequence[str], problems: list[Problem]) -> Iterator[tuple[str, int]]:
    found: dict[str, int] = {}
    for column in sorted(column for row, column in grid.cells if row == NAME_ROW):
        name = _said(grid, NAME_ROW, column)
        if name in names:
            found.setdefault(name, column)
        elif name != MARK:
            problems.append(Problem("WB18", Place(grid.title, NAME_ROW, column), {"name": name}))
    for name in names:
        if name not in found:
            problems.append(Problem("WB08", Place(grid.title), {"name": name}))
    yield from found.items()


def _line(
    title: str,
    row: int,
    cells: Mapping[tuple[int, int], Raw],
    columns: Mapping[str, int],
    mark: int,
    problems: list[Problem],
) -> Line:
    texts: dict[str, str] = {}
    bad: set[str] = set()
    for name, column in columns.items():
        raw = cells.get((row, column))
        if raw is None:
            continue
        place = Place(title, row, column)
        if raw.sign:
            problems.append(Problem("WB03" if raw.sign == "formula" else "WB07", place, {"text": str(raw.value)[:80]}))
            bad.add(name)
            continue
        text = text_of(raw)
        if isinstance(raw.value, float) and "." in text:
            problems.append(Problem("WB06", place, {"text": text}))
        if text:
            texts[name] = text
    known = cells.get((row, mark))
    return Line(row, str(known.value).strip() if known else "", texts, frozenset(bad))


def text_of(raw: Raw) -> str:
    """Return the text that a cell's value stands for: programs turn 320813, 22:00 and 10% into what they are not."""
    value = raw.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, int | float) and "%" in raw.form:
        return f"{value * 100:.6g}%"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).replace("\r\n", "\n").replace("\u00a0", " ").strip()


def _said(grid: Grid, row: int, column: int) -> str:
    raw = grid.cells.get((row, column))
    return str(raw.value).strip() if raw else ""


def strangers(grids: Mapping[str, Grid], known: Iterable[str]) -> Iterator[Problem]:
    """Yield a note for each sheet that is none of ours."""
    for key, grid in grids.items():
        if key not in known and grid.cells:
            yield Problem("WB20", Place(grid.title), {"sheet": grid.title})
