"""`incidentbus rules table`: rules as rows, conditions as columns."""

import csv
import io
from pathlib import Path

from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example" / "routes"


def shown(*words: object) -> Result:
    return CliRunner().invoke(app, ["table", *map(str, words)])


def rows(file: Path) -> list[dict[str, str]]:
    result = shown(file, "--csv")
    assert result.exit_code == 0, result.stderr
    read = csv.DictReader(io.StringIO(result.stdout))
    return [{heading.split()[-1]: cell for heading, cell in row.items()} for row in read]


def test_each_way_of_a_rule_is_a_row_in_the_order_of_trying() -> None:
    told = rows(EXAMPLE / "20-topics.yaml")
    assert [row["id"] for row in told] == [
        "hawking-after-hours", "hawking-after-hours", "hawking", "hawking", "leisure-noise", "lake",
    ]  # fmt: skip
    first = told[0]
    assert (first["channel"], first["category"]) == ("urban-grid", "noise/hawking")
    assert first["occurred_at"] == "between=[21:30, 07:00]"
    assert (first["lead"], first["inform"]) == ("urban", "(function=government tier=town)")
    assert first["deadline"] == "acknowledge=3h resolve=4bd"
    assert told[3]["text"] == "any=[list:loudspeakers]"
    assert "urgency" not in first  # no rule of this file raises it


def test_overlays_and_exceptions_have_their_columns(tmp_path: Path) -> None:
    told = rows(EXAMPLE / "90-overlays.yaml")
    assert [row["id"] for row in told] == ["inform-town", "school-nearby"]
    assert told[0]["located_by"] == "default"
    page = shown(EXAMPLE / "90-overlays.yaml", "--html").stdout
    assert "<td>校园周边</td>" in page
    file = tmp_path / "10-x.yaml"
    file.write_text(
        "routes:\n- {id: x, title: <b>, when: {text: {any: ['=1+1']}}}\n- {id: y, title: '=1+1'}\n", "utf-8"
    )
    assert "&lt;b&gt;" in shown(file, "--html").stdout
    assert "'=1+1" in shown(file, "--csv").stdout.splitlines()[-1]


def test_a_broken_file_ends_with_1_and_none_with_2(tmp_path: Path) -> None:
    (tmp_path / "10-x.yaml").write_text("routes: [", encoding="utf-8")
    assert shown(tmp_path / "10-x.yaml").exit_code == 1
    assert shown(tmp_path / "nowhere.yaml").exit_code == 2
