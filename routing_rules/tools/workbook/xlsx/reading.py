"""In: the bytes of an .xlsx as cells. What is no workbook, has macros or is too large is refused unopened."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

from routing_rules.tools.workbook.sheets import Grid, Place, Problem, Raw, Refused
from routing_rules.tools.workbook.xlsx.source import unpacked

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_INSIDE: Final = 64 * 1024 * 1024
MOST_PARTS: Final = 400
MOST_CELLS: Final = 600_000
"""Bounds: the file, all its parts unpacked, how many there are, and the cells of all sheets together."""
_OLD: Final = b"\xd0\xcf\x11\xe0"  # OLE: .xls, or an .xlsx with a password
_CELL: Final = re.compile(rb"<(?:[A-Za-z0-9]+:)?c[ >]")
_ENTITY: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)")
_CHUNK: Final = 1 << 20


def read(content: bytes, name: str = "") -> tuple[dict[str, Grid], dict[str, bytes]]:
    """Return the sheets' cells by the sheets' titles, and the files that the workbook was made from.

    Raises `Refused` with the reason.
    """
    _bounded(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl cannot keep (pictures, styles) is not ours to keep
            workbook = load_workbook(io.BytesIO(content), data_only=False, rich_text=False)
        grids = {sheet.title: _grid(sheet) for sheet in workbook.worksheets}
    except Refused:
        raise
    except Exception as error:  # a damaged workbook fails in openpyxl in any way it likes
        raise _refused(name, "zip") from error
    hidden = [title for title, grid in grids.items() if _text(grid, 1, 1) == "source"]
    rows = _source(grids.pop(hidden[0])) if hidden else []
    try:
        files = unpacked(rows)
    except ValueError as error:
        raise _refused(name, "source") from error
    if not files:
        raise _refused(name, "source")
    return grids, files


def _refused(name: str, reason: str) -> Refused:
    return Refused(Problem("WB01", Place(name), {"reason": reason}))


def _bounded(content: bytes, name: str) -> None:
    _at_most(name, "bytes", len(content), MOST_BYTES)
    if content.startswith(_OLD):
        raise _refused(name, "old")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
        _at_most(name, "parts", len(parts), MOST_PARTS)
        if any("vbaproject" in part.filename.lower() for part in parts) or name.lower().endswith(".xlsm"):
            raise _refused(name, "macros")
        if "[Content_Types].xml" not in archive.namelist():
            raise _refused(name, "zip")
        _unpacked(archive, parts, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _refused(name, "zip") from error


def _unpacked(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], name: str) -> None:
    """Unpack everything once, and stop where a bound is met: what a part says of its size is not believed."""
    size = cells = 0
    for part in parts:
        with archive.open(part) as stream:
            before = b""
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                _at_most(name, "inside", size, MOST_INSIDE)
                if _ENTITY.search(before[-16:] + chunk):
                    raise _refused(name, "doctype")
                if part.filename == "[Content_Types].xml" and b"macroEnabled" in before + chunk:
                    raise _refused(name, "macros")
                cells += len(_CELL.findall(chunk))
                _at_most(name, "cells", cells, MOST_CELLS)
                before = chunk


def _at_most(name: str, what: str, n: int, most: int) -> None:
    if n > most:
        raise Refused(Problem("WB02", Place(name), {"what": what, "n": f"{n:,}", "most": f"{most:,}"}))


def _grid(sheet: Worksheet) -> Grid:
    cells: dict[tuple[int, int], Raw] = {}
    held: Any = sheet._cells
    for (row, column), cell in held.items():
        raw = _raw(cell)
        if raw is not None:
            cells[row, column] = raw
    merged = [(each.min_row, each.min_col, each.max_row, each.max_col) for each in sheet.merged_cells.ranges]
    return Grid(sheet.title, cells, merged, max((row for row, _ in cells), default=0))


def _raw(cell: Any) -> Raw | None:
    value = cell.value
    if value is None or value == "":
        return None
    if isinstance(value, ArrayFormula | DataTableFormula):
        return Raw(str(getattr(value, "text", None) or getattr(value, "r1", "") or "="), "formula")
    sign = {"f": "formula", "e": "error"}.get(cell.data_type, "")
    if isinstance(value, timedelta):  # a clock time of 24:00 or more
        minutes = int(value.total_seconds() // 60)
        value = f"{minutes // 60:02d}:{minutes % 60:02d}"
    elif not isinstance(value, str | int | float | bool) and not hasattr(value, "isoformat"):
        value = str(value)
    return Raw(value, sign, str(cell.number_format or ""))


def _source(grid: Grid) -> list[list[str]]:
    return [list(_row(grid, row)) for row in range(2, grid.last_row + 1) if (row, 1) in grid.cells]


def _row(grid: Grid, row: int) -> Iterator[str]:
    column = 1
    while (row, column) in grid.cells:
        yield _text(grid, row, column)
        column += 1


def _text(grid: Grid, row: int, column: int) -> str:
    raw = grid.cells.get((row, column))
    return str(raw.value).strip() if raw else ""
