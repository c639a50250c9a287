"""`tests/*.test.yaml` (RULE-LANGUAGE §11): what is checked, what fails, and what can't be run."""

import string
from collections.abc import Callable

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import testing as messages
from routing_rules.tools.testing import TestReport, run_tests
from tests import outside

Run = Callable[..., TestReport]

NIGHT = "  report: {title: 半夜放喇叭, text: 青石镇门店放喇叭}\n"


def missed(report: TestReport) -> list[tuple[str, str, str]]:
    return [(miss.key, miss.expected, miss.actual) for result in report.results for miss in result.misses]


def problem(report: TestReport) -> str:
    (result,) = report.results
    assert result.problem is not None
    return result.problem.key


ALL_THAT_HOLDS = """
- name: 样样都对
  report: {title: 半夜放喇叭, text: 青石镇门店放喇叭, reporters: 3}
  expect:
    kind: complaint
    category: noise/hawking
    jurisdiction: "900100001"
    area: []
    about: []
    mode: routine
    route: hawking-after-hours
    overlays: [inform-town]
    reason: matched
    lead: urban
    co_handlers: []
    inform: [gov-qingshi]
    absent: [education, police-bureau]
    hard_rules: []
    urgency: normal
    tags: []
    due: {acknowledge: "2026-05-12T13:00", resolve: "2026-05-18T18:00+08:00"}
    identity: [urban]
    masked: []
    not: [hawking, loud-shops-2024]
    fallback: false
"""


def test_everything_that_may_be_expected_holds_at_once(run: Run) -> None:
    report = run(ALL_THAT_HOLDS)
    assert report.passed, report.text()
    assert len(report.results) == 1


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        ("kind: tip", "kind"), ("category: noise", "category"), ('jurisdiction: "900100"', "jurisdiction"),
        ("area: [mirror-lake]", "area"), ("about: [urban]", "about"), ("mode: emergency", "mode"),
        ("route: hawking", "route"), ("overlays: []", "overlays"), ("reason: fallback", "reason"),
        ("lead: centre", "lead"), ("co_handlers: [education]", "co_handlers"), ("inform: []", "inform"),
        ("inform: {includes: [education]}", "inform"), ("absent: [gov-qingshi]", "absent"),
        ("hard_rules: [returned]", "hard_rules"), ("urgency: urgent", "urgency"), ("tags: [night]", "tags"),
        ('due: {acknowledge: "2026-05-12T12:01"}', "due.acknowledge"), ("due: {respond: none}", "due.respond"),
        ("identity: [gov-qingshi]", "identity"), ("identity: [lead, gov-qingshi]", "identity"),
        ("masked: [gov-qingshi]", "masked"), ("masked: true", "masked"),
        ("not: [inform-town]", "not"), ("not: [hawking-after-hours]", "not"), ("fallback: true", "fallback"),
    ],
)  # fmt: skip
def test_each_expectation_can_fail(run: Run, expected: str, key: str) -> None:
    report = run(f"- name: 一条\n{NIGHT}  expect: {{{expected}}}\n")
    assert [miss[0] for miss in missed(report)] == [key]
    assert not report.passed


@pytest.mark.parametrize("expected", ["inform: {includes: [gov-qingshi]}", "inform: gov-qingshi", "identity: lead"])
def test_a_list_may_be_asked_more_weakly_and_a_single_value_is_a_list_of_one(run: Run, expected: str) -> None:
    assert run(f"- name: 一条\n{NIGHT}  expect: {{{expected}}}\n").passed


def test_masked_names_agencies_or_words_that_only_the_lead_reads(run: Run) -> None:
    report = "  report: {title: 放喇叭, text: 青石镇学校旁门店放喇叭，电话13812345678}\n"
    assert run(f"- name: 一\n{report}  expect: {{masked: [education], co_handlers: [education]}}\n").passed
    assert run(f"- name: 一\n{report}  expect: {{masked: ['13812345678']}}\n").passed
    assert run(f"- name: 一\n{report}  expect: {{masked: true}}\n").passed
    leaked = run(f"- name: 一\n{report}  expect: {{masked: [学校]}}\n")
    assert missed(leaked) == [("masked", "学校", "学校")]
    assert problem(run(f"- name: 一\n{report}  expect: {{masked: ['13800000000']}}\n")) == "unknown_code"


ROUNDS = """
- name: 退过的不再领办
  report: {title: 半夜放喇叭, text: 青石镇门店放喇叭}
  rounds:
  - {expect: {lead: urban, due: {resolve: "2026-05-18T18:00"}}}
  - returned_by: urban
    at: "2026-05-13T15:00"
    expect:
      lead: centre
      reason: adjudication
      hard_rules: [returned]
      due: {acknowledge: "2026-05-13T18:00", resolve: "2026-05-18T18:00"}
  - {at: "2026-05-14T09:00", adjudicated_to: urban, expect: {lead: urban, reason: adjudicated}}
"""


def test_rounds_remember_who_returned_it_and_when_it_was_first_given_out(run: Run) -> None:
    report = run(ROUNDS)
    assert report.passed, report.text()
    assert [result.round for result in report.results] == [1, 2, 3]


def test_what_an_operator_corrects_holds_from_that_round_on(run: Run) -> None:
    cases = """
- name: 更正地点
  report: {title: 门店放喇叭, text: 促销放喇叭}
  rounds:
  - {expect: {inform: [], not: [inform-town]}}
  - at: "2026-05-12T11:00"
    correct: {jurisdiction: "900100002"}
    expect: {jurisdiction: "900100002", inform: [gov-baisha]}
  - at: "2026-05-12T12:00"
    correct: {category: education, kind: help}
    expect: {route: fallback, kind: help, inform: [gov-baisha]}
"""
    report = run(cases)
    assert report.passed, report.text()


def test_a_table_is_one_decision_a_row(run: Run) -> None:
    cases = """
- name: 各镇归属
  report: {title: 门店放喇叭, jurisdiction: "{place}", text: "{place}有事"}
  table:
  - {place: "900100001", told: [gov-qingshi]}
  - {place: "900100002", told: [gov-qingshi]}
  - {place: "900100002", told: [], lead: centre}
  expect: {inform: "{told}"}
"""
    report = run(cases)
    assert [result.passed for result in report.results] == [True, False, False]
    assert missed(report)[1:] == [("lead", "centre", "urban"), ("inform", "[]", "[gov-baisha]")]


def test_modes_are_the_files_or_the_cases(run: Run) -> None:
    when = 'from: "2026-05-11T20:00", until: "2026-05-20T00:00"'
    mode = f'{{jurisdiction: "900100", mode: emergency, response: [flood], {when}}}'
    head = f'given: {{channel: hotline-12345, received_at: "2026-05-12T10:00"}}\nmodes: [{mode}]\n'
    wet = f"- name: 急时\n{NIGHT}  expect: {{route: flood}}\n"
    dry = f"- name: 平时\n{NIGHT}  modes: []\n  expect: {{route: hawking-after-hours}}\n"
    report = run(wet + dry, head)
    assert report.passed, report.text()


def test_a_day_without_a_clock_time_never_is_at_night(run: Run) -> None:
    report = "  report: {channel: urban-grid, title: 门店放喇叭, text: 青石镇, occurred_at: "
    at_night = run(f'- name: 夜\n{report}"2026-05-12T23:00"}}\n  expect: {{route: hawking-after-hours}}\n')
    on_a_day = run(f'- name: 日\n{report}"2026-05-12"}}\n  expect: {{route: hawking}}\n')
    assert at_night.passed, at_night.text()
    assert on_a_day.passed, on_a_day.text()


def test_cases_do_not_see_each_other(run: Run) -> None:
    report = run(ROUNDS + ROUNDS.replace("退过", "又退过"))
    assert report.passed, report.text()


@pytest.mark.parametrize(
    ("cases", "key"),
    [
        (f"- name: 一\n{NIGHT}", "no_expect"),
        (f"- name: 一\n{NIGHT}  expect: {{}}\n", "no_expect"),
        (f"- name: 一\n{NIGHT}  rounds: []\n", "no_expect"),
        (f"- name: 一\n{NIGHT}  expect: {{led: urban}}\n", "unknown_key"),
        (f"- name: 一\n{NIGHT}  expects: {{lead: urban}}\n", "unknown_key"),
        ("- name: 一\n  report: {titel: 放喇叭}\n  expect: {lead: urban}\n", "unknown_key"),
        (f"- name: 一\n{NIGHT}  expect: {{absent: [polise]}}\n", "unknown_code"),
        (f"- name: 一\n{NIGHT}  expect: {{not: [night-nosie]}}\n", "unknown_code"),
        (f"- name: 一\n{NIGHT}  expect: {{due: {{close: none}}}}\n", "unknown_code"),
        (f"- name: 一\n{NIGHT}  expect: {{lead: {{has: [urban]}}}}\n", "unknown_key"),
        (f"- name: 一\n{NIGHT}  expect: {{fallback: yes}}\n", "shape"),
        (f"- name: 一\n{NIGHT}  expect: {{due: {{resolve: soon}}}}\n", "shape"),
        ("- name: 一\n  report: {channel: hotline-12354}\n  expect: {lead: urban}\n", "unknown_code"),
        ("- name: 一\n  report: {kind: complain}\n  expect: {lead: urban}\n", "shape"),
        ("- name: 一\n  report: {received_at: yesterday}\n  expect: {lead: urban}\n", "shape"),
        (f"- name: 一\n{NIGHT}  rounds: [{{returned_by: polise, expect: {{lead: urban}}}}]\n", "unknown_code"),
        (f"- name: 一\n{NIGHT}  rounds: [{{correct: {{titel: x}}, expect: {{lead: urban}}}}]\n", "unknown_key"),
        (f"- name: 一\n{NIGHT}  modes: [{{mode: war}}]\n  expect: {{lead: urban}}\n", "shape"),
        (f"- name: 一\n{NIGHT}  table: [{{a: b}}]\n  expect: {{lead: '{{c}}'}}\n", "no_column"),
        (f"- name: 一\n{NIGHT}  table: []\n  expect: {{lead: urban}}\n", "shape"),
        (NIGHT.replace("  report", "- report") + "  expect: {lead: urban}\n", "no_name"),
        ("- 只有一句话\n", "no_name"),
    ],
)  # fmt: skip
def test_a_case_that_cannot_be_run_as_written_has_failed(run: Run, cases: str, key: str) -> None:
    report = run(cases)
    assert problem(report) == key
    assert not report.passed
    for language in ("zh", "en"):
        assert report.text(language)


def test_two_cases_may_not_share_a_name(run: Run) -> None:
    case = f"- name: 一\n{NIGHT}  expect: {{lead: urban}}\n"
    report = run(case + case)
    assert [result.passed for result in report.results] == [True, False]


def test_the_time_of_decision_must_be_written(run: Run) -> None:
    head = "given: {channel: hotline-12345}\n"
    assert problem(run(f"- name: 一\n{NIGHT}  expect: {{lead: urban}}\n", head)) == "no_received_at"


@pytest.mark.parametrize("content", ["cases: [\n", "about: 没有用例\n", "\tcases: []\n", "- 一\n", ""])
def test_a_file_that_cannot_be_read_has_failed(compiled: Compiled, content: str) -> None:
    assert not run_tests(compiled, {"tests/x.test.yaml": content.encode()}).passed


def test_a_file_of_another_name_is_not_passed_over_in_silence(run: Run) -> None:
    assert problem(run(f"- name: 一\n{NIGHT}  expect: {{lead: urban}}\n", name="tests/x.yaml")) == "file_name"


def test_a_failure_tells_what_was_expected_what_came_and_why(run: Run) -> None:
    report = run(f"- name: 半夜放喇叭\n{NIGHT}  expect: {{lead: centre}}\n")
    told = report.text()
    assert "✗ tests/x.test.yaml:3 半夜放喇叭" in told
    assert "lead：要 centre，实为 urban" in told
    assert "派给：县城市管理局（主办）" in told
    assert told.splitlines()[-1] == "1 条判定：0 条过，1 条不过"
    assert "lead: expected centre, got urban" in report.text("en")
    (record,) = report.records()
    assert (record["name"], record["passed"], record["failures"]) == (
        "半夜放喇叭", False, [{"key": "lead", "expected": "centre", "actual": "urban"}],
    )  # fmt: skip
    assert record["explain"].startswith("派给")


def test_a_ruleset_without_tests_has_none_that_failed_and_says_so(compiled: Compiled) -> None:
    report = run_tests(compiled, {})
    assert report.passed
    assert report.results == ()
    assert "没有用例" in report.text()


def test_every_sentence_is_there_in_both_languages_with_the_same_parts() -> None:
    for key in messages.MESSAGES:
        parts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in messages._TEXTS[key]]
        assert parts[0] == parts[1], key
        assert all(messages._TEXTS[key])


@outside.needs_ruleset
def test_an_outside_ruleset_passes_its_tests() -> None:
    files = read_bundle(outside.RULESET)
    loaded = load(files)
    assert loaded.ruleset is not None
    report = run_tests(compile_ruleset(loaded.ruleset), files)
    assert report.results
    assert report.passed, report.text()
