"""docs/rules/cookbook.*.md: twenty wishes, each a rule with its test, over the county's own ruleset."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import is_test, load, read_bundle
from routing_rules.messages import Level
from routing_rules.tools.lint import lint
from routing_rules.tools.testing import TestReport, run_tests

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/rules/cookbook.zh.md").read_text(encoding="utf-8")
ENGLISH: Final = (ROOT / "docs/rules/cookbook.md").read_text(encoding="utf-8")
TODAY: Final = date(2026, 5, 12)
_WISH: Final = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_SHOWN: Final = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Wish(NamedTuple):
    number: int
    title: str
    files: Mapping[str, bytes]  # the rule's and the test's, by the names that the page gives them
    upsets: bool  # the page says that tests of the county's own have to change

    @property
    def rules(self) -> dict[str, bytes]:
        return {name: text for name, text in self.files.items() if not is_test(name)}

    @property
    def tests(self) -> dict[str, bytes]:
        return {name: text for name, text in self.files.items() if is_test(name)}

    @property
    def ids(self) -> set[str]:
        return {found for text in self.rules.values() for found in re.findall(r"^- id: (\S+)$", text.decode(), re.M)}


def wishes() -> list[Wish]:
    parts = _WISH.split(PAGE)[1:]
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [
        Wish(int(number), title, {name: text.encode() for name, text in _SHOWN.findall(body)}, _upsets(body))
        for number, title, body in triples
    ]


def _upsets(body: str) -> bool:
    return "\n洪泽区有用例因此要改。\n" in body


WISHES: Final = wishes()
each_wish = pytest.mark.parametrize("wish", WISHES, ids=[f"{wish.number}" for wish in WISHES])


@cache
def county() -> dict[str, bytes]:
    return read_bundle(ROOT / "routing_rules/rulesets/hongze")


@cache
def already_told() -> set[str]:
    return {finding.line() for finding in lint(county(), TODAY)}


def outcome(rules: Mapping[str, bytes], tests: Mapping[str, bytes]) -> TestReport:
    own = {name: text for name, text in county().items() if not is_test(name)}
    loaded = load({**own, **rules})
    assert loaded.ruleset is not None, [finding.line() for finding in loaded.errors]
    return run_tests(compile_ruleset(loaded.ruleset), tests)


def test_there_are_twenty_wishes_each_with_one_rule_and_its_test() -> None:
    assert [wish.number for wish in WISHES] == list(range(1, 21))
    assert all(len(wish.rules) == 1 and len(wish.tests) == 1 and len(wish.ids) == 1 for wish in WISHES)


@each_wish
def test_a_wish_comes_true_and_without_its_rule_it_does_not(wish: Wish) -> None:
    with_it = outcome(wish.rules, wish.tests)
    assert with_it.passed, with_it.text()
    assert len(with_it.results) >= 2 or wish.number == 13
    assert not outcome({}, wish.tests).passed


@each_wish
def test_a_wish_brings_no_finding_and_upsets_tests_of_the_county_only_where_the_page_says_so(wish: Wish) -> None:
    told = [f.line() for f in lint({**county(), **wish.files}, TODAY) if f.level is not Level.NOTE]
    assert [line for line in told if line not in already_told()] == []
    own = {name: text for name, text in county().items() if is_test(name)}
    upset = outcome(wish.rules, own)
    assert bool(upset.failures) == wish.upsets, upset.text()


def test_the_english_page_tells_every_wish_by_number_and_rule() -> None:
    told = re.findall(r"^\| (\d+) \| [^|]+ \| `([a-z0-9-]+)` \|", ENGLISH, re.MULTILINE)
    assert told == [(str(wish.number), *wish.ids) for wish in WISHES]
