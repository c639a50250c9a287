"""Lint over the small example county: the smallest thing that makes each finding, waivers, and nothing raised."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import Finding, Level
from routing_rules.tools.lint import lint

EXAMPLE = read_bundle(Path(__file__).parents[3] / "docs" / "rules" / "example")
TODAY = date(2026, 5, 12)
ROUTES = "routes/50-example.yaml"


def linted(changes: dict[str, str]) -> tuple[Finding, ...]:
    return lint({**EXAMPLE, **{file: text.encode() for file, text in changes.items()}}, TODAY)


def found(changes: dict[str, str], code: str) -> list[Finding]:
    return [finding for finding in linted(changes) if finding.code == code]


def in_routes(rule: str) -> dict[str, str]:
    return {ROUTES: f"owner: urban\nroutes:\n- {rule}\n"}


def in_overlays(rule: str) -> dict[str, str]:
    return {ROUTES: f"owner: urban\noverlays:\n- {rule}\n"}


def with_agencies(*rows: str) -> dict[str, str]:
    return {"agencies.yaml": EXAMPLE["agencies.yaml"].decode() + "".join(f"- {row}\n" for row in rows)}


RIVAL = '{code: CODE, function: urban, tier: town, jurisdiction: ["900100001"]}'
SMALLEST = [
    ("RR101", in_routes("{id: x, when: {catagory: [noise]}}")),
    ("RR102", in_routes("{id: x, id: y}")),
    ("RR103", in_routes("{id: x, assign: {lead：urban}}")),
    ("RR103", in_routes("id: x\n  assign:\n    lead：urban")),
    ("RR103", in_routes("id: x\n  when: {category：[noise]}")),
    ("RR103", in_routes("id: x\n  when: {category: [noise，water]}")),
    ("RR103", in_routes("id: x\n  when: {category: 【noise】}")),
    ("RR103", in_routes("id：x\n  title: 名称")),
    ("RR104", in_routes("{id: x, when: {channel: petition}}")),
    ("RR105", in_routes("{id: x, when: {channel: []}}")),
    ("RR105", in_routes("{id: x, when: {channel: }}")),
    ("RR105", in_routes("{id: x, when: {}}")),
    ("RR106", in_routes("{id: x, assign: {lead: &p urban}}")),
    ("RR106", in_routes("{id: x, assign: {lead: *p}}")),
    ("RR106", in_routes("{id: x, assign: {<<: {lead: urban}}}")),
    ("RR107", {"routes/noise.yaml": "routes: []\n"}),
    ("RR107", {"routes/50-example.yml": "routes: []\n"}),
    ("RR108", in_routes("{id: loud-shops-2024}")),
    ("RR108", in_routes("{id: lake}")),
    ("RR108", with_agencies("{code: urban, title: 又一个, function: urban, tier: town}")),
    ("RR110", in_routes("{id: x, when: {channel: [hotline-12354]}}")),
    ("RR110", in_routes("{id: x, assign: {lead: police}}")),
    ("RR110", in_routes("{id: x, when: {kind: [complain]}}")),
    ("RR110", in_routes('{id: x, when: {text: {any: ["list:machine"]}}}')),
    ("RR111", in_routes("{id: x, when: {category: [noise, noise/hawking]}}")),
    ("RR112", in_routes('{id: x, when: {channel: [petition], occurred_at: {between: ["21:30", "07:00"]}}}')),
    ("RR113", in_routes('{id: x, when: {received_at: {between: ["22:00", "22:00"]}}}')),
    ("RR114", in_routes("{id: x, when: {text: {any: [吵]}}}")),
    ("RR115", in_routes("{id: x, when: {text: {any: [补课, 有偿补课]}}}")),
    ("RR116", in_routes("{id: x, when: {text: {all: [电梯], none: [电梯]}}}")),
    ("RR116", in_routes("{id: x, when: {text: {any: [电梯困人, 电梯停运], none: [电梯]}}}")),
    ("RR117", in_routes("{id: x, when: {expr: 'reporter >= 3'}}")),
    ("RR117", in_routes("{id: x, when: {expr: 'reporters >='}}")),
    ("RR117", in_routes("{id: x, when: {expr: 'reporters + 1'}}")),
    ("RR117", in_routes("{id: x, when: {expr: 'timestamp(text) < timestamp(title)'}}")),
    ("RR117", in_routes(f"{{id: x, when: {{expr: '{'true || ' * 30}true'}}}}")),
    ("RR118", in_routes("{id: x, when: {expr: 'size(text) < 20'}}")),
    ("RR118", in_routes("{id: x, when: {expr: 'text.size() < 20'}}")),
    ("RR119", in_routes("{when: {text: {any: [被困]}}, urgency: critical}")),
    ("RR120", in_routes("{id: x, assign: {lead: {function: education, tier: village, climb: false}}}")),
    ("RR120", in_routes("{id: x, assign: {lead: {function: police, tier: town, climb: false}}}")),
    ("RR118", in_routes("{id: x, when: {expr: 'size(tags) + size(text) < 20'}}")),
    ("RR121", with_agencies(RIVAL.replace("CODE", "a"), RIVAL.replace("CODE", "b"))),
    ("RR122", in_routes('{when: {jurisdiction: ["900100001"]}, assign: {lead: gov-baisha}}')),
    ("RR123", with_agencies("{code: x, supervisor: x}")),
    ("RR123", with_agencies("{code: x, supervisor: y}", "{code: y, supervisor: x}")),
    ("RR123", with_agencies("{code: x}")),
    ("RR123", with_agencies("{code: x, top: true}")),
    ("RR124", with_agencies('{code: x, supervisor: urban, names: ["12345"]}')),
    ("RR124", with_agencies("{code: x, supervisor: urban, names: [青石镇]}")),
    ("RR125", in_routes("{id: x, assign: {lead: urban, inform: [urban]}}")),
    ("RR126", in_overlays("{add: {lead: urban}}")),
    ("RR127", in_routes("{when: {reporters: {at_least: 3}}}")),
    ("RR133", in_routes("{id: x, fallback: true, assign: {lead: centre}}")),
    ("RR134", in_routes("{when: {mode: [emergency]}}")),
    ("RR134", {"routes/05-example.yaml": "routes:\n- {id: x, when: {category: [noise]}}\n"}),
    ("RR135", in_routes("{id: x, assign: {lead: urban}}")),
    ("RR140", in_routes("{id: x, deadline: {resolve: 5days}}")),
    ("RR140", in_routes("{id: x, deadline: {resolve: 1bd2h}}")),
    ("RR140", in_routes("{id: x, deadline: {resolve: 0h}}")),
    ("RR141", in_routes("{id: x, deadline: {acknowledge: 90m, resolve: 1h}}")),
    ("RR144", in_routes('{id: x, effective: {from: "2026-05-02", until: "2026-05-01"}}')),
    ("RR146", in_routes("{id: x, gate: yes}")),
    ("RR146", in_routes("{id: x, when: {response_level: [5]}}")),
    ("RR146", in_routes('{id: x, when: {received_at: {between: ["22:00"]}}}')),
    ("RR146", in_routes('{id: x, when: {received_at: {between: ["24:00", "06:00"]}}}')),
    ("RR146", in_overlays("{id: x, sample: 110%, add: {tags: [night]}}")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "changes"), SMALLEST)
def test_the_smallest_thing_that_is_wrong_is_found(code: str, changes: dict[str, str]) -> None:
    assert found(changes, code), [finding.line() for finding in linted(changes)]


@pytest.mark.parametrize(
    "expression",
    [
        "size(tags) > 1", "tags.size() > 1", 'tags.filter(t, t == "night").size() > 0', 'has(attributes.x)',
        'title.contains("size(text)")', 'attributes.x == "1"', 'about[0] == "urban"', 'text.matches("[0-9]{11}")',
        'weekday in ["sat", "sun"] && occurred_hour >= 22', "workday ? text_length > 5 : false",
    ],
)  # fmt: skip
def test_an_expression_of_known_names_may_stand(expression: str) -> None:
    rule = f"id: x\n  title: 某事\n  when: {{expr: '{expression}'}}\n  assign: {{lead: urban}}"
    assert [finding.code for finding in linted(in_routes(rule))] == ["RR150"]


@pytest.mark.parametrize(
    "file", ["tests/routing.yaml", "routing/50-x.yaml", "rules.yaml", "areas/x.yaml", "words/a/b.yaml"]
)
def test_a_file_that_nobody_reads_is_told(file: str) -> None:
    assert [(f.code, f.at.file) for f in linted({file: "a: b\n"})] == [("RR149", file)]


def test_what_may_be_written_is_not_found_wrong() -> None:
    rule = """id: odd-but-right
  title: 兜底：“全角”标题【可以】
  when:
  - {received_at: {between: ["22:00", "24:00"], days: [fri], date: {between: ["11-01", "02-29"]}}}
  - {text: {any: ["打、桩", "ＫＴＶ"], in: title}, expr: 'size(tags) > 0 || tags.exists(t, t == "night")'}
  - {attributes: {"大类": [市容]}, expr: 'attributes["大类"] == "市容"', missing: [point]}
  assign: {lead: first_receiver, co_handlers: [{function: police}]}
  confidential: "true"
  deadline: {acknowledge: 1wh, respond: none, resolve: 30d, fixed: true}
  deadline_by_kind: {consult: {resolve: 1bd}}
  basis: 某条例第一条"""
    lines = [f.line() for f in linted(in_routes(rule)) if f.code not in {"RR150"}]
    assert lines == []


def test_findings_come_all_at_once_each_where_it_is() -> None:
    rule = "{id: x, title: 某事, when: {chanel: [petition], kind: [wish]}, assign: {lead: nobody}, gate: yes}"
    told = [(f.code, f.at.file, f.at.line, f.at.column) for f in linted(in_routes(rule)) if f.level is Level.ERROR]
    wrong = [("RR101", "chanel"), ("RR110", "wish"), ("RR110", "nobody"), ("RR146", "yes")]
    assert told == [(code, ROUTES, 3, f"- {rule}".index(word) + 1) for code, word in wrong]


def test_a_title_given_for_a_code_is_answered_with_the_code() -> None:
    (finding,) = found(in_routes("{id: x, title: 某事, when: {category: [噪声]}, assign: {lead: urban}}"), "RR110")
    assert finding.message() == "没有这个分类：“噪声”，相近的有 noise"
    assert finding.hint() == "“噪声”是名称，编号是 noise"
    assert "its code is noise" in finding.hint("en")


def test_a_word_of_a_closed_list_is_answered_with_its_code_or_with_the_list() -> None:
    (title,) = found(in_routes("{id: x, title: 某事, when: {kind: [投诉]}, assign: {lead: urban}}"), "RR110")
    assert title.hint() == "“投诉”是名称，编号是 complaint"
    (other,) = found(in_routes("{id: x, title: 某事, when: {mode: [战备]}, assign: {lead: urban}}"), "RR110")
    assert other.message() == "没有这个取值：“战备”，只有 routine emergency"


def test_a_function_given_for_an_agency_is_answered_with_the_role() -> None:
    (finding,) = found(in_routes("{id: x, title: 某事, when: {category: [noise]}, assign: {lead: police}}"), "RR110")
    assert "{function: police}" in finding.hint()


def test_a_file_that_cannot_be_read_hides_nothing_of_the_others() -> None:
    codes = {f.code for f in linted({"agencies.yaml": "agencies: [\n", **in_routes("{id: x, when: {kind: [wish]}}")})}
    assert {"RR100", "RR110"} <= codes
    blamed = [f for f in linted({"agencies.yaml": "agencies: [\n"}) if f.at.file != "agencies.yaml"]
    assert blamed == [], "codes that an unreadable file may have declared are held against nobody"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("routes:\n- {id: [x}\n", "清单里少了逗号，或 [ ] 没有配对"),
        ("routes:\n\t- x\n", "制表符"),
        ("routes: []\n---\nroutes: []\n", "---"),
        ("routes: []\nowner: a: b\n", "冒号"),
        ("", "文件是空的"),
        ('owner: "urban\n', "引号没有配对"),
        ("a: " + "[" * 60 + "]" * 60, "套得太深"),
        ("owner: \x07urban\n", "控制字符"),
    ],
)
def test_why_a_file_cannot_be_read_is_told_in_chinese(content: str, message: str) -> None:
    told = found({ROUTES: content}, "RR100")
    assert any(message in finding.message() for finding in told), [finding.line() for finding in told]


def test_a_file_in_another_encoding_is_told_with_its_line() -> None:
    files = {**EXAMPLE, ROUTES: "owner: urban\n# 城管\nroutes: []\n".encode("gbk")}
    (finding,) = [f for f in lint(files, TODAY) if f.code == "RR100"]
    assert (finding.at.line, finding.message()) == (2, "文件不是 UTF-8 编码")


RULE = "{id: x, title: 某事, when: {text: {any: [吵]}}, assign: {lead: urban}}"


def after(rule: str, comment: str) -> list[str]:
    return [f.code for f in linted({ROUTES: f"owner: urban\nroutes:\n- {rule}  {comment}\n"}) if f.code != "RR150"]


def test_a_waiver_with_a_reason_takes_a_warning_away_in_its_line() -> None:
    assert after(RULE, "") == ["RR114"]
    assert after(RULE, "# lint: ignore RR114 本县只这么说") == []
    assert after(RULE, "# lint: ignore RR114, RR115 本县只这么说") == []
    assert after(RULE, "# lint: ignore RR115 写错了码") == ["RR114"]


def test_a_waiver_alone_in_its_line_covers_the_next() -> None:
    text = f"owner: urban\nroutes:\n# lint: ignore RR114 本县只这么说\n\n# 说明\n- {RULE}\n"
    assert [f.code for f in linted({ROUTES: text}) if f.code != "RR150"] == []


def test_a_waiver_without_a_reason_is_told_and_waives_nothing() -> None:
    assert sorted(after(RULE, "# lint: ignore RR114")) == ["RR114", "RR152"]


def test_an_error_cannot_be_waived() -> None:
    assert "RR140" in after("{id: x, deadline: {resolve: 5days}}", "# lint: ignore RR140 就要这样")


def test_roles_are_judged_in_the_places_that_an_earlier_rule_leaves() -> None:
    rule = "{id: x, title: 某事, when: {category: [noise]}, assign: {lead: {function: police, tier: town}}}"
    assert found(in_routes(rule), "RR120") == [], "places outside were taken by an earlier route"
    first = {"routes/06-first.yaml": f"owner: urban\nroutes:\n- {rule}\n"}
    (finding,) = found(first, "RR120")
    assert (finding.level, finding.params["n"]) == (Level.NOTE, "1"), "outside the county it is a note"


def test_a_rule_that_ended_is_told_the_day_after() -> None:
    rule = '{id: x, title: 某事, effective: {until: "2026-05-12"}, when: {category: [noise]}, assign: {lead: urban}}'
    files = {**EXAMPLE, **{file: text.encode() for file, text in in_routes(rule).items()}}
    assert not [f for f in lint(files, date(2026, 5, 12)) if f.code == "RR136"], "until is included"
    assert [f for f in lint(files, date(2026, 5, 13)) if f.code == "RR136"]


def test_every_finding_speaks_both_languages_and_leaves_no_brace_open() -> None:
    for _, changes in SMALLEST:
        for finding in linted(changes):
            for language in ("zh", "en"):
                line = finding.line(language)
                assert finding.at.file in line
                assert "term:" not in line
                assert " yaml:" not in line


@pytest.mark.parametrize("needed", ["ruleset.yaml", "agencies.yaml", "jurisdictions.yaml", "categories.yaml"])
def test_a_missing_file_is_told_and_refuses_the_ruleset(needed: str) -> None:
    files = {file: content for file, content in EXAMPLE.items() if file != needed}
    loaded = load(files)
    assert loaded.ruleset is None
    assert [(f.code, f.at.file) for f in loaded.errors if f.code == "RR100"] == [("RR100", needed)]


def lines_of(file: str) -> list[str]:
    return EXAMPLE[file].decode().split("\n")


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, bytes]:
    """The example with a few of its files damaged: text put in, a line lost, a file gone."""
    files = dict(EXAMPLE)
    for file in draw(st.lists(st.sampled_from(sorted(EXAMPLE)), min_size=1, max_size=3)):
        text = files.get(file, b"").decode(errors="replace")
        at = draw(st.integers(0, len(text)))
        piece = draw(
            st.sampled_from([*"[]{}:,\"'&*-#\n\t：，", "- ", "\x00", "first_receiver", "[]", ""]) | st.text(max_size=5)
        )
        files[file] = (text[:at] + piece + text[at + draw(st.integers(0, 12)) :]).encode("utf-8", "replace")
    return files


@settings(max_examples=60, deadline=None)
@given(damaged())
def test_whatever_is_damaged_lint_answers_with_findings_and_never_raises(files: dict[str, bytes]) -> None:
    findings = lint(files, TODAY)
    assert all(finding.at.line >= 1 and finding.at.column >= 1 for finding in findings)
    refused = load(files).ruleset is None
    assert refused is any(finding.level is Level.ERROR for finding in load(files).findings)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(EXAMPLE)), st.binary(max_size=200))
def test_a_file_of_any_bytes_is_answered_with_findings(file: str, content: bytes) -> None:
    assert isinstance(lint({**EXAMPLE, file: content}, TODAY), tuple)


def codes(findings: Iterable[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def test_limits_of_size_are_told() -> None:
    words = ", ".join(f"词语{n}" for n in range(201))
    assert "RR137" in codes(linted(in_routes(f"{{id: x, when: {{text: {{any: [{words}]}}}}}}")))
    blocks = ", ".join(["{kind: [tip]}"] * 21)
    assert "RR137" in codes(linted(in_routes(f"{{id: x, when: [{blocks}]}}")))
    assert "RR137" in codes(linted({"words/many.yaml": f"id: many\nowner: urban\nwords: [{words}]\n"}))
