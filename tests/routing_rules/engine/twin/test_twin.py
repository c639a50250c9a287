"""The engine says what its slow twin says: of every report, of every decision, with the whole ground.

`python -m pytest -s tests/routing_rules/engine/twin` prints what the compared decisions were like.
"""

import tomllib
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing_rules.engine.loader import load
from routing_rules.engine.schema import Ruleset
from tests.routing_rules.engine.twin.comparing import Comparison
from tests.routing_rules.engine.twin.files import as_files
from tests.routing_rules.engine.twin.shrinking import smallest
from tests.routing_rules.engine.twin.worlds import AT, world

ROOT = Path(__file__).resolve().parents[4]
RULESETS, DECISIONS = 400, 50
WRITTEN = 60
SEEN_AT_LEAST = {
    "overlays that matter": 20,
    "hard rule conflict": 5,
    "hard rule returned": 5,
    "hard rule identity": 5,
    "resolved by climbing": 10,
    "inferred place": 10,
    "inferred category": 10,
    "emergency": 10,
    "trial rules": 5,
    "expression failed": 1,
    "calendar gap": 5,
    "deadline by overlay": 10,
    "deadline by by_urgency": 10,
    "reason adjudicated": 3,
    "reason adjudication": 5,
    "reason matched": 30,
    "reason role_unresolved": 5,
}
"""Hundredths of the decisions; what is rarer than this has hardly been compared."""
AMENDED = (
    "amendments", "amended route gone", "amended route holds no more", "amended lead as named",
    "amended closed by the earlier decision", "amended from the amendment",
)  # fmt: skip
"""What amendments were like, each at least some hundred times."""


def agree(comparison: Comparison, ruleset: Ruleset, random: Random, decisions: int, name: str) -> None:
    """Fail with the smallest disagreement, where there is one."""
    if not comparison.go_through(ruleset, random, decisions) and comparison.disagreement is not None:
        found = smallest(comparison.disagreement)
        pytest.fail(f"{name}: {found}\n{found.case.ruleset}\n{found.case.incident or found.case.report}\n"
                    f"{found.case.state} {found.case.now}")  # fmt: skip


@pytest.mark.timeout(600)
def test_the_engine_and_its_slow_twin_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = Comparison()
    for seed in range(RULESETS):
        random = Random(seed)
        agree(comparison, world(random), random, DECISIONS, f"seed {seed}")
    with capsys.disabled():
        print(f"\n{comparison.table()}")
    assert comparison.seen["decisions"] >= 20_000
    rare = {name: comparison.share(name) for name, least in SEEN_AT_LEAST.items() if comparison.share(name) < least}
    assert not rare, f"hardly compared: {rare}"
    assert comparison.share("the fallback route") < 30
    few = {name: comparison.seen[name] for name in AMENDED if comparison.seen[name] < 200}
    assert not few, f"hardly amended: {few}"


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
def test_worlds_that_hypothesis_looks_for_are_judged_alike(random: Random) -> None:
    agree(Comparison(), world(random), random, 6, "a world")


@pytest.mark.timeout(300)
def test_rulesets_that_come_from_files_are_judged_alike() -> None:
    comparison = Comparison()
    for seed in range(WRITTEN):
        random = Random(f"written {seed}")
        made = world(random, mended=True)
        loaded = load(as_files(made))
        assert loaded.ruleset is not None, f"seed {seed}: {[(f.code, f.params) for f in loaded.errors]}"
        assert bare(loaded.ruleset) == bare(made), f"seed {seed}"
        agree(comparison, loaded.ruleset, random, 25, f"written {seed}")
    assert comparison.seen["decisions"] >= WRITTEN * 25


def bare(ruleset: Ruleset) -> dict[str, Any]:
    """Return what a ruleset says, without where it stands in which file, nor what is the files' own."""
    said = {name: getattr(ruleset, name) for name in Ruleset.__slots__}
    for name in ("routes", "overlays"):
        said[name] = {rule.id: _nowhere(rule, **({"order": 0} if name == "routes" else {})) for rule in said[name]}
    for name in ("agencies", "jurisdictions", "categories"):
        said[name] = {code: replace(entry, at=AT) for code, entry in said[name].items()}
    said["places"] = [replace(place, at=AT) for place in said["places"]]
    return {name: value for name, value in said.items() if name not in {"hash", "word_lists"}}


def _nowhere(rule: Any, **more: Any) -> Any:
    blocks = {name: tuple(replace(block, at=AT) for block in getattr(rule, name)) for name in ("when", "unless")}
    return replace(rule, at=AT, **blocks, **more)


def test_the_twin_is_kept_from_every_room_of_the_engine_but_the_schema() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (contract for contract in contracts if contract["id"] == "twin")
    engine = ROOT / "routing_rules" / "engine"
    rooms = {path.stem for path in engine.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    rooms -= {"__init__", "schema", "reference"}
    assert {f"routing_rules.engine.{room}" for room in rooms} <= set(contract["forbidden_modules"])
    assert contract["source_modules"] == ["routing_rules.engine.reference"]
