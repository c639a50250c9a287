"""The fault table: every row against real workers and a real Kafka, judged by three witnesses.

    python -m tests.faults [--rows 1,3] [--reports 60000] [--quick] [--stalls tell] [--jobs 2]

A line for each row as it ends, the whole table, and a last line that sums up. Exit code 1 if anything was lost, came
twice, out of order or without its counterpart, if a fault happened less often than it has to, or a stall was too long
(with `--stalls tell`, or several rows at a time, it is only told). Evidence of a row that failed: build/faults/rowNN/.
docs/faults.md explains.
"""

import argparse
import asyncio
import importlib
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from connectors.kafka.embedded import start_broker
from tests.faults.harness.outcome import HEAD, Outcome, summary
from tests.faults.harness.running import run_row
from tests.faults.harness.scenario import Ground, OpenGround, Scenario, Size, fixed
from tests.faults.harness.side_by_side import run_side_by_side, write_outcome

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "faults"
FULL, QUICK = 60_000, 15_000
INTERRUPTED = 130


def rows() -> dict[int, Scenario]:
    """Return every row by its number."""
    found = {}
    for path in sorted(HERE.glob("row[0-9][0-9]_*.py")):
        scenario: Scenario = importlib.import_module(f"tests.faults.{path.stem}").SCENARIO
        found[scenario.number] = scenario
    return found


@asynccontextmanager
async def a_broker(directory: Path) -> AsyncIterator[Ground]:
    """Open the broker that rows share which have none of their own."""
    cache = Path(os.environ.get("INCIDENTBUS_CACHE_DIR", Path.home() / ".cache" / "incidentbus"))
    broker = await asyncio.to_thread(start_broker, directory, cache_dir=cache, ephemeral=True, leash=True, quick=True)
    try:
        yield Ground(broker.bootstrap)
    finally:
        await asyncio.to_thread(broker.stop)


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


async def run(wanted: list[Scenario], size: Size, stalls: bool) -> list[Outcome]:
    """Run the rows one after the other."""
    outcomes = []
    async with AsyncExitStack() as stack:
        shared: OpenGround = a_broker
        if any(scenario.ground is None for scenario in wanted):
            home = stack.enter_context(TemporaryDirectory(prefix="faults-"))
            shared = fixed(await stack.enter_async_context(a_broker(Path(home))))
        for scenario in wanted:
            outcome = await run_row(scenario, size, shared, BUILD / f"row{scenario.number:02}", say)
            if not stalls:
                outcome.problems = [each for each in outcome.problems if not each.startswith("stall of ")]
            say(outcome.line())
            outcomes.append(outcome)
    return outcomes


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", default="", help="numbers, comma-separated; all by default")
    parser.add_argument("--reports", type=int, default=0, help=f"reports a row; {FULL}, with --quick {QUICK}")
    parser.add_argument("--quick", action="store_true", help="the short form: a quarter, and each fault fewer times")
    parser.add_argument("--stalls", choices=("fail", "tell"), default="fail", help="what a stall beyond its limit does")
    parser.add_argument("--jobs", type=int, default=1, help="rows at a time; with more than one, stalls are only told")
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)  # of one row, for the process that asked for it
    return parser.parse_args()


async def _run(options: argparse.Namespace, wanted: list[Scenario]) -> list[Outcome]:
    size = Size(options.reports or (QUICK if options.quick else FULL), options.quick)
    if options.jobs == 1:
        return await run(wanted, size, options.stalls == "fail")
    told = ["--stalls", "tell", "--reports", str(size.reports), *(["--quick"] if size.quick else [])]
    # those with brokers of their own take longest
    numbers = [each.number for each in sorted(wanted, key=lambda each: (each.ground is None, each.number))]
    return await run_side_by_side(numbers, told, options.jobs, say)


def main() -> int:
    """Print the table; 1 if a row does not hold."""
    options = _options()
    known = rows()
    numbers = [int(each) for each in options.rows.split(",") if each] or sorted(known)
    if missing := [each for each in numbers if each not in known]:
        print(f"faults: no such row: {missing}; there are {sorted(known)}")
        return 2
    began = time.monotonic()
    if not options.outcome:
        say(HEAD)
    try:
        outcomes = asyncio.run(_run(options, [known[each] for each in numbers]))
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.outcome:
        write_outcome(outcomes[0], options.outcome)
    else:
        say("\n" + HEAD)
        for outcome in outcomes:
            say(outcome.line())
        say(summary(outcomes, time.monotonic() - began))
    return 0 if all(each.skipped or each.passed for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
