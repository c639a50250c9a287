"""Rulesets that are kept: they load, lint says nothing that needs waiving, and every case of their own tests passes."""

from datetime import date
from pathlib import Path

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import Level
from routing_rules.tools.lint import lint
from routing_rules.tools.testing import run_tests
from tests import outside

ROOT = Path(__file__).resolve().parents[3]
HONGZE = ROOT / "routing_rules" / "rulesets" / "hongze"
NYC = ROOT / "routing_rules" / "rulesets" / "nyc"
SIGNED_ON = date(2026, 11, 24)  # lint asks what day it is; the ruleset is judged on the day it was signed


@pytest.fixture(
    scope="module",
    params=[HONGZE, NYC, pytest.param(outside.RULESET, marks=outside.needs_ruleset)],
    ids=["hongze", "nyc", "outside"],
)
def bundle(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return read_bundle(request.param)


@pytest.fixture(scope="module")
def hongze() -> Compiled:
    loaded = load(read_bundle(HONGZE))
    assert loaded.ruleset is not None, loaded.findings
    return compile_ruleset(loaded.ruleset)


def test_a_kept_ruleset_loads_without_an_error(bundle: dict[str, bytes]) -> None:
    loaded = load(bundle)
    assert [finding.line() for finding in loaded.findings if finding.level is Level.ERROR] == []
    assert loaded.ruleset is not None


def test_all_cases_of_a_kept_ruleset_pass(bundle: dict[str, bytes]) -> None:
    loaded = load(bundle)
    assert loaded.ruleset is not None
    report = run_tests(compile_ruleset(loaded.ruleset), bundle)
    assert report.results
    assert report.passed, report.text()


@pytest.mark.parametrize("folder", [HONGZE, NYC], ids=["hongze", "nyc"])
def test_lint_has_no_error_and_no_warning(folder: Path) -> None:
    findings = lint(read_bundle(folder), SIGNED_ON)
    assert [finding.line() for finding in findings if finding.level is not Level.NOTE] == []


@pytest.mark.parametrize("folder", [HONGZE, NYC], ids=["hongze", "nyc"])
def test_every_rule_is_asserted_by_a_case(folder: Path) -> None:
    findings = lint(read_bundle(folder), SIGNED_ON)
    assert [finding.line() for finding in findings if finding.code in ("RR150", "RR151")] == []


def test_every_town_of_hongze_has_a_government_and_a_police_station_of_its_own(hongze: Compiled) -> None:
    ruleset = hongze.ruleset
    towns = {code for code, place in ruleset.jurisdictions.items() if place.parent == ruleset.root}
    assert len(towns) == 10
    for function in ("government", "police"):
        staffed = [
            code
            for agency in ruleset.agencies.values()
            if agency.function == function and agency.tier == "town"
            for code in agency.covers
        ]
        assert sorted(staffed) == sorted(towns), function


def test_hongzes_cases_are_hundreds_of_decisions(hongze: Compiled) -> None:
    report = run_tests(hongze, read_bundle(HONGZE))
    assert len(report.results) >= 400


def test_the_boards_first_level_labels_answer_where_one_branch_of_the_tree_is_meant(hongze: Compiled) -> None:
    known: dict[str, list[str]] = {}
    for code, node in hongze.ruleset.categories.items():
        for label in node.native.get("mailbox", ()):
            known.setdefault(label, []).append(code)
    assert known.pop("城乡建设") == ["urban", "facility", "housing", "land", "safety", "utility"]
    assert {label: code for label, (code,) in known.items()} == {
        "环境保护": "environment",
        "交通运输": "traffic",
        "教育文体": "education",
        "劳动和社会保障": "labour",
        "商贸旅游": "market",
        "卫生计生": "health",
    }
    assert not hongze.ruleset.channels["mailbox"].live
