"""`make bench-compare REF=…`: dispatch of this tree against that of another commit, and whether they differ.

The other commit is checked out in a worktree of its own that is removed at the end. Pairs of short runs of `bench_gate`
alternate, the order within a pair turned each time, so that what slows the machine slows both. Both run compiled, or
both from source (`--source`, or where one has no `make compiled` or no compiler is at hand). What is compared is CPU
an event, which neighbours disturb less than the clock. The verdict is a bootstrap's 95 % interval of the ratio of
medians: only if it leaves 1 on one side, by more than the same tree does against itself (`TOLERANCE`), is it a change.
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TOLERANCE: Final = 0.02
LEAST_PAIRS: Final = 5
LEAST_EVENTS: Final = 10_000  # below, the first turns, which are not counted, are too much of it
RESAMPLED: Final = 4_000
_LINE: Final = re.compile(r"^round [1-9]\d*: dispatch +\d+ events/s .* (\d+) us CPU an event$")


@dataclass(frozen=True, slots=True)
class Interval:
    """The ratio of medians, here by there, and its 95 % interval."""

    ratio: float
    low: float
    high: float
    pairs: int

    def verdict(self) -> str:
        """Return what may be said: `faster`, `slower`, or that it can't be told."""
        if self.pairs < LEAST_PAIRS:
            return f"{self.pairs} pairs are too few to tell"
        if self.high < 1 - TOLERANCE:
            return "faster"
        if self.low > 1 + TOLERANCE:
            return "slower"
        return "no difference that these runs can show"


def interval(here: Sequence[float], there: Sequence[float]) -> Interval:
    """Return the ratio's interval from paired runs: pairs are drawn again, so what both met together stays together."""
    chance, pairs = random.Random(1), list(zip(here, there, strict=True))
    ratios = sorted(_ratio(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLED))
    return Interval(_ratio(pairs), ratios[int(0.025 * RESAMPLED)], ratios[int(0.975 * RESAMPLED)], len(pairs))


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)


def figures(printed: str) -> list[float]:
    """Return µs of CPU an event of each counted round that `bench_gate` printed."""
    return [float(found[1]) for line in printed.splitlines() if (found := _LINE.match(line))]


def compiled(tree: Path) -> bool:
    """Compile a tree's packages, if it knows how; say whether there is a compiled tree now."""
    if not (tree / "deploy" / "compiled" / "build.py").is_file():
        return False
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    subprocess.run([sys.executable, "-m", "deploy.compiled.build"], cwd=tree, env=environment, check=True)
    return (tree / "build" / "compiled").is_dir()


def measured(tree: Path, events: int, *, fast: bool) -> float:
    """Return what one run in a tree says, compiled where `fast`. Raises `RuntimeError` where it can't run there."""
    command = [sys.executable, "-m", "tests.bench.bench_gate", "--events", str(events), "--rounds", "1", "--no-profile"]
    path = [str((tree / "build" / "compiled").resolve()), str(tree)] if fast else [str(tree)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    told = figures(done.stdout)
    if done.returncode or not told:
        raise RuntimeError(f"bench_gate can't be run in {tree.name}: {(done.stderr or done.stdout).strip()[-400:]}")
    return statistics.median(told)


@contextmanager
def worktree(ref: str) -> Iterator[Path]:
    """Check a commit out beside this tree for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "there"
        subprocess.run(["git", "worktree", "add", "-q", "--detach", str(tree), ref], cwd=ROOT, check=True)
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)


def main(ref: str, pairs: int, events: int, *, source: bool) -> str:
    """Print every pair and the verdict, and return it."""
    here: list[float] = []
    there: list[float] = []
    with worktree(ref) as tree:
        fast = not source and all([compiled(ROOT), compiled(tree)])
        print(f"run: both {'compiled' if fast else 'from source'}", flush=True)
        for number in range(pairs):
            turns = [(ROOT, here), (tree, there)]
            for where, told in turns if number % 2 else reversed(turns):
                told.append(measured(where, events, fast=fast))
            print(f"pair {number + 1}: here {here[-1]:.0f}, {ref} {there[-1]:.0f} us CPU an event", flush=True)
    found = interval(here, there)
    verdict = found.verdict()
    print(f"bench-compare: here by {ref}: {found.ratio:.3f} (95 % {found.low:.3f} to {found.high:.3f}): {verdict}")
    return verdict


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("ref", help="the commit to compare with")
    arguments.add_argument("--pairs", type=int, default=7)
    arguments.add_argument("--events", type=int, default=12_000)
    arguments.add_argument("--source", action="store_true", help="run both from source")
    given = arguments.parse_args()
    if given.events < LEAST_EVENTS:
        arguments.error(f"at least {LEAST_EVENTS} events")
    if not given.ref:
        arguments.error("say with what: make bench-compare REF=HEAD~1")
    sys.exit(main(given.ref, given.pairs, given.events, source=given.source) == "slower")
