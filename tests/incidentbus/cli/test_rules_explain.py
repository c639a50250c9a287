"""`incidentbus rules explain`: a report or an incident from a file or standard input, told in words or JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"
REPORT = {
    "channel": "hotline-12345",
    "external_id": "1",
    "kind": "complaint",
    "title": "半夜放喇叭",
    "text": "青石镇门店",
}


def explain(report: object, *words: str) -> Result:
    told = report if isinstance(report, str) else json.dumps(report, ensure_ascii=False)
    asked = ["explain", "--ruleset", str(EXAMPLE), "--report", "-", "--now", "2026-05-12T10:00", *words]
    return CliRunner().invoke(app, asked, input=told)


def test_a_report_on_standard_input_is_explained() -> None:
    result = explain(REPORT, "--why-not", "police")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("派给：县城市管理局（主办）")
    assert "为什么不派给 公安" in result.stdout


def test_a_file_and_english(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(REPORT), encoding="utf-8")
    asked = ["explain", "--ruleset", str(EXAMPLE), "--report", str(file), "--lang", "en", "--now", "2026-05-12T10:00"]
    assert CliRunner().invoke(app, asked).stdout.startswith("Given to: 县城市管理局 (lead)")


def test_an_incident_is_taken_as_it_was_understood() -> None:
    incident = {
        "id": "inc-1", "report": REPORT, "received_at": "2026-05-12T02:00:00Z", "kind": "complaint",
        "category": "water", "classified_by": "channel", "jurisdiction": "900100", "areas": ["mirror-lake"],
        "understood_by": {"id": "yunxi", "version": "1", "hash": "0"},
    }  # fmt: skip
    assert explain(incident).stdout.startswith("派给：镜月湖水上派出所（主办）")


def test_json_is_one_object() -> None:
    made = json.loads(explain(REPORT, "--json").stdout)
    assert made["decision"]["lead"] == "urban"
    assert made["decision"]["now"] == "2026-05-12T10:00:00+08:00"


def test_who_returned_it_may_be_said() -> None:
    told = explain(REPORT, "--returned-by", "urban").stdout
    assert told.startswith("派给：县联动指挥中心（主办）")
    assert explain(REPORT, "--returned-by", "polise").exit_code == 2


def test_a_report_may_leave_its_channel_to_the_command() -> None:
    bare = {"title": "半夜放喇叭", "text": "青石镇门店"}
    assert explain(bare).exit_code == 2
    assert explain(bare, "--channel", "hotline-12345").exit_code == 0
    unknown = explain(bare, "--channel", "hotline-12354")
    assert unknown.exit_code == 0
    assert "hotline-12354" in unknown.stderr


@pytest.mark.parametrize("report", ["{", "[]", '{"channel": 3}', '"x"', ""])
def test_what_is_no_report_ends_with_2_and_a_sentence(report: str) -> None:
    result = explain(report)
    assert result.exit_code == 2
    assert result.stderr.strip()


def test_a_wrong_time_or_folder_ends_with_2(tmp_path: Path) -> None:
    assert explain(REPORT, "--now", "yesterday").exit_code == 2
    asked = ["explain", "--ruleset", str(tmp_path / "nowhere"), "--report", "-"]
    assert CliRunner().invoke(app, asked, input="{}").exit_code == 2
