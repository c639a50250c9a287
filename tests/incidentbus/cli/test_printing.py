"""Tables for people: what is copied into the next command stays in one piece."""

import sys
from typing import Any

import pytest

from incidentbus.cli.exits import Misuse
from incidentbus.cli.printing import moment_ms, table

LETTERS = [f"incidentbus.channel.urban-management.reports.v1.dlq/{partition}/1234567" for partition in range(3)]
COLUMNS = {"letter": "死信 letter", "detail": "说明 detail", "source": "来源 record"}
ROWS = [{"letter": letter, "detail": "说明" * 60, "source": letter[::-1]} for letter in LETTERS]


def test_what_is_piped_is_one_line_a_row_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    table(COLUMNS, ROWS)
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [[row["letter"], row["detail"], row["source"]] for row in ROWS]


@pytest.mark.parametrize("width", [40, 80, 170, 300])
def test_a_terminal_folds_the_long_cells_and_no_reference(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    table(COLUMNS, ROWS, references=("letter", "source"))
    told = capsys.readouterr().out
    for row in ROWS:
        assert row["letter"] in told
        assert row["source"] in told
        assert (row["detail"] in told) is (width > 400)
    assert told.count("说") > 60


def test_a_table_without_rows_or_cells_prints_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    empty: list[dict[str, Any]] = [{}]
    table(COLUMNS, empty, references=("letter",))
    assert capsys.readouterr().out.splitlines()[0].split() == ["死信", "letter", "说明", "detail", "来源", "record"]


@pytest.mark.parametrize("text", ["99999999999999d", "9" * 5_000 + "s", "1969-01-01", "yesterday", "3w", "²d", ""])
def test_a_moment_that_cannot_be_is_a_misuse(text: str) -> None:
    with pytest.raises(Misuse):
        moment_ms(text, 1_763_980_000_000)


def test_a_moment_is_so_long_ago_or_an_iso_time() -> None:
    assert moment_ms("2h", 1_763_980_000_000) == 1_763_980_000_000 - 7_200_000
    assert moment_ms("2026-11-24T08:00+08:00", 0) == 1_795_478_400_000
    assert moment_ms(None, 0) is None
