"""`rules route`: one line a row, the others routed when one is bad, and exit codes."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from incidentbus.cli.rules.route import route

_KEYS = ["external_id", "category", "category_evidence", "jurisdiction", "rule", "lead", "co_handlers", "inform", "due"]
_FILES = {
    "ruleset.yaml": """
ruleset: made-up
title: 临水区派单规则
version: "1"
language: 1
timezone: Asia/Shanghai
root: county
tiers: [town, district, city]
calendar: cn
channels:
  mailbox: {title: 信箱, agency: centre, live: false, gives: [native_category]}
functions: {command: 指挥, roads: 道路, government: 属地}
kinds: {default: help, words: {consult: [请问]}}
deadlines: {default: {acknowledge: 2h, resolve: 3d}}
""",
    "agencies.yaml": """
agencies:
- {code: centre, title: 指挥中心, function: command, tier: city, jurisdiction: [city], top: "true"}
- {code: roads, title: 区交通局, function: roads, tier: district, jurisdiction: [county], supervisor: centre}
- {code: gov-east, title: 东岸街道办事处, function: government, tier: town, jurisdiction: [east], supervisor: centre}
""",
    "jurisdictions.yaml": """
jurisdictions:
- {code: city, name: 临水市, tier: city}
- {code: county, name: 临水区, tier: district, parent: city}
- {code: east, name: 东岸街道, tier: town, parent: county}
""",
    "categories.yaml": """
categories:
- {code: roads, title: 道路, owner: roads, words: {路面: 3, 坑洼: 2}, native: {mailbox: [Pothole]}}
- {code: unclassified, title: 未分类}
""",
    "routes/10-roads.yaml": """
owner: roads
routes:
- {id: broken-road, title: 道路, when: {category: [roads]},
   assign: {lead: roads, inform: [{function: government, tier: town, climb: "false"}]}}
""",
    "routes/99-last.yaml": """
owner: command
routes:
- {id: catch-all, title: 兜底：指挥中心, fallback: "true", assign: {lead: centre}}
""",
}


@pytest.fixture
def ruleset(tmp_path: Path) -> Path:
    folder = tmp_path / "ruleset"
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def run(ruleset: Path, form: str, content: bytes, *more: str, channel: str = "mailbox") -> Result:
    app = typer.Typer()
    app.command()(route)
    file = ruleset.parent / "rows"
    file.write_bytes(content)
    return CliRunner().invoke(
        app, [str(file), "--ruleset", str(ruleset), "--channel", channel, "--format", form, *more]
    )


def lines(result: Result) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def message(**fields: str) -> bytes:
    usual = {"message_id": "1", "user": "甲", "title": "", "sent_at": "2026-05-12T10:00:00+08:00", "text": "无"}
    return orjson.dumps(usual | fields) + b"\n"


def test_a_row_gives_one_line_with_exactly_the_promised_keys(ruleset: Path) -> None:
    result = run(ruleset, "message-board", message(title="東岸街道路面", text="坑洼"))
    assert result.exit_code == 0, result.stderr
    [line] = lines(result)
    assert list(line) == _KEYS
    assert line == {
        "external_id": "1",
        "category": "roads",
        "category_evidence": [
            {"field": "title", "words": "路面", "points": 6},
            {"field": "text", "words": "坑洼", "points": 2},
        ],
        "jurisdiction": "east",
        "rule": "broken-road",
        "lead": "roads",
        "co_handlers": [],
        "inform": ["gov-east"],
        "due": {"acknowledge": "2026-05-12T12:00:00+08:00", "resolve": line["due"]["resolve"]},
    }
    assert line["due"]["resolve"].startswith("2026-05-15T")


def test_a_fallback_can_be_seen_by_its_name_whatever_its_author_called_it(ruleset: Path) -> None:
    [line] = lines(run(ruleset, "message-board", message(text="路灯")))
    assert (line["rule"], line["lead"]) == ("fallback:catch-all", "centre")
    assert (line["category"], line["jurisdiction"], line["category_evidence"]) == ("unclassified", "county", [])


def test_now_is_when_it_is_decided_and_its_civil_time_is_the_rulesets(ruleset: Path) -> None:
    [line] = lines(run(ruleset, "message-board", message(), "--now", "2026-06-01T08:00"))
    assert line["due"]["acknowledge"] == "2026-06-01T10:00:00+08:00"
    [line] = lines(run(ruleset, "message-board", message(), "--now", "2026-06-01T00:00Z"))
    assert line["due"]["acknowledge"] == "2026-06-01T10:00:00+08:00"


def test_bad_rows_are_told_by_number_and_the_others_are_routed(ruleset: Path) -> None:
    content = message() + b"{broken\n\n" + message(message_id="2") + b"[]\n" + b'{"message_id": "3"}\n'
    result = run(ruleset, "message-board", content)
    assert result.exit_code == 1
    assert [line["external_id"] for line in lines(result)] == ["1", "2"]
    told = result.stderr.splitlines()
    assert [line.split(":")[0] for line in told[:3]] == [
        "第 2 行没有派 / row 2 was not routed",
        "第 5 行没有派 / row 5 was not routed",
        "第 6 行没有派 / row 6 was not routed",
    ]
    assert "unparsable" in told[0]
    assert "missing_field" in told[2]
    assert "3 of 5 rows" in told[3]


def test_rows_of_the_city_are_read_by_their_columns(ruleset: Path) -> None:
    content = (
        b"\xef\xbb\xbfUnique Key,Agency,Complaint Type,Descriptor\r\n"
        b'7,DOT,Pothole,"Deep, wide\nand wet"\r\n'
        b"8,DOT,pothole,Deep\r\n"
        b"9,DOT,Pothole\r\n"
        b"10,DOT,Pothole,\xff\xfe\r\n"
        b"11,DOT,Pothole,Deep\r\n"
    )
    result = run(ruleset, "nyc311", content, "--now", "2026-06-01T08:00")
    found = {line["external_id"]: line["category"] for line in lines(result)}
    assert found == {"7": "roads", "8": "unclassified", "11": "roads"}
    assert result.exit_code == 1
    assert "row 3 was not routed: unparsable: 3 columns where the heading has 4" in result.stderr
    assert "row 4 was not routed: wrong_encoding" in result.stderr


def test_a_row_without_a_time_of_its_own_needs_none(ruleset: Path) -> None:
    result = run(ruleset, "nyc311", b"Unique Key,Complaint Type\n7,Pothole\n")
    assert result.exit_code == 0
    assert lines(result)[0]["lead"] == "roads"


def test_canonical_reports_are_taken_as_they_are_on_the_channel_asked_for(ruleset: Path) -> None:
    report = {"external_id": "r", "channel": "another", "native_category": "Pothole", "jurisdiction": "east"}
    result = run(ruleset, "report", orjson.dumps(report) + b'\n{"external_id": ""}\n7\n')
    [line] = lines(result)
    assert (line["category"], line["jurisdiction"], line["inform"]) == ("roads", "east", ["gov-east"])
    assert line["category_evidence"] == [{"field": "channel", "words": "Pothole", "points": None}]
    assert "row 2 was not routed: invalid_value: external_id" in result.stderr
    assert "row 3 was not routed: wrong_type" in result.stderr


def test_a_channel_that_the_ruleset_lacks_is_said_and_routed_all_the_same(ruleset: Path) -> None:
    result = run(ruleset, "message-board", message(), channel="mailbx")
    assert result.exit_code == 0
    assert "mailbx" in result.stderr
    assert len(lines(result)) == 1


def test_a_broken_ruleset_and_wrong_words_end_with_2(ruleset: Path) -> None:
    assert run(ruleset, "excel", message()).exit_code == 2
    assert run(ruleset, "report", message(), "--now", "noon").exit_code == 2
    assert run(ruleset.parent / "nowhere", "report", b"").exit_code == 2
    (ruleset / "routes" / "99-last.yaml").write_text("routes: []", "utf-8")
    broken = run(ruleset, "message-board", message())
    assert broken.exit_code == 2
    assert "RR1" in broken.stderr
    assert broken.stdout == ""
