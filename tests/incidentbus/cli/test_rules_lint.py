"""`incidentbus rules lint`: what it prints in either language, and how it ends."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app
from incidentbus.cli.rules.folders import write_files

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"
WRONG = "owner: urban\nroutes:\n- {id: x, title: 某事, when: {category: [nosie]}, assign: {lead: urban}}\n"
DOUBTFUL = "owner: urban\nroutes:\n- {id: x, title: 某事, when: {text: {any: [吵]}}, assign: {lead: urban}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example county, in a folder whose name has a blank."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "云溪 county"))


def lint(*words: object) -> Result:
    return CliRunner().invoke(app, ["lint", *map(str, words)])


def test_a_sound_ruleset_ends_with_0_and_says_how_many_notes(folder: Path) -> None:
    result = lint(folder)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("错 0")


def test_an_error_ends_with_1_and_is_told_with_its_place_code_level_message_and_hint(folder: Path) -> None:
    (folder / "routes" / "50-x.yaml").write_text(WRONG, encoding="utf-8")
    result = lint(folder)
    assert result.exit_code == 1
    told = "routes/50-x.yaml:3:40 RR110 错 没有这个分类：“nosie”，相近的有 noise — 用编号；写了名称会告诉你编号"
    assert told in result.stdout.splitlines()


def test_english_is_spoken_when_asked(folder: Path) -> None:
    (folder / "routes" / "50-x.yaml").write_text(WRONG, encoding="utf-8")
    lines = lint(folder, "--lang", "en").stdout.splitlines()
    told = "no such category: “nosie”; near it: noise — use codes; write a title and you are told its code"
    assert f"routes/50-x.yaml:3:40 RR110 error {told}" in lines
    assert lines[-1].startswith("errors 1, warnings")


def test_json_has_one_object_a_line_and_nothing_else(folder: Path) -> None:
    (folder / "routes" / "50-x.yaml").write_text(WRONG, encoding="utf-8")
    records = [json.loads(line) for line in lint(folder, "--json").stdout.splitlines()]
    (error,) = [record for record in records if record["level"] == "错"]
    chinese = {"message": "没有这个分类：“nosie”，相近的有 noise", "hint": "用编号；写了名称会告诉你编号"}
    english = {
        "message": "no such category: “nosie”; near it: noise",
        "hint": "use codes; write a title and you are told its code",
    }
    both = {f"{word}_{lang}": told[word] for lang, told in (("zh", chinese), ("en", english)) for word in told}
    place = {"file": "routes/50-x.yaml", "line": 3, "column": 40, "code": "RR110", "level": "错", "severity": "error"}
    assert error == place | chinese | both
    other = [json.loads(line) for line in lint(folder, "--json", "--lang", "en").stdout.splitlines()]
    assert place | english | both in other


def test_a_warning_ends_with_0(folder: Path) -> None:
    (folder / "routes" / "50-x.yaml").write_text(DOUBTFUL, encoding="utf-8")
    result = lint(folder)
    assert (result.exit_code, "RR114 警" in result.stdout) == (0, True)


@pytest.mark.parametrize("folder_name", ["nowhere", "empty"])
def test_what_is_no_ruleset_ends_with_2_and_a_sentence(tmp_path: Path, folder_name: str) -> None:
    (tmp_path / "empty").mkdir()
    result = lint(tmp_path / folder_name)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert folder_name in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_given_for_a_folder_ends_with_2(folder: Path) -> None:
    assert lint(folder / "ruleset.yaml").exit_code == 2


def test_a_ruleset_whose_county_file_is_lost_has_findings_rather_than_misuse(folder: Path) -> None:
    (folder / "ruleset.yaml").unlink()
    result = lint(folder)
    assert (result.exit_code, "RR100" in result.stdout) == (1, True)


SLIPPED = "owner: urban\nroutes:\n- {id: x, title: 某事, when: {channel: petition}, assign: {lead：urban}}  # 说明\n"
MENDED = "owner: urban\nroutes:\n- {id: x, title: 某事, when: {channel: [petition]}, assign: {lead: urban}}  # 说明\n"


def test_fix_shows_first_and_writes_when_asked(folder: Path) -> None:
    slipped = folder / "routes" / "50-x.yaml"
    slipped.write_text(SLIPPED, encoding="utf-8")
    shown = lint(folder, "--fix", "--dry-run")
    assert (shown.exit_code, slipped.read_text("utf-8")) == (1, SLIPPED)
    assert "+" + MENDED.splitlines()[-1] in shown.stdout.splitlines()
    result = lint(folder, "--fix")
    assert (result.exit_code, slipped.read_text("utf-8")) == (0, MENDED)
    assert lint(folder, "--fix", "--dry-run").exit_code == 0


def test_dry_run_goes_with_fix_only(folder: Path) -> None:
    assert lint(folder, "--dry-run").exit_code == 2


def test_the_folder_as_given_begins_the_paths_of_sarif_and_of_workflow_commands(folder: Path) -> None:
    (folder / "routes" / "50-x.yaml").write_text(WRONG, encoding="utf-8")
    assert f"file={folder.as_posix()}/routes/50-x.yaml,line=3,col=40" in lint(folder, "--format", "github").stdout
    log = json.loads(lint(folder, "--format", "sarif").stdout)
    assert "RR110" in {result["ruleId"] for result in log["runs"][0]["results"]}


def test_a_file_changed_meanwhile_is_left_alone_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"theirs")
    (tmp_path / "b.yaml").write_bytes(b"read")
    (tmp_path / "b.yaml").chmod(0o640)
    after = {"a.yaml": b"ours", "b.yaml": b"written", "c/d.yaml": b"new"}
    assert write_files(tmp_path, {"a.yaml": b"read", "b.yaml": b"read"}, after) == ["a.yaml"]
    assert {p.name: p.read_bytes() for p in tmp_path.rglob("*.yaml")} == {
        "a.yaml": b"theirs", "b.yaml": b"written", "d.yaml": b"new",
    }  # fmt: skip
    assert (tmp_path / "b.yaml").stat().st_mode & 0o777 == 0o640
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
