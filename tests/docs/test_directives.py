"""Every kind of directive has its line, and the line says truly who acts on it and whether agencies are told."""

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.codes import DirectiveKind, Role
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load_directory
from streams.processors.dispatch.notices import TOLD
from streams.rulesets import HeldRuleset, RulesetInForce
from tests.streams.processors.counter import Counter, case_of, outcome

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "directives.md").read_text("utf-8")
LINES = {
    line.split("`")[1]: [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line[:3] == "| `"
}
OF_NO_CASE = {DirectiveKind.HOLD, DirectiveKind.RELEASE}


@pytest.fixture(scope="module")
def held() -> HeldRuleset:
    ruleset = load_directory(ROOT / "routing_rules" / "rulesets" / "hongze").ruleset
    assert ruleset is not None
    return HeldRuleset(RulesetInForce(compile_ruleset(ruleset)))


def test_each_kind_has_its_line() -> None:
    assert set(LINES) == set(DirectiveKind)


@pytest.mark.parametrize("kind", DirectiveKind, ids=str)
def test_who_acts_is_who_is_said_to(kind: DirectiveKind, held: HeldRuleset) -> None:
    counter = Counter(held)
    counter.arrives()
    if kind in OF_NO_CASE:
        agency = counter.case().lead
        counter.command(DirectiveKind.HOLD, None, agency=agency, id="dir-first")
        result, because = outcome(counter.command(kind, None, agency=agency))
    else:
        helper = {"agency": _helper(counter)} if kind is DirectiveKind.EXCUSE else {}
        ruled = {"agency": counter.case().lead} if kind is DirectiveKind.ADJUDICATE else {}
        result, because = outcome(counter.command(kind, into=case_of("A2"), **helper, **ruled))
    said = LINES[kind][3]
    assert (
        result
        in {"dispatch": ("decided", "acted"), "passed on": ("passed_on",), "intake, dispatch": ("passed_on",)}[said]
    ), because


@pytest.mark.parametrize("kind", DirectiveKind, ids=str)
def test_of_a_cases_life_somebody_is_told(kind: DirectiveKind) -> None:
    assert (LINES[kind][3] == "passed on") == (kind in TOLD)
    assert kind not in TOLD or LINES[kind][4]


def _helper(counter: Counter) -> str:
    """Give the case a co-handler, and return it."""
    case = counter.case()
    helped = replace(case, given=(*case.parts(), (Role.CO_HANDLER, "helper")))
    counter.kept[case_of("A1").encode()] = helped.write()
    return "helper"
