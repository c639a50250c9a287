"""`storyline`: what it prints and how it ends, for stories that pass, fail and can't be read or done."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli import app
from incidentbus.settings import load_settings

RUN = CliRunner()
SHORT = Path(__file__).resolve().parents[2] / "scenarios" / "18-checked-on-the-spot.yaml"


@pytest.fixture
def settings(tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("INCIDENTBUS_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("INCIDENTBUS_CACHE_DIR", str(cache_dir))
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def call(*words: str) -> Result:
    return RUN.invoke(app, ["storyline", *words])


def test_the_stories_that_come_along_are_listed() -> None:
    told = call("list", "--json")
    assert told.exit_code == 0
    rows = [orjson.loads(line) for line in told.stdout.splitlines()]
    assert len(rows) >= 14
    assert {"name", "title", "about", "start", "steps", "file"} == set(rows[0])


@pytest.mark.parametrize("words", [("list",), ("run",)])
def test_a_story_that_cannot_be_read_is_misuse(words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("title: 一件\n", "utf-8")
    told = call(*words, str(file))
    assert told.exit_code == 2
    assert "a.yaml steps: 缺这个字段" in told.stderr


def test_a_language_that_it_does_not_speak_is_misuse() -> None:
    assert call("run", str(SHORT), "--lang", "fr").exit_code == 2


def test_a_ruleset_that_there_is_not_is_misuse(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"ruleset: atlantis\n{SHORT.read_text('utf-8')}", "utf-8")
    told = call("run", str(file))
    assert told.exit_code == 2
    assert "atlantis" in told.stderr


@pytest.mark.broker
@pytest.mark.usefixtures("settings")
def test_one_that_passes_and_one_that_fails(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = SHORT.read_text("utf-8")
    assert "resolve=10-13 11:00" in text
    wrong.write_text(text.replace("resolve=10-13 11:00", "resolve=10-13 11:30").replace("CG-STORY-18", "CG-W"), "utf-8")
    told = call("run", str(SHORT), str(wrong))
    assert told.exit_code == 1
    assert "通过 passed  18-checked-on-the-spot" in told.stdout
    assert "不符 failed  wrong" in told.stdout
    assert "- housing lead acknowledge=10-13 09:30 respond=10-13 10:00 resolve=10-13 11:30" in told.stdout
    assert "+ housing lead acknowledge=10-13 09:30 respond=10-13 10:00 resolve=10-13 11:00" in told.stdout
    assert "数字化城管" in told.stdout
    assert told.stdout.splitlines()[-1].startswith("storylines: run=2 failed=1 seconds=")
