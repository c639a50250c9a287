"""Explores the gate's protocol up to a bound, then takes its cures out one by one; each must give a counter-example.

    python -m tests.model [--bound 1|2|3] [--cure NAME ...] [--traces] [--jobs N]

Prints a line for each world and each cure, and a last line that sums up. Exit code 1 if a property is broken with every
cure in place, or if the lack of a cure is not found, or shows as something else than it should. docs/model.md explains.
"""

import argparse
import multiprocessing
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial

from tests.model.explore import TooLarge, explore
from tests.model.protocol import CURES, World
from tests.model.traces import trace
from tests.model.worlds import BOUNDS, MOST, REMOVALS, Removal

INTERRUPTED = 130


@dataclass(frozen=True)
class Told:
    """What came of one world, in words; `name` is the cure's where one was taken out."""

    name: str
    removal: bool
    states: int
    steps: int
    wrong: str | None
    told: str
    length: int
    ok: bool


def main() -> int:
    """Run what was asked for."""
    options = _parser().parse_args()
    began = time.monotonic()
    most = MOST[options.bound]
    removals = [removal for removal in REMOVALS if not options.cure or removal.cure in options.cure]
    worlds = {} if options.cure else BOUNDS[options.bound]
    work = [partial(_whole, name, world, most) for name, world in worlds.items()]
    work += [partial(_without, removal, most) for removal in removals]
    with multiprocessing.Pool(options.jobs, _leave_interrupts) as pool:
        try:
            told = []
            for one in pool.imap(_call, work):
                told.append(one)
                _print(one, options.traces)
        except KeyboardInterrupt:
            pool.terminate()
            print("model: interrupted", file=sys.stderr)
            return INTERRUPTED
    return sum_up(told, options.bound, time.monotonic() - began)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description="explore the gate's protocol")
    parser.add_argument("--bound", type=int, choices=sorted(BOUNDS), default=2, help="how much; 3 is long")
    parser.add_argument("--cure", nargs="*", default=[], choices=CURES, help="take out these alone")
    parser.add_argument("--traces", action="store_true", help="print every counter-example step by step")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser


def _leave_interrupts() -> None:
    """Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _call(work: "partial[Told]") -> Told:
    return work()


def _progress(name: str, done: int, seen: int) -> None:
    print(f"model: {name}: {done:,} of {seen:,} states so far", file=sys.stderr, flush=True)


def _whole(name: str, world: World, most: int) -> Told:
    """Explore a world with every cure in place."""
    try:
        found = explore(world, most, partial(_progress, name))
    except TooLarge as error:
        return Told(name, False, most, 0, str(error), "", 0, False)
    return Told(
        name, False, found.states, found.steps, found.wrong, trace(world, found), len(found.path) - 1, not found.wrong
    )


def _without(removal: Removal, most: int) -> Told:
    """Explore a world with a cure taken out."""
    world = removal.without
    try:
        found = explore(world, most, partial(_progress, removal.cure))
    except TooLarge as error:
        return Told(removal.cure, True, most, 0, str(error), "", 0, False)
    ok = found.wrong is not None and found.wrong.startswith(removal.symptom)
    return Told(
        removal.cure, True, found.states, found.steps, found.wrong, trace(world, found), len(found.path) - 1, ok
    )


def _print(one: Told, traces: bool) -> None:
    if one.removal:
        length = f"{one.length} steps" if one.wrong and one.length > 0 else "none"
        print(f"cure={one.name} states={one.states} counterexample={length} symptom={one.wrong or '-'!s}")
    else:
        print(f"world={one.name} states={one.states} steps={one.steps} violations={int(not one.ok)}")
    if one.told and (traces or (not one.ok and not one.removal)):
        print(one.told)
    sys.stdout.flush()


def sum_up(told: list[Told], bound: int, seconds: float) -> int:
    """Print the last line; 1 if a promise broke, or the lack of a cure was not found as it should be."""
    worlds = [one for one in told if not one.removal]
    cures = [one for one in told if one.removal]
    violations = sum(not one.ok for one in worlds)
    found = sum(one.ok for one in cures)
    states = sum(one.states for one in worlds)
    print(
        f"model: bound={bound} states={states} violations={violations} "
        f"cures={len(cures)} found={found} seconds={seconds:.0f}"
    )
    return int(violations > 0 or found < len(cures))


if __name__ == "__main__":
    sys.exit(main())
