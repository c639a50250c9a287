"""Verify is itself verified: on small rulesets every claim is what deciding every report of the domain says.

VERIFY_RULESETS sets how many rulesets are tried; `make verify-verify` tries 2,000.
"""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.codes import Kind, Mode
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import (
    AgencyRef,
    Block,
    FirstReceiver,
    Overlay,
    RoleRef,
    Route,
    Ruleset,
    TextCondition,
    TimeCondition,
)  # fmt: skip
from routing_rules.messages import NOWHERE
from routing_rules.tools.verify import claims
from routing_rules.tools.verify.boxes import Budget
from routing_rules.tools.verify.regions import Domain, Regions, moves, sample
from routing_rules.tools.verify.report import Verified, verify
from tests.routing_rules.tools.verify.enumeration import WORDS, cells, truth

RULESETS = int(os.environ.get("VERIFY_RULESETS", "100"))
TODAY = date(2026, 5, 12)
EXAMPLE = Path(__file__).resolve().parents[4] / "docs" / "rules" / "example"
SETTINGS = settings(
    max_examples=RULESETS, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
BASE = load_directory(EXAMPLE).ruleset
assert BASE is not None
pytestmark = pytest.mark.timeout(3600)  # bounded by RULESETS
NIGHT = TimeCondition(between=(1320, 360))

TARGETS = st.sampled_from(
    [
        AgencyRef("urban"), AgencyRef("centre"), FirstReceiver(), RoleRef("police", "town"), RoleRef("police"),
        RoleRef("government", "town"), RoleRef("government", "town", climb=False), RoleRef("education"),
    ]
)  # fmt: skip


def some(values: list[Any], most: int = 2) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values), min_size=1, max_size=most)


MAIN = {
    "channel": some(["hotline-12345", "petition", "urban-grid"]),
    "category": some(["noise", "noise/hawking", "water", "education", "unclassified"]),
    "jurisdiction": some(["900100", "900100001", "900100002", "outside"]),
    "area": st.just(frozenset({"mirror-lake"})),
}
OTHER: dict[str, st.SearchStrategy[Any]] = {
    "kind": some([Kind.TIP, Kind.HELP]),
    "tags": st.just(frozenset({"school"})),
    "mode": some([Mode.ROUTINE, Mode.EMERGENCY], 1),
    "response": st.just(frozenset({"flood"})),
    "reporters": st.just(3),
    "missing": st.just(frozenset({"address"})),
}
FREE: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(
        [
            TextCondition(any=WORDS[:1]), TextCondition(any=WORDS), TextCondition(all=WORDS),
            TextCondition(none=WORDS[1:]), TextCondition(any=WORDS[1:], none=WORDS[:1], where="title"),
        ]
    ),
    "received_at": st.just(NIGHT),
}  # fmt: skip


@st.composite
def blocks(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> Block:
    names = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3, unique=True))
    return Block(**{name: draw(fields[name]) for name in names})


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """Two to five routes and perhaps an overlay over the example county, asking about two further fields at the most.

    Exceptions ask no words and no moments: there, what the gaps leave out (G55) is less than brute force finds.
    """
    assert BASE is not None
    others = draw(st.lists(st.sampled_from(sorted({**OTHER, **FREE})), max_size=2, unique=True))
    fields = MAIN | {name: {**OTHER, **FREE}[name] for name in others}
    plain = {name: strategy for name, strategy in fields.items() if name not in FREE}
    routes = []
    for n in range(draw(st.integers(2, 5))):
        routes.append(
            Route(
                f"r{n}", f"r{n}", "", NOWHERE, n + 1, draw(TARGETS),
                when=tuple(draw(st.lists(blocks(fields), min_size=1, max_size=2))),
                unless=tuple(draw(st.lists(blocks(plain), max_size=1))),
                co_handlers=tuple(draw(st.lists(TARGETS, max_size=1))),
                on_return=tuple(draw(st.lists(TARGETS, max_size=1))),
                gate=draw(st.integers(0, 3)) == 0,
            )
        )  # fmt: skip
    accepts = tuple(draw(st.lists(blocks(plain), max_size=1)))
    fallback = Route("fallback", "", "", NOWHERE, len(routes) + 1, AgencyRef("centre"), fallback=True, accepts=accepts)
    overlays = [
        Overlay("o", "o", "", NOWHERE, when=(draw(blocks(fields)),), unless=(draw(blocks(plain)),), inform=(target,))
        for target in draw(st.lists(TARGETS, max_size=1))
    ]
    digest = draw(st.text("0123456789abcdef", min_size=8, max_size=8))
    return replace(BASE, routes=(*routes, fallback), overlays=tuple(overlays), hash=digest)


def proven(compiled: Compiled) -> Verified:
    return verify(compiled, Budget(), TODAY)


def of(verified: Verified, kind: claims.Kind) -> list[claims.Claim]:
    return [claim for claim in verified.claims if claim.kind is kind]


@SETTINGS
@given(ruleset=rulesets())
def test_every_claim_is_what_deciding_every_report_says(ruleset: Ruleset) -> None:
    compiled = compile_ruleset(ruleset)
    verified, real = proven(compiled), truth(compiled)
    assert verified.unproven == ()
    assert {claim.rule.id for claim in of(verified, claims.Kind.DEAD) if claim.rule} == real.dead
    crossed = {claim.rule.id: set(claim.others) for claim in of(verified, claims.Kind.CROSSING) if claim.rule}
    assert crossed == real.crossed
    assert sum(claim.n for claim in of(verified, claims.Kind.GAP)) == len(real.gap)
    unfilled = {(claim.rule.id, claim.of): claim.n for claim in of(verified, claims.Kind.UNFILLED) if claim.rule}
    assert unfilled == {key: len(places) for key, places in real.unfilled.items()}
    assert {(claim.rule.id, claim.of) for claim in of(verified, claims.Kind.COMES_BACK) if claim.rule} == real.back
    assert {claim.of for claim in of(verified, claims.Kind.IDLE)} == real.idle


@settings(SETTINGS, max_examples=max(RULESETS // 4, 1))
@given(ruleset=rulesets())
def test_a_covering_set_covers_and_none_of_it_can_be_left_out(ruleset: Ruleset) -> None:
    compiled = compile_ruleset(ruleset)
    routes = ruleset.routes
    for claim in of(proven(compiled), claims.Kind.DEAD):
        if claim.rule is None or not isinstance(claim.rule, Route):
            continue
        for left_out in (None, *claim.others):
            kept = [r for r in routes if r.fallback or r == claim.rule or (r.id in claim.others and r.id != left_out)]
            alone = compile_ruleset(replace(ruleset, routes=tuple(kept), overlays=(), hash=f"{left_out}"))
            dead = all(cell.decision.route != claim.rule.id for cell in cells(alone))
            assert dead is (left_out is None)


@settings(SETTINGS, max_examples=max(RULESETS // 2, 1))
@given(a=rulesets(), b=rulesets())
def test_routes_between_which_reports_move_are_those_that_deciding_every_report_finds(a: Ruleset, b: Ruleset) -> None:
    used = {name for each in (a, b) for block in each.blocks for name in (*OTHER, *FREE) if getattr(block, name)}
    if len(used) > 2:
        return
    both = Block(**{name: getattr(block, name) for each in (a, b) for block in each.blocks for name in used
                    if getattr(block, name)})  # fmt: skip
    watched = Overlay("watched", "", "", NOWHERE, when=(both,)) if used else Overlay("watched", "", "", NOWHERE)
    before = compile_ruleset(replace(a, overlays=(watched,), hash="a"))
    after = compile_ruleset(replace(b, overlays=(watched,), hash="b"))
    domain = Domain([before, after], TODAY)
    found = list(moves(Regions(before, domain), Regions(after, domain), Budget()))
    pairs = zip(cells(before), cells(after), strict=True)
    real = {(old.decision.route, new.decision.route) for old, new in pairs}
    alike = {(m.before.id, m.after.id) for m in found}
    changed = {(x, y) for x, y in real if x != y}
    assert {pair for pair in alike if pair[0] != pair[1]} == changed
    assert alike <= real
    for move in found:
        shown = sample(domain, before, move.box)
        assert shown.decided(before).route == move.before.id
        assert shown.decided(after).route == move.after.id


@pytest.mark.parametrize("steps", [1, 50])
def test_beyond_its_bound_it_says_not_proven_and_claims_nothing_of_it(steps: int) -> None:
    assert BASE is not None
    verified = verify(compile_ruleset(BASE), Budget(total=steps, each=steps), TODAY)
    assert verified.unproven
    assert {each.because for each in verified.unproven} == {"budget"}
    assert verified.spent <= steps + len(BASE.rules) * 40
