"""How many decisions a second one process makes: a real ruleset, and ten and ten thousand synthetic rules.

Run: `python tests/bench/bench_decide.py [DIR of a ruleset]`; without it an outside ruleset counts where one is kept
beside this clone, else our own. Prints one line a case; the last gives the ratio between
the large and the small synthetic ruleset, which an index keeps near 1 and a loop would make a thousand. Profiling goes
by `--profile`.
"""

import cProfile
import pstats
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from contracts.codes import Kind, LocatedBy
from contracts.decision import DecisionState
from contracts.incident import Incident, RulesetRef
from contracts.report import Report
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import AgencyRef, Block, Position, Route, Ruleset, TextCondition
from routing_rules.engine.views import assignments
from tests import outside

ROOT: Final = Path(__file__).resolve().parents[2]
OWN: Final = ROOT / "routing_rules" / "rulesets" / "hongze"
NOW: Final = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)
SECONDS: Final = 1.0
TEXT: Final = (
    "我住在开发区东边的安置房，楼下工地这半个月天天夜里施工，十一点以后还有渣土车进出，孩子第二天要上课，"
    "老人血压也高，打了两次电话，来的人说去看看，之后照旧。希望有关单位管一管，给个准话。"
) * 4


def main(arguments: Sequence[str]) -> None:
    paths = [Path(a) for a in arguments if not a.startswith("-")]
    directory = paths[0] if paths else outside.RULESET if outside.RULESET.is_dir() else OWN
    loaded = load_directory(directory)
    assert loaded.ruleset is not None, loaded.errors
    ruleset = loaded.ruleset
    compiled = compile_ruleset(ruleset)
    incidents = spread(ruleset, 500)
    if "--profile" in arguments:
        profile(lambda: [decide(incident, DecisionState(), compiled, NOW) for incident in incidents * 20])
        return
    told(f"{ruleset.id}: decide", rate(deciding(compiled), incidents))
    told(f"{ruleset.id}: decide and assignments", rate(assigning(compiled), incidents))
    small, large = (timed_synthetic(ruleset, n) for n in (10, 10_000))
    print(f"10,000 rules / 10 rules: {large / small:.2f} of the speed")


def timed_synthetic(ruleset: Ruleset, rules: int) -> float:
    started = perf_counter()
    compiled = compile_ruleset(synthetic(ruleset, rules))
    took = perf_counter() - started
    made = rate(deciding(compiled), spread(ruleset, 500))
    told(f"{rules} synthetic rules: decide (compiled in {took * 1000:.0f} ms)", made)
    return made


def deciding(compiled: Compiled) -> Callable[[Incident], object]:
    state = DecisionState()
    return lambda incident: decide(incident, state, compiled, NOW)


def assigning(compiled: Compiled) -> Callable[[Incident], object]:
    state = DecisionState()
    return lambda incident: assignments(decide(incident, state, compiled, NOW), "dec-1", incident, compiled)


def rate(work: Callable[[Incident], object], incidents: Sequence[Incident]) -> float:
    """Return calls a second of CPU time, the best of three runs: what else the machine does is left out."""
    best = 0.0
    for _ in range(3):
        done, started = 0, process_time()
        while process_time() - started < SECONDS:
            for incident in incidents:
                work(incident)
            done += len(incidents)
        best = max(best, done / (process_time() - started))
    return best


def told(what: str, made: float) -> None:
    print(f"{what}: {made:,.0f}/s, {1e6 / made:.1f} us each", flush=True)


def spread(ruleset: Ruleset, count: int) -> list[Incident]:
    """Return incidents of every category, place and channel, with a text of 370 characters."""
    chosen = random.Random(7)
    ref = RulesetRef(id=ruleset.id, version=ruleset.version, hash=ruleset.hash)
    made = []
    for n in range(count):
        channel = chosen.choice(list(ruleset.channels))
        report = Report(channel=channel, external_id=str(n), title="夜里施工没人管", text=TEXT)
        made.append(
            Incident(
                id=f"inc-{n}", report=report, received_at=NOW, kind=chosen.choice(list(Kind)), understood_by=ref,
                category=chosen.choice(list(ruleset.categories)), located_by=LocatedBy.TEXT,
                jurisdiction=chosen.choice(list(ruleset.jurisdictions)),
            )
        )  # fmt: skip
    return made


def synthetic(ruleset: Ruleset, count: int) -> Ruleset:
    """Return the ruleset with `count` random routes before its fallback: three finite fields, a third with words."""
    chosen = random.Random(11)
    agencies = list(ruleset.agencies)
    routes = [
        Route(
            id=f"rule-{n}", title="", owner="", at=Position("routes/10-synthetic.yaml", n, 1), order=n + 1,
            lead=AgencyRef(chosen.choice(agencies)), when=(block(chosen, ruleset),),
        )
        for n in range(count)
    ]  # fmt: skip
    return replace(ruleset, routes=(*routes, *(route for route in ruleset.routes if route.fallback)), overlays=())


def block(chosen: random.Random, ruleset: Ruleset) -> Block:
    words = tuple(f"word{chosen.randrange(2000)}" for _ in range(3))
    return Block(
        channel=frozenset({chosen.choice(list(ruleset.channels))}),
        category=frozenset({chosen.choice(list(ruleset.categories))}),
        jurisdiction=frozenset({chosen.choice(list(ruleset.jurisdictions))}),
        text=TextCondition(any=words) if chosen.random() < 1 / 3 else None,
    )


def profile(work: Callable[[], object]) -> None:
    watched = cProfile.Profile()
    watched.runcall(work)
    pstats.Stats(watched).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main(sys.argv[1:])
