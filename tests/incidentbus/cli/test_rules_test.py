"""`incidentbus rules test`: exit codes, and what it prints."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"
WRONG = """
given: {channel: hotline-12345, received_at: "2026-05-12T10:00"}
cases:
- {name: 错的, report: {title: 门店放喇叭}, expect: {lead: centre}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example county, in a folder whose name has a blank."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "云溪 county"))


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["test", *map(str, words)])


def test_a_ruleset_whose_cases_all_pass_ends_with_0(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0, result.stdout
    assert result.stdout.splitlines()[-1].endswith("0 条不过")


def test_a_failing_case_ends_with_1_and_is_told_in_the_language_asked_for(folder: Path) -> None:
    (folder / "tests" / "wrong.test.yaml").write_text(WRONG, encoding="utf-8")
    result = run(folder, "--lang", "en")
    assert result.exit_code == 1
    assert "✗ tests/wrong.test.yaml:4 错的" in result.stdout
    assert "lead: expected centre, got urban" in result.stdout
    assert "Why here" in result.stdout


def test_json_is_one_object_a_decision(folder: Path) -> None:
    (folder / "tests" / "wrong.test.yaml").write_text(WRONG, encoding="utf-8")
    result = run(folder, "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [record["name"] for record in records if not record["passed"]] == ["错的"]


def test_a_broken_ruleset_ends_with_1_and_its_findings(folder: Path) -> None:
    (folder / "routes" / "99-fallback.yaml").unlink()
    result = run(folder)
    assert result.exit_code == 1
    assert "RR133" in result.stderr


def test_a_ruleset_without_a_test_ends_with_1(folder: Path) -> None:
    shutil.rmtree(folder / "tests")
    result = run(folder)
    assert result.exit_code == 1
    assert "没有用例" in result.stdout


def test_what_is_no_ruleset_ends_with_2(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 2
    assert run(tmp_path / "nowhere").exit_code == 2
