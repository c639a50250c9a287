"""`incidentbus rules editor`: schemas with a ruleset's codes, wired; other settings stay; ours are fresh."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from incidentbus.cli.rules import app
from routing_rules.engine.loader import read_bundle
from routing_rules.engine.source import plain, read

REPO = Path(__file__).parents[3]
TITLE = "县城市管理局"
BUNDLED = ("routing_rules/rulesets/hongze", "routing_rules/rulesets/nyc")


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["editor", *map(str, arguments)])
    return done.exit_code, done.output


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(REPO / "docs" / "rules" / "example", tmp_path / "county")
    return tmp_path


def settings(workspace: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((workspace / ".vscode/settings.json").read_text())
    return found


def test_the_codes_of_the_ruleset_are_offered_with_their_titles(workspace: Path) -> None:
    assert run(workspace / "county", "--workspace", workspace)[0] == 0
    wired = settings(workspace)["yaml.schemas"]
    assert isinstance(wired, dict)
    [(path, globs)] = [(path, globs) for path, globs in wired.items() if path.endswith("routes.json")]
    assert globs == ["county/routes/*.yaml"]
    schema = json.loads((workspace / path).read_text())
    when = json.dumps(schema["properties"]["routes"], ensure_ascii=False)
    assert "noise/hawking" in when
    assert TITLE in when
    for file, text in read_bundle(workspace / "county").items():
        root = read(file, text).root
        its = next(
            (path for path, globs in wired.items() if any(Path("county", file).match(glob) for glob in globs)), ""
        )
        if its and root is not None:
            assert not list(Draft202012Validator(json.loads((workspace / its).read_text())).iter_errors(plain(root)))


def test_what_else_is_in_the_settings_stays_and_what_is_gone_is_taken_out(workspace: Path) -> None:
    (workspace / ".vscode").mkdir()
    kept = {
        "editor.fontSize": 18,
        "yaml.schemas": {"./mine.json": ["*.yaml"], "./.vscode/rulesets/old/routes.json": ["x"]},
    }
    (workspace / ".vscode/settings.json").write_text(json.dumps(kept))
    assert run(workspace / "county", "--workspace", workspace)[0] == 0
    found = settings(workspace)
    assert found["editor.fontSize"] == 18
    wired = found["yaml.schemas"]
    assert isinstance(wired, dict)
    assert wired["./mine.json"] == ["*.yaml"]
    assert "./.vscode/rulesets/old/routes.json" not in wired


def test_check_tells_what_is_out_of_date_and_writes_nothing(workspace: Path) -> None:
    assert run(workspace / "county", "--workspace", workspace, "--check")[0] == 1
    assert not (workspace / ".vscode").exists()
    run(workspace / "county", "--workspace", workspace)
    assert run(workspace / "county", "--workspace", workspace, "--check")[0] == 0
    agencies = workspace / "county/agencies.yaml"
    agencies.write_text(agencies.read_text().replace(TITLE, "综合执法"))
    code, said = run(workspace / "county", "--workspace", workspace, "--check")
    assert code == 1
    assert "routes.json" in said


def test_settings_with_comments_are_left_alone(workspace: Path) -> None:
    (workspace / ".vscode").mkdir()
    (workspace / ".vscode/settings.json").write_text('{\n  // mine\n  "a": 1\n}\n')
    code, said = run(workspace / "county", "--workspace", workspace)
    assert code == 2
    assert "settings.json" in said
    assert not (workspace / ".vscode/rulesets").exists()


def test_a_folder_outside_the_workspace_and_a_broken_ruleset_end_with_2(workspace: Path, tmp_path: Path) -> None:
    (workspace / "empty").mkdir()
    assert run(workspace / "county", "--workspace", workspace / "empty")[0] == 2
    assert run(workspace / "empty", "--workspace", workspace)[0] == 2


def test_this_repositorys_own_settings_are_those_that_the_command_writes(tmp_path: Path) -> None:
    for name in (*BUNDLED, ".vscode"):
        shutil.copytree(REPO / name, tmp_path / name)
    assert run(*(tmp_path / each for each in BUNDLED), "--workspace", tmp_path)[0] == 0
    for name in (".vscode/settings.json", ".vscode/extensions.json"):
        assert (REPO / name).read_bytes() == (tmp_path / name).read_bytes(), "make editor"
