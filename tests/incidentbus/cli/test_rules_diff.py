"""`rules diff`: what it prints, what it exits with, and what it refuses."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"


@pytest.fixture
def next_one(tmp_path: Path) -> Path:
    """A copy of the example where the police lead on hawking."""
    made = tmp_path / "next"
    shutil.copytree(EXAMPLE, made)
    file = made / "routes" / "20-topics.yaml"
    text = file.read_text("utf-8")
    assert text.count("assign: {lead: urban}") == 1
    file.write_text(text.replace("assign: {lead: urban}", "assign: {lead: police-bureau}"), encoding="utf-8")
    return made


def diff(*words: object) -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, words)])


def reports(tmp_path: Path, *more: str) -> Path:
    rows = [
        {
            "channel": "hotline-12345",
            "external_id": f"r{n}",
            "title": text,
            "text": text,
            "received_at": "2026-05-12T10:00",
        }
        for n, text in enumerate(("喇叭叫卖太吵", "广场舞太吵"))
    ]
    file = tmp_path / "reports.ndjson"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("\n".join([*lines, *more]), encoding="utf-8")
    return file


def test_no_difference_ends_with_0(tmp_path: Path) -> None:
    result = diff(EXAMPLE, EXAMPLE, "--history", reports(tmp_path))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["文字：没有变化", "历史：2 件，0 件判得不一样，其中 0 件换主办"]


def test_a_difference_ends_with_1_and_is_told_in_chinese(next_one: Path) -> None:
    result = diff(EXAMPLE, next_one)
    assert result.exit_code == 1
    head, entry, field = result.stdout.splitlines()
    assert head == "文字：新增 0，删去 0，改动 1，换位 0"
    assert entry == "改动 派单规则 hawking《喇叭叫卖》（routes/20-topics.yaml）"
    assert field.startswith("    assign.lead：urban(")


def test_machines_read_one_object_a_line(next_one: Path, tmp_path: Path) -> None:
    result = diff(EXAMPLE, next_one, "--json", "--history", reports(tmp_path))
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["of"] for each in told] == ["text", "history", "group"]
    assert told[0]["fields"] == [{"field": "assign.lead", "old": "urban", "new": "police-bureau"}]
    assert told[1] == {"of": "history", "decided": 2, "differing": 1, "moving": 1, "unreadable": 0}
    group = told[2]
    assert (group["rule"], group["before"], group["after"], group["count"]) == ("hawking", "urban", "police-bureau", 1)
    assert group["examples"] == ["r0"]


def test_a_row_that_cannot_be_read_is_counted_and_hides_no_other(tmp_path: Path) -> None:
    no_time = '{"channel": "hotline-12345", "external_id": "x", "title": "喇叭"}'
    result = diff(EXAMPLE, EXAMPLE, "--history", reports(tmp_path, "{", "[]", no_time))
    assert result.exit_code == 0
    assert "历史：2 件" in result.stdout
    assert "3 行读不了" in result.stdout
    assert "row 5 cannot be read" in result.stderr


def test_the_picture_is_written(next_one: Path, tmp_path: Path) -> None:
    picture = tmp_path / "moves.html"
    assert diff(EXAMPLE, next_one, "--history", reports(tmp_path), "--sankey", picture).exit_code == 1
    assert "→" in picture.read_text("utf-8")


def test_files_renamed_alone_are_no_difference_but_said(tmp_path: Path) -> None:
    made = tmp_path / "renamed"
    shutil.copytree(EXAMPLE, made)
    (made / "routes" / "20-topics.yaml").rename(made / "routes" / "21-topics.yaml")
    result = diff(EXAMPLE, made)
    assert result.exit_code == 0
    assert "只是文件名" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere",), ("--sankey", "x.html"), ("--history", "nowhere.ndjson"),
        ("--history", "-", "--format", "message-board"), ("--history", "-", "--format", "made-up"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_ends_with_2(words: tuple[str, ...]) -> None:
    sides = ("nowhere", EXAMPLE) if words == ("nowhere",) else (EXAMPLE, EXAMPLE, *words)
    assert diff(*sides).exit_code == 2


def test_a_ruleset_that_does_not_load_ends_with_2(next_one: Path) -> None:
    (next_one / "agencies.yaml").write_text("agencies: [", encoding="utf-8")
    result = diff(EXAMPLE, next_one)
    assert result.exit_code == 2
    assert "RR100" in result.stderr
