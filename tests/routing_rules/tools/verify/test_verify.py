"""Verify on the kept rulesets, and on a shadowing, a gap and a conflict planted in one of them."""

from datetime import date
from pathlib import Path

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import Loaded, load, read_bundle
from routing_rules.tools.verify.boxes import Budget
from routing_rules.tools.verify.claims import Claim, Kind
from routing_rules.tools.verify.report import Verified, verify

RULESETS = Path(__file__).resolve().parents[4] / "routing_rules" / "rulesets"
TODAY = date(2026, 11, 25)
PLANTED = "routes/19-planted.yaml"
HEAD = "owner: command\nroutes:\n- id: planted\n  title: planted\n"


def proven(files: dict[str, bytes]) -> tuple[Verified, Compiled]:
    loaded: Loaded = load(files)
    assert loaded.ruleset is not None, [finding.line() for finding in loaded.errors]
    compiled = compile_ruleset(loaded.ruleset)
    return verify(compiled, Budget(), TODAY, loaded.waivers), compiled


def planted(text: str) -> tuple[Verified, Compiled]:
    return proven({**read_bundle(RULESETS / "hongze"), PLANTED: (HEAD + text).encode()})


def claim_of(verified: Verified, kind: Kind, rule: str) -> Claim:
    return next(claim for claim in verified.claims if claim.kind is kind and claim.rule and claim.rule.id == rule)


@pytest.mark.parametrize("name", ["hongze", "nyc"])
def test_the_kept_rulesets_are_clean_and_all_of_it_is_proven(name: str) -> None:
    verified, _ = proven(read_bundle(RULESETS / name))
    assert [finding.line() for finding in verified.findings] == []
    assert verified.unproven == ()
    assert verified.passed


def test_a_planted_shadowing_is_found_with_who_shadows() -> None:
    text = "  gate: true\n  when: {category: [facility]}\n  assign: {lead: command-centre}\n"
    verified, _ = planted(text)
    dead = claim_of(verified, Kind.DEAD, "street-lighting")
    assert dead.others == ("planted",)
    finding = next(each for each in verified.findings if each.params.get("id") == "street-lighting")
    assert finding.code == "RR130"
    assert "planted" in finding.message()
    assert not verified.passed


def test_rules_that_shadow_only_together_are_all_named() -> None:
    lead = "  gate: true\n  assign: {lead: command-centre}\n"
    text = "  when: {category: [facility/lighting], kind: [tip, complaint, help]}\n" + lead
    text += "- id: planted-too\n  title: too\n"
    text += "  when: {category: [facility/lighting], kind: [consult, suggestion, praise]}\n"
    verified, _ = planted(text + lead)
    assert set(claim_of(verified, Kind.DEAD, "street-lighting").others) == {"planted", "planted-too"}


def test_a_planted_conflict_is_found_with_a_report_that_both_take() -> None:
    text = "  when: {jurisdiction: ['320813101']}\n  assign: {lead: command-centre}\n"
    verified, compiled = planted(text)
    crossing = claim_of(verified, Kind.CROSSING, "planted")
    assert "street-lighting" in crossing.others
    assert crossing.sample is not None
    decision = crossing.sample.decided(compiled)
    assert decision.route == "planted"
    assert crossing.told["lead"] == decision.lead == "command-centre"
    assert "RR131" in {finding.code for finding in verified.findings}


def test_a_gate_is_not_told_of_what_it_crosses() -> None:
    verified, _ = planted("  gate: true\n  when: {jurisdiction: ['320813101']}\n  assign: {lead: command-centre}\n")
    assert not [claim for claim in verified.claims if claim.kind is Kind.CROSSING and claim.rule.id == "planted"]  # type: ignore[union-attr]


def test_a_planted_gap_is_found_with_a_report_that_only_the_fallback_takes() -> None:
    files = read_bundle(RULESETS / "hongze")
    at = "routes/70-government.yaml"
    files[at] = files[at].replace(b"category: [governance]}", b"category: [governance], kind: [tip]}")
    verified, compiled = proven(files)
    gap = next(claim for claim in verified.claims if claim.kind is Kind.GAP)
    assert all(cell[1].startswith("governance") for cell in gap.cells)
    assert gap.sample is not None
    assert gap.sample.decided(compiled).route == compiled.fallback.id
    assert "RR132" in {finding.code for finding in verified.findings}


def test_an_agency_that_no_rule_asks_for_is_told() -> None:
    files = read_bundle(RULESETS / "hongze")
    line = (
        "- {code: nobody, title: nobody, function: inspection, tier: village,"
        ' jurisdiction: ["320813101"], supervisor: command-centre}\n'
    )
    files["agencies.yaml"] = files["agencies.yaml"].rstrip() + b"\n" + line.encode()
    verified, _ = proven(files)
    assert [claim.of for claim in verified.claims if claim.kind is Kind.IDLE] == ["nobody"]


def test_the_same_ruleset_day_and_bound_give_the_same_report() -> None:
    files = read_bundle(RULESETS / "nyc")
    assert list(proven(files)[0].records()) == list(proven(files)[0].records())
