"""`incidentbus rules words`: the table of right, unclassified and wrong, and the words behind each."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"
SAMPLE = [
    {"id": "a", "title": "喇叭扰民", "text": "门店放喇叭", "category": "noise/hawking"},
    {"id": "b", "title": "有人电鱼", "text": "", "category": "water"},
    {"id": "c", "title": "学校门口", "text": "学校门口广场舞", "category": "noise/leisure"},
    {"id": "d", "title": "一件事", "text": "", "category": "water"},
]


def words(tmp_path: Path, rows: list[dict[str, str]], *more: str) -> Result:
    file = tmp_path / "sample.ndjson"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return CliRunner().invoke(app, ["words", str(EXAMPLE), "--labelled", str(file), *more])


def test_the_table_counts_each_level_owner_and_word(tmp_path: Path) -> None:
    result = words(tmp_path, SAMPLE, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["levels"]["1"] == {"right": 2, "unclassified": 1, "wrong": 1}
    assert told["levels"]["2"]["right"] == 1
    assert told["owners"]["police"] == {"right": 1, "unclassified": 1, "wrong": 0}
    by_word = {word["word"]: (word["helped"], word["misled"]) for word in told["words"]}
    assert by_word["电鱼"] == (1, 0)
    assert by_word["学校"] == (0, 1)


def test_a_miss_names_the_words_to_blame(tmp_path: Path) -> None:
    told = json.loads(words(tmp_path, SAMPLE, "--json").stdout)
    misses = {miss["id"]: miss for miss in told["misses"]}
    assert set(misses) == {"c", "d"}
    assert (misses["c"]["got"], [word["word"] for word in misses["c"]["words"]]) == ("education", ["学校"])
    assert (misses["d"]["got"], misses["d"]["words"]) == ("unclassified", [])
    assert "因为 “学校”4分→education" in words(tmp_path, SAMPLE).stdout


def test_a_label_that_the_ruleset_lacks_and_a_broken_line_are_misuse(tmp_path: Path) -> None:
    assert words(tmp_path, [{**SAMPLE[0], "category": "noize"}]).exit_code == 2
    assert words(tmp_path, [{"title": "x"}]).exit_code == 2
