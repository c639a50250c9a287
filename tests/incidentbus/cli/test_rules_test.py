"""`incidentbus rules test`: exit codes, and what it prints."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

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


GATES = "\ncoverage: {rules: 100, near_miss: 90}\n"


def gate(folder: Path) -> None:
    """Set gates that the example's own tests don't reach."""
    with (folder / "ruleset.yaml").open("a", encoding="utf-8") as file:
        file.write(GATES)


def test_coverage_is_told_after_the_count_and_changes_nothing_without_gates(folder: Path) -> None:
    result = run(folder, "--coverage")
    assert result.exit_code == 0, result.stdout
    assert "有用例点名的规则 9 / 9" in result.stdout
    assert "只差这一项的条件" in result.stdout


def test_an_unmet_gate_ends_with_1_and_lists_what_is_missing(folder: Path) -> None:
    gate(folder)
    result = run(folder, "--coverage")
    assert result.exit_code == 1
    assert "✗ 门槛：只差这一项的条件要 90%" in result.stdout
    assert "✓ 门槛：有用例点名的规则要 100%" in result.stdout
    assert "《急时·汛情》" in result.stdout
    assert "✗ gate: 90% of the conditions" in run(folder, "--coverage", "--lang", "en").stdout


def test_gates_are_not_judged_unless_coverage_is_asked_for_and_that_is_said(folder: Path) -> None:
    gate(folder)
    result = run(folder)
    assert result.exit_code == 0
    assert "--coverage" in result.stderr
    assert "--coverage" not in run(folder, "--coverage").stderr


def test_coverage_in_json_is_one_line_more(folder: Path) -> None:
    gate(folder)
    plain, result = run(folder, "--json"), run(folder, "--json", "--coverage")
    *decisions, last = result.stdout.splitlines()
    assert decisions == plain.stdout.splitlines()
    counted = json.loads(last)["coverage"]
    assert result.exit_code == 1
    assert [each["met"] for each in counted["gates"]] == [True, False]
    assert {"rule": "flood", "block": 0, "field": "mode"} in counted["near_misses"]["missing"]


def test_slips_that_no_test_notices_are_listed_and_fail_below_the_share_asked_for(folder: Path) -> None:
    result = run(folder, "--mutate", "--at-least", 100, "--lang", "en")
    assert result.exit_code == 1
    assert any(line.startswith("✗ routes/") and "gone" in line for line in result.stdout.splitlines())
    assert "100 % due: not enough" in result.stdout
    assert run(folder, "--mutate", "--sample", 10, "--at-least", 0).exit_code == 0
    counts = [json.loads(line) for line in run(folder, "--mutate", "--json", "--at-least", 0).stdout.splitlines()]
    assert counts[-1]["noticed"] == sum(each.get("noticed") is True for each in counts[:-1])
    assert 0 < counts[-1]["noticed"] < counts[-1]["tried"]


def test_slips_are_not_planted_while_a_test_fails(folder: Path) -> None:
    (folder / "tests" / "wrong.test.yaml").write_text(WRONG, encoding="utf-8")
    result = run(folder, "--mutate", "--lang", "en")
    assert result.exit_code == 1
    assert "mend them first" in result.stderr


def test_junit_xml_tells_every_decision_and_each_failure_with_its_trace(folder: Path, tmp_path: Path) -> None:
    (folder / "tests" / "wrong.test.yaml").write_text(WRONG + "- {name: 没写全}\n", encoding="utf-8")
    file = tmp_path / "out.xml"
    assert run(folder, "--junit", file).exit_code == 1
    suites = {suite.get("name"): suite for suite in ElementTree.parse(file).getroot()}  # noqa: S314 - what we wrote
    wrong = suites["tests/wrong.test.yaml"]
    assert (wrong.get("tests"), wrong.get("failures"), wrong.get("errors")) == ("2", "1", "1")
    failure = wrong.find("testcase/failure")
    assert failure is not None
    assert "centre" in (failure.get("message") or "")
    assert len((failure.text or "").splitlines()) > 3


def test_a_sample_is_pinned_once_and_told_where_it_moves(folder: Path, tmp_path: Path) -> None:
    sample = tmp_path / "reports.ndjson"
    line = {"channel": "hotline-12345", "external_id": "1", "title": "门店放喇叭", "text": "太吵", "category": "noise"}
    sample.write_text(json.dumps({**line, "received_at": "2026-05-12T10:00"}) + "\n", "utf-8")
    assert run(folder, "--snapshot", sample).exit_code == 0
    golden = tmp_path / "reports.golden.ndjson"
    pinned = json.loads(golden.read_text("utf-8"))
    assert run(folder, "--snapshot", sample).exit_code == 0
    golden.write_text(json.dumps({**pinned, "lead": "somebody"}) + "\n", "utf-8")
    moved = run(folder, "--snapshot", sample)
    assert moved.exit_code == 1
    assert '- lead: "somebody"' in moved.stdout
    assert f'+ lead: "{pinned["lead"]}"' in moved.stdout
    assert run(folder, "--snapshot", sample, "--update").exit_code == 0
    assert json.loads(golden.read_text("utf-8")) == pinned


@pytest.mark.parametrize("line", ["[]", "{", '{"channel": "hotline-12345", "external_id": "1"}'])
def test_a_sample_that_cannot_be_read_is_a_misuse(line: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "s.ndjson").write_text(line, "utf-8")
    assert run(folder, "--snapshot", tmp_path / "s.ndjson").exit_code == 2


def test_a_watch_runs_anew_at_every_save_and_ends_clean_with_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "incidentbus", "rules", "test", str(folder), "--watch", "--lang", "en"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        assert watch.stderr is not None
        try:
            assert watch.stdout.readline().endswith("0 failed\n")
            while "watching" not in watch.stderr.readline():
                pass
            (folder / "tests" / "wrong.test.yaml").write_text(WRONG, encoding="utf-8")
            assert watch.stdout.readline().startswith("✗ tests/wrong.test.yaml:4")
            watch.send_signal(signal.SIGINT)
            _, rest = watch.communicate(timeout=30)
        finally:
            watch.kill()
    assert "Traceback" not in rest
    assert watch.returncode == 0
