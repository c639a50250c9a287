"""`make fuzz`: at least 200,000 mutated rulesets through everything that reads rules. Same seed, same mutants.

Two processes, each mutant bounded in CPU time and all in memory; a process that no longer answers is ended by its
parent. `--only N` runs one mutant again and writes its files to `--keep DIR`.
"""

import argparse
import multiprocessing
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

from tests.fuzz.mutator import mutated
from tests.fuzz.pipeline import STAGES, Tally, run
from tests.fuzz.slices import bases, trees, whole

MANY: Final = 200_000
SLICES: Final = 60
CPU_SECONDS: Final = 2.0
WHOLE_CPU_SECONDS: Final = 20.0
"""A whole county, whose load alone takes a quarter of a second, on a machine that has others to serve."""
MEMORY: Final = 1 << 30
"""Bytes of address space that a process may have, for whatever mutant."""
SILENT_SECONDS: Final = 600.0
CHUNK: Final = 200
WHOLE_EVERY: Final = 2_000
LINT_EVERY: Final = 5
SHOWN: Final = 20


class TooLongError(Exception):
    """A mutant that takes more CPU time than its bound."""


@dataclass
class Told:
    """What a process says after each chunk of mutants."""

    done: int
    tally: Tally
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    resident: int = 0


def mutant(n: int, seed: int, cuts: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return the files of the n-th mutant of a seed."""
    chance = random.Random(f"{seed}:{n}")
    if n % WHOLE_EVERY == 0:
        name = ("hongze", "nyc")[n // WHOLE_EVERY % 2]
        areas = {file: content for file, content in whole(name).items() if file.endswith(".geojson")}
        return areas | mutated(dict(trees(name)), chance)
    return mutated(chance.choice(cuts), chance)


def tried(n: int, seed: int, cuts: list[dict[str, Any]], tally: Tally) -> str | None:
    """Put the n-th mutant through all stages; return what went wrong, None where nothing did."""
    files = mutant(n, seed, cuts)
    bound = WHOLE_CPU_SECONDS if n % WHOLE_EVERY == 0 else CPU_SECONDS
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, bound)
    try:
        run(files, tally, linting=n % LINT_EVERY == 0)
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    spent = time.process_time() - began
    return f"took {spent:.1f} s of CPU" if spent > bound else None


def bounded() -> None:
    """Hold this process to the memory, and have its timer raise."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def ring(number: int, frame: Any) -> None:
        raise TooLongError

    signal.signal(signal.SIGPROF, ring)


def work(first: int, step: int, options: argparse.Namespace, out: Connection) -> None:
    """Run every `step`-th mutant from `first`; say after each chunk how far it is."""
    bounded()
    cuts = bases(SLICES, options.seed)
    told = Told(0, Tally())
    deadline = time.monotonic() + options.minutes * 60
    for n in range(first, options.count, step):
        if time.monotonic() > deadline:
            break
        began = time.process_time()
        wrong = tried(n, options.seed, cuts, told.tally)
        told.slowest = max(told.slowest, (time.process_time() - began, n)) if n % WHOLE_EVERY else told.slowest
        told.failures += [(n, wrong)] if wrong else []
        told.done += 1
        if told.done == CHUNK:
            _tell(told, out)
            told = Told(0, Tally())
    _tell(told, out)
    out.close()


def _tell(told: Told, out: Connection) -> None:
    told.resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    out.send(told)


def fuzz(options: argparse.Namespace) -> Told:
    """Run all mutants in processes of their own; a process that died or no longer answers is a failure."""
    total = Told(0, Tally())
    context = multiprocessing.get_context("fork")
    ways: dict[Any, Any] = {}
    for first in range(options.processes):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(first, options.processes, options, theirs), daemon=True)
        process.start()
        theirs.close()
        ways[ours] = process
    while ways:
        ready = wait(list(ways), SILENT_SECONDS)
        for way in ready or list(ways):
            _heard(way, ways, bool(ready), total)
        _show(total.done, options.count)
    return total


def _heard(way: Any, ways: dict[Any, Any], ready: bool, total: Told) -> None:
    try:
        told = way.recv() if ready else None
    except EOFError:
        told = None
    if told is not None:
        _add(total, told)
    else:
        process = ways.pop(way)
        if not ready:
            process.kill()
        process.join()
        if process.exitcode:
            total.failures.append((-1, f"a process ended with {process.exitcode}"))


def _add(total: Told, told: Told) -> None:
    total.done += told.done
    total.tally.add(told.tally)
    total.failures += told.failures
    total.slowest = max(total.slowest, told.slowest)
    total.resident = max(total.resident, told.resident)


def _show(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rmutants {done:,} / {total:,}", end="", file=sys.stderr, flush=True)


def lines(total: Told, seconds: float, seed: int) -> Iterator[str]:
    """Yield what is printed at the end."""
    yield f"fuzz: {total.done:,} mutated rulesets of hongze and nyc in {seconds:,.0f} s (seed {seed})"
    for stage in STAGES:
        if total.tally.stages[stage]:
            yield f"  {stage:<16} {total.tally.stages[stage]:>9,}"
    yield f"  {'decisions':<16} {total.tally.decisions:>9,}"
    yield f"  {len(total.tally.findings)} kinds of findings: " + ", ".join(
        f"{code} {n:,}" for code, n in total.tally.findings.most_common()
    )
    yield f"  slowest slice {total.slowest[0]:.2f} s of CPU (mutant {total.slowest[1]}; bound {CPU_SECONDS:.0f} s)"
    yield f"  most memory of a process {total.resident / 2**20:.0f} MB (bound {MEMORY / 2**20:.0f} MB)"
    for n, told in total.failures[:SHOWN]:
        yield f"FAILED mutant {n}:\n{told}"
    yield f"{'FAILED' if total.failures else 'ok'}: {len(total.failures)} failures"


def main() -> int:
    """Run what the command line asks for; 0 where no mutant failed and as many ran as were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=MANY)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if options.only is not None:
        return _one(options)
    began = time.monotonic()
    total = fuzz(options)
    print("\n".join(lines(total, time.monotonic() - began, options.seed)))
    return 1 if total.failures or total.done < options.count else 0


def _one(options: argparse.Namespace) -> int:
    cuts = bases(SLICES, options.seed)
    for file, content in mutant(options.only, options.seed, cuts).items() if options.keep else ():
        path = options.keep / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    bounded()
    wrong = tried(options.only, options.seed, cuts, Tally())
    print(wrong or "nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
