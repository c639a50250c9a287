"""`make bench-verify`: what proving a ruleset costs as its rules grow to 1,000 and beyond on the county's real domain.

The kept county's own routes come first, made-up ones after them: a category, mostly a place, now and then a channel, a
kind, words, an exception. Each size runs in a process of its own, so that memory is that size's alone.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from contracts.codes import Kind
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import AgencyRef, Block, RoleRef, Route, Ruleset, TextCondition
from routing_rules.messages import NOWHERE
from routing_rules.tools.verify.boxes import Budget
from routing_rules.tools.verify.report import verify

COUNTY: Final = Path(__file__).resolve().parents[2] / "routing_rules" / "rulesets" / "hongze"
TODAY: Final = date(2026, 11, 25)
SIZES: Final = (123, 250, 500, 1_000, 2_000)
GOAL_RULES, GOAL_SECONDS, GOAL_MEGABYTES = 1_000, 10.0, 1_000.0


def made_up(ruleset: Ruleset, wanted: int, random: Random) -> Iterator[Route]:
    """Yield routes that ask about real categories, places, channels and agencies."""
    categories, places = sorted(ruleset.categories), sorted(ruleset.jurisdictions)
    agencies, channels = sorted(ruleset.agencies), sorted(ruleset.channels)
    functions = sorted({agency.function for agency in ruleset.agencies.values()})
    for n in range(wanted):
        asked = Block(
            category=frozenset(random.sample(categories, random.choice((1, 1, 2)))),
            jurisdiction=frozenset(random.sample(places, 2)) if random.random() < 0.7 else None,
            channel=frozenset(random.sample(channels, 2)) if random.random() < 0.3 else None,
            kind=frozenset(random.sample(list(Kind), 2)) if random.random() < 0.3 else None,
            text=TextCondition(any=(f"word{random.randrange(300)}",)) if random.random() < 0.4 else None,
        )
        unless = (Block(kind=frozenset({Kind.PRAISE})),) if random.random() < 0.2 else ()
        lead = AgencyRef(random.choice(agencies)) if random.random() < 0.6 else RoleRef(random.choice(functions))
        yield Route(f"made-{n}", f"made {n}", "", NOWHERE, 0, lead, when=(asked,), unless=unless)


def county(size: int) -> Ruleset:
    """Return the county with as many routes as asked, the fallback last."""
    ruleset = load_directory(COUNTY).ruleset
    assert ruleset is not None
    own, fallback = ruleset.routes[:-1], ruleset.routes[-1]
    routes = [*own, *made_up(ruleset, max(size - len(own) - 1, 0), Random(7)), fallback]
    ordered = tuple(replace(route, order=n) for n, route in enumerate(routes, 1))
    return replace(ruleset, routes=ordered, hash=f"{size}")


def one(size: int, budget: int) -> None:
    """Prove one ruleset and print what it took."""
    compiled = compile_ruleset(county(size))
    began, used = time.perf_counter(), time.process_time()
    report = verify(compiled, Budget(total=budget, each=max(budget // 50, 1)), TODAY)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{size} {wall:.2f} {cpu:.2f} {megabytes:.0f} {report.spent} {len(report.claims)} {len(report.unproven)}")


def run(size: int, budget: int) -> list[float]:
    """Prove one ruleset in a process of its own; return what it printed."""
    command = [sys.executable, "-m", "tests.bench.bench_verify", "--one", str(size), "--budget", str(budget)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return [float(word) for word in done.stdout.split()]


def main() -> int:
    """Print a line for each size, then what a small bound does; 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=int)
    parser.add_argument("--budget", type=int, default=Budget().total)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked = parser.parse_args()
    if asked.one is not None:
        one(asked.one, asked.budget)
        return 0
    print(f"{'routes':>7} {'seconds':>8} {'cpu s':>7} {'MB':>6} {'comparisons':>12} {'claims':>7} {'not proven':>10}")
    missed = False
    for size, budget in [*((size, asked.budget) for size in asked.sizes), (GOAL_RULES, 200_000)]:
        routes, wall, cpu, megabytes, spent, claims, unproven = run(size, budget)
        told = "" if budget == asked.budget else f"   bound {budget:,}"
        row = f"{routes:>7.0f} {wall:>8.2f} {cpu:>7.2f} {megabytes:>6.0f} {spent:>12,.0f} {claims:>7.0f}"
        print(f"{row} {unproven:>10.0f}{told}", flush=True)
        if size == GOAL_RULES and budget == asked.budget:
            missed = cpu > GOAL_SECONDS or megabytes > GOAL_MEGABYTES
    print(f"verify: {'FAIL' if missed else 'PASS'} goal {GOAL_RULES} rules <= {GOAL_SECONDS:.0f} s, <= 1 GB")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
