"""`incidentbus rules new ruleset`: what is written loads without an error or warning, and its tests pass."""

from datetime import date
from pathlib import Path

from typer.testing import CliRunner, Result

from incidentbus.cli.rules.new import app
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.lint import lint
from routing_rules.tools.testing import run_tests

ANSWERS = ("--id", "cloud-county", "--title", "云县派单规则", "--root", "900100")


def new(*words: object, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["ruleset", *map(str, words)], input=typed)


def test_a_new_ruleset_is_clean_and_its_tests_pass(tmp_path: Path) -> None:
    assert new(tmp_path / "mine", *ANSWERS).exit_code == 0
    files = read_bundle(tmp_path / "mine")
    assert [finding.line() for finding in lint(files, date(2026, 5, 12))] == []
    ruleset = load(files).ruleset
    assert ruleset is not None
    assert (ruleset.id, ruleset.title, ruleset.root) == ("cloud-county", "云县派单规则", "900100")
    report = run_tests(compile_ruleset(ruleset), files)
    assert len(report.results) == 2
    assert report.passed, report.text()


def test_what_is_not_given_is_asked(tmp_path: Path) -> None:
    result = new(tmp_path / "mine", typed="cloud-county\n云县\n900100\n")
    assert result.exit_code == 0
    assert "title: 云县" in (tmp_path / "mine" / "ruleset.yaml").read_text("utf-8")


def test_nothing_is_written_over_and_a_bad_id_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("x")
    assert new(tmp_path, *ANSWERS).exit_code == 2
    assert new(tmp_path / "mine", "--id", "Not An Id", "--title", "x", "--root", "900100").exit_code == 2
    assert not (tmp_path / "mine").exists()
