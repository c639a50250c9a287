"""`--fix`: what is put right by itself, what is left to a person, and that comments and meaning stay."""

from datetime import date
from pathlib import Path

import pytest

from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import Level
from routing_rules.tools.fixing import Mended, mend
from routing_rules.tools.lint import lint

EXAMPLE = read_bundle(Path(__file__).parents[3] / "docs" / "rules" / "example")
TODAY = date(2026, 5, 12)
ROUTES = "routes/50-example.yaml"
HEAD = "owner: urban  # 城管管\nroutes:\n"


def mended(text: str) -> Mended:
    return mend({**EXAMPLE, ROUTES: (HEAD + text).encode()}, TODAY)


def written(text: str) -> str:
    return mended(text).files[ROUTES].decode().removeprefix(HEAD)


FIXED = [
    ("{lead：urban}", "{lead: urban}"),
    ("{lead:　urban}", "{lead: urban}"),
    ("{lead: urban， inform: [police-bureau]}", "{lead: urban, inform: [police-bureau]}"),
    ("{lead: urban，inform: [police-bureau]}", "{lead: urban, inform: [police-bureau]}"),
    ("{lead: urban, inform: 【police-bureau】}", "{lead: urban, inform: [police-bureau]}"),
    ("{lead: urban, inform: police-bureau}", "{lead: urban, inform: [police-bureau]}"),
    ("{lead: urban, inform: {function: police}}", "{lead: urban, inform: [{function: police}]}"),
    ("{lead: 县城市管理局}", "{lead: urban}"),
    ("{lead:\turban}", "{lead: urban}"),
]


@pytest.mark.parametrize(("bad", "good"), FIXED)
def test_a_slip_of_the_keyboard_is_put_right(bad: str, good: str) -> None:
    rule = "- {{id: x, title: 某事, when: {{channel: [petition]}}, assign: {}}}  # 说明\n"
    assert written(rule.format(bad)) == rule.format(good)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("channel: petition", "channel: [petition]"),
        ('jurisdiction: "900100001"', 'jurisdiction: ["900100001"]'),
        ("category: [noise, noise/hawking]", "category: [noise]"),
        ("category: [noise/hawking, noise, noise/leisure]", "category: [noise]"),
        ("text: {any: [补课, 有偿补课]}", "text: {any: [补课]}"),
        ("text: {any: 半夜}", "text: {any: [半夜]}"),
        ("jurisdiction: [青石镇]", 'jurisdiction: ["900100001"]'),
        ("category: [噪声]", "category: [noise]"),
    ],
)
def test_a_condition_is_put_right(bad: str, good: str) -> None:
    rule = "- id: x\n  title: 某事\n  when: {{{}}}   # 为什么\n  assign: {{lead: urban}}\n"
    assert written(rule.format(bad)) == rule.format(good)


@pytest.mark.parametrize(("bad", "good"), [("yes", "true"), ("No", "false"), ("off", "false"), ("'On'", "true")])
def test_yes_and_no_become_true_and_false(bad: str, good: str) -> None:
    rule = "- id: x\n  title: 某事\n  gate: {}\n  when: {{channel: [petition]}}\n  assign: {{lead: urban}}\n"
    assert written(rule.format(bad)) == rule.format(good)


def test_blanks_and_line_ends_that_mean_nothing_go() -> None:
    rule = "- id: x  \r\n  title: 某事\r\n  when: {channel: [petition]}\t\r\n  assign: {lead: urban}"
    assert written(rule) == "- id: x\n  title: 某事\n  when: {channel: [petition]}\n  assign: {lead: urban}\n"


@pytest.mark.parametrize(
    "left",
    [
        "- {id: x, title: 某事, when: {catagory: [noise]}, assign: {lead: urban}}\n",  # a guess is the author's
        "- {id: x, id: y, title: 某事, when: {channel: [petition]}, assign: {lead: urban}}\n",
        "- {id: x, title: 某事, when: {channel: [hotline-12354]}, assign: {lead: urban}}\n",
        "- {id: x, title: 某事，很急, when: {text: {any: ['，。']}}, assign: {lead: urban}}\n",
    ],
)
def test_what_asks_for_a_decision_is_left(left: str) -> None:
    assert mended(left).files == {}


def test_every_fix_lessens_the_errors_and_a_second_run_changes_nothing() -> None:
    text = HEAD + "".join(
        f"- {{id: x-{n}, title: 某事, when: {{channel: [petition]}}, assign: {bad}}}\n"
        for n, (bad, _) in enumerate(FIXED)
    )
    files = {**EXAMPLE, ROUTES: text.encode()}
    once = mend(files, TODAY)
    assert [f for f in once.left if f.level is Level.ERROR] == []
    again = mend({**files, **once.files}, TODAY)
    assert (again.files, again.fixed) == ({}, ())


def test_a_title_that_two_agencies_have_is_not_guessed() -> None:
    agencies = EXAMPLE["agencies.yaml"] + (
        "- {code: urban-2, title: 县城市管理局, function: education, tier: town, supervisor: centre}\n".encode()
    )
    rule = HEAD + "- {id: x, title: 某事, when: {channel: [petition]}, assign: {lead: 县城市管理局}}\n"
    assert ROUTES not in mend({**EXAMPLE, "agencies.yaml": agencies, ROUTES: rule.encode()}, TODAY).files


def test_a_sound_ruleset_is_not_touched() -> None:
    assert mend(EXAMPLE, TODAY) == Mended({}, (), lint(EXAMPLE, TODAY))
    assert load(EXAMPLE).ruleset is not None
