"""The model of a workbook: sheets of texts, and cells as they were read. It knows no format of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, NamedTuple

GROUP_ROW: Final = 1
TITLE_ROW: Final = 2
NAME_ROW: Final = 3
FIRST_ROW: Final = 4
"""Rows of a sheet: groups, titles, the names by which columns are known again, and the first entry."""
MARK: Final = "@mark"
"""The name of the hidden first column: by which rows are known again."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A column as it is shown. `offers`: the values themselves, or the name of a list of `Book.choices`."""

    name: str
    title: str
    group: str = ""
    note: str = ""
    width: int = 12
    offers: str | tuple[str, ...] = ()
    strict: bool = True
    folded: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its mark, the cells' texts, the file's comment, the entry's number (bands), whether it continues one."""

    mark: str
    cells: tuple[str, ...]
    note: str = ""
    band: int = 0
    part: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with a head of three rows. `held`: how many columns stay in view."""

    key: str
    title: str
    columns: tuple[Shown, ...]
    rows: tuple[Row, ...]
    held: int = 1


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook: its guide (lines, each with whether it is a heading), sheets, lists to choose from, and the files."""

    guide: tuple[tuple[str, str], ...]  # text, style: title, heading, command, text
    sheets: tuple[Sheet, ...]
    choices: Mapping[str, tuple[tuple[str, str], ...]]
    titles: Mapping[str, str]  # sheets' names by their keys
    files: Mapping[str, bytes] = field(repr=False)


class Raw(NamedTuple):
    """A cell as it was read: its value, whether it is a formula or an error, its number format."""

    value: str | int | float | bool | date | datetime | time
    sign: str = ""  # "formula", "error"
    form: str = ""


Merged = tuple[int, int, int, int]
"""First row, first column, last row, last column."""


@dataclass(slots=True)
class Grid:
    """A sheet as it was read: its title, the cells that hold something by row and column, the merged ranges."""

    title: str
    cells: dict[tuple[int, int], Raw]
    merged: list[Merged] = field(default_factory=list)
    last_row: int = 0


class Place(NamedTuple):
    """Where something stands in a workbook: the sheet's title and the cell, empty for the sheet as a whole."""

    sheet: str
    row: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.row:
            return self.sheet
        return f"{self.sheet}!{letters(self.column)}{self.row}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell, sheet or workbook; `code` and `params` choose the words (`messages.workbook`)."""

    code: str
    at: Place
    params: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A workbook that is not read at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def letters(column: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    found = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found
