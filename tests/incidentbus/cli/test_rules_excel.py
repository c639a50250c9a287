"""`rules export-excel` and `rules import-excel`: what they write, what they print, how they end."""

import shutil
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from incidentbus.cli import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"
RULES = "routes/20-topics.yaml"


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", *map(str, words)])
    return result.exit_code, result.output


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "county"))


@pytest.fixture
def book(tmp_path: Path, folder: Path) -> Path:
    path = tmp_path / "county.xlsx"
    assert run("export-excel", folder, path)[0] == 0
    return path


def retitle(book: Path, code: str, title: str) -> str:
    """Change a route's title in the workbook; return the cell."""
    workbook = openpyxl.load_workbook(book)
    sheet = workbook["派单规则"]
    names = {cell.value: cell.column for cell in sheet[3]}
    row = next(row for row in range(4, sheet.max_row + 1) if sheet.cell(row, names["id"]).value == code)
    sheet.cell(row, names["title"]).value = title
    workbook.save(book)
    return str(sheet.cell(row, names["title"]).coordinate)


def test_out_and_back_changes_nothing_and_makes_a_new_folder_to_the_byte(
    book: Path, folder: Path, tmp_path: Path
) -> None:
    before = content(folder)
    code, told = run("import-excel", book, folder)
    assert (code, content(folder)) == (0, before)
    assert "nothing was changed" in told
    assert run("import-excel", book, tmp_path / "new")[0] == 0
    assert content(tmp_path / "new") == before


def test_an_edit_is_written_and_a_dry_run_only_tells(book: Path, folder: Path) -> None:
    retitle(book, "hawking", "流动叫卖")
    before = content(folder)
    code, told = run("import-excel", book, folder, "--dry-run")
    assert code == 0
    assert RULES in told
    assert content(folder) == before
    assert run("import-excel", book, folder)[0] == 0
    assert content(folder) == {
        **before,
        RULES: before[RULES].replace("title: 喇叭叫卖".encode(), "title: 流动叫卖".encode()),
    }


def test_a_file_changed_meanwhile_stays_and_one_changed_on_both_sides_is_refused(book: Path, folder: Path) -> None:
    retitle(book, "hawking", "流动叫卖")
    agencies = folder / "agencies.yaml"
    agencies.write_bytes(b"# later\n" + agencies.read_bytes())
    assert run("import-excel", book, folder)[0] == 0
    assert agencies.read_bytes().startswith(b"# later\n")
    retitle(book, "hawking", "又改")
    before = content(folder)
    code, told = run("import-excel", book, folder)
    assert code == 1
    assert f"WB15 错 文件夹里的这个文件在导出之后改过，工作簿里也改了：{RULES}" in told
    assert content(folder) == before


def test_an_error_names_its_cell_and_nothing_is_written(book: Path, folder: Path) -> None:
    cell = retitle(book, "hawking", "=1+1")
    before = content(folder)
    code, told = run("import-excel", book, folder)
    assert code == 1
    assert told.startswith(f"派单规则!{cell} WB03 错 是公式")
    assert content(folder) == before


def test_what_is_no_ruleset_no_workbook_or_does_not_load_is_told(book: Path, folder: Path, tmp_path: Path) -> None:
    assert run("export-excel", tmp_path, tmp_path / "x.xlsx")[0] == 2
    assert run("export-excel", folder, tmp_path / "x.csv")[0] == 2
    assert run("import-excel", tmp_path / "none.xlsx", folder)[0] == 2
    (tmp_path / "text.xlsx").write_text("id,title")
    code, told = run("import-excel", tmp_path / "text.xlsx", folder, "--lang", "en")
    assert code == 1
    assert told.startswith("text.xlsx WB01 error cannot be opened: it is no xlsx")
    (folder / RULES).write_text("routes: [")
    code, told = run("export-excel", folder, tmp_path / "x.xlsx")
    assert code == 1
    assert "RR100" in told
    assert not (tmp_path / "x.xlsx").exists()
