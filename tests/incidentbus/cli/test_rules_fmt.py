"""`incidentbus rules fmt`: checks, shows, writes; how it ends."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "county"
    shutil.copytree(EXAMPLE, made)
    fmt(made)
    return made


def fmt(*words: object) -> Result:
    return CliRunner().invoke(app, ["fmt", *map(str, words)])


def test_what_is_written_canonically_is_clean(folder: Path) -> None:
    assert (fmt(folder, "--check").exit_code, fmt(folder, "--check").stdout) == (0, "")


def test_check_names_the_file_diff_shows_it_and_neither_writes(folder: Path) -> None:
    file = folder / "routes" / "50-x.yaml"
    file.write_text("routes:\n- {title: 某事, id: x}  # 说明\n", encoding="utf-8")
    assert (fmt(folder, "--check").exit_code, fmt(folder, "--check").stdout) == (1, "routes/50-x.yaml\n")
    assert "+- {id: x, title: 某事}  # 说明" in fmt(folder, "--diff").stdout
    assert "{title: 某事, id: x}" in file.read_text("utf-8")
    assert fmt(folder).exit_code == 0
    assert file.read_text("utf-8") == "routes:\n- {id: x, title: 某事}  # 说明\n"


def test_a_file_with_errors_is_left_alone_and_told(folder: Path) -> None:
    (folder / "routes" / "50-x.yaml").write_text("routes: [", encoding="utf-8")
    result = fmt(folder)
    assert result.exit_code == 1
    assert "routes/50-x.yaml" in result.stderr


def test_no_ruleset_is_misuse(tmp_path: Path) -> None:
    assert fmt(tmp_path).exit_code == 2
