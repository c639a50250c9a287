"""Plants each bug in a copy of the engine, one at a time, and demands that the slow twin finds it.

    python tests/engine_mutants/run.py [--only NAME ...]

The worlds are those of the twin's own test, in the same order, until the first disagreement; a copy that lasts through
all of them, that breaks instead of disagreeing, or whose text is no longer in the source makes the exit code 1. The
unchanged copy must agree first, or nothing would be shown. All of it is over within `SECONDS`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent)]

from mutants import ENGINE, MUTANTS, Mutant  # noqa: E402

ROOMS = ("contracts", "routing_rules", "tests/routing_rules/engine/twin")
SECONDS = 240
WORLDS = 400
FOUND, SURVIVED = 3, 0
SEARCH = """
import sys
from random import Random

from tests.routing_rules.engine.twin.comparing import Comparison
from tests.routing_rules.engine.twin.worlds import world

comparison = Comparison()
for seed in range(int(sys.argv[1])):
    random = Random(seed)
    if not comparison.go_through(world(random), random, 50):
        print(comparison.seen["decisions"], comparison.disagreement.field)
        sys.exit(3)
print(comparison.seen["decisions"], "-")
"""
ROW = "{:22} {:68} {:>9}  {:16} {}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one mutant: after how many decisions it was found, by which field."""

    found: bool
    decisions: str
    told: str
    output: str = ""


def copy_tree(to: Path) -> None:
    """Copy what the comparison needs."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, to / room, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


def search(tree: Path, worlds: int, seconds: float) -> tuple[int, str]:
    """Compare in the copy; return the exit code and what was printed."""
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", SEARCH, str(worlds)]
    try:
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, timeout=max(seconds, 1), check=False
        )
    except subprocess.TimeoutExpired:
        return SURVIVED, "? out of time"
    return done.returncode, done.stdout.strip() if done.returncode in {FOUND, SURVIVED} else done.stderr


def try_mutant(tree: Path, mutant: Mutant, seconds: float) -> Result:
    """Change the copy, compare, and put the copy back."""
    path = tree / ENGINE / mutant.file
    source = path.read_text("utf-8")
    if source.count(mutant.old) != 1:
        return Result(False, "-", f"text found {source.count(mutant.old)} times")
    path.write_text(source.replace(mutant.old, mutant.new), "utf-8")
    try:
        code, printed = search(tree, WORLDS, seconds)
    finally:
        path.write_text(source, "utf-8")
    if code not in {FOUND, SURVIVED}:
        return Result(False, "-", "it broke", printed)
    decisions, _, told = printed.partition(" ")
    return Result(code == FOUND, decisions, told)


def report(tree: Path, mutants: list[Mutant]) -> int:
    """Try them all and say what was seen; return the exit code."""
    began = time.monotonic()
    code, printed = search(tree, 20, SECONDS)
    if code != SURVIVED:
        sys.stdout.write(f"the engine and its twin disagree without any bug planted:\n{printed}\n")
        return 1
    sys.stdout.write(ROW.format("mutant", "bug planted", "decisions", "seen in", "found") + "\n")
    survivors = 0
    for mutant in mutants:
        result = try_mutant(tree, mutant, SECONDS - (time.monotonic() - began))
        survivors += not result.found
        told = "yes" if result.found else "NO"
        sys.stdout.write(ROW.format(mutant.name, mutant.bug, result.decisions, result.told, told) + "\n")
        sys.stdout.write(result.output[-2_000:])
        sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"engine-mutants: mutants={len(mutants)} survived={survivors} seconds={seconds:.0f}\n")
    return 1 if survivors or not mutants else 0


def main() -> int:
    """Print the table; 1 if any mutant survives."""
    parser = argparse.ArgumentParser(description="plant each bug and see the slow twin find it")
    parser.add_argument("--only", nargs="*", default=[], help="names of mutants")
    options = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if not options.only or mutant.name in options.only]
    with tempfile.TemporaryDirectory(prefix="engine-mutants-") as directory:
        copy_tree(Path(directory))
        return report(Path(directory), mutants)


if __name__ == "__main__":
    sys.exit(main())
