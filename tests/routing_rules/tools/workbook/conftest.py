"""A small ruleset, its workbook, and a hand that edits cells as an official would: by sheet, id and column."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.workbook.importing import Imported, imported
from routing_rules.tools.workbook.sheets import FIRST_ROW, NAME_ROW
from routing_rules.tools.workbook.tabling import book_of
from routing_rules.tools.workbook.xlsx.writing import written

ROOT = Path(__file__).parents[4]
TODAY = date(2026, 5, 12)


def exported(files: dict[str, bytes]) -> bytes:
    ruleset = load(files).ruleset
    assert ruleset is not None
    return written(book_of(files, ruleset, "book.xlsx"))


class Hand:
    """An open workbook."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))

    def sheet(self, title: str) -> Worksheet:
        found = self.book[title]
        assert isinstance(found, Worksheet)
        return found

    def column(self, title: str, name: str) -> int:
        return next(cell.column for cell in self.sheet(title)[NAME_ROW] if cell.value == name)

    def row(self, title: str, code: str, by: str = "id") -> int:
        column = self.column(title, by)
        rows = range(FIRST_ROW, self.sheet(title).max_row + 1)
        return next(row for row in rows if self.sheet(title).cell(row, column).value == code)

    def cell(self, title: str, code: str, name: str, by: str = "id") -> Any:
        return self.sheet(title).cell(self.row(title, code, by), self.column(title, name))

    def saved(self) -> bytes:
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()

    def back(self) -> Imported:
        return imported(self.saved(), TODAY, "book.xlsx")


@pytest.fixture(scope="session")
def example() -> dict[str, bytes]:
    return read_bundle(ROOT / "docs" / "rules" / "example")


@pytest.fixture(scope="session")
def example_book(example: dict[str, bytes]) -> bytes:
    return exported(example)


@pytest.fixture
def hand(example_book: bytes) -> Hand:
    return Hand(example_book)


@pytest.fixture(scope="session")
def opened_by_hand() -> Callable[[bytes], Hand]:
    return Hand


@pytest.fixture(scope="session")
def export() -> Callable[[dict[str, bytes]], bytes]:
    return exported


def lines_that_differ(old: bytes, new: bytes) -> list[tuple[str, str]]:
    """Return the lines that an edit changed, where it changed none's number."""
    before, after = old.decode().splitlines(), new.decode().splitlines()
    assert len(before) == len(after)
    return [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]


@pytest.fixture(scope="session")
def differing() -> Callable[[bytes, bytes], list[tuple[str, str]]]:
    return lines_that_differ
