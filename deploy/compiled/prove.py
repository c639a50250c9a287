"""`make compiled-test`: what the engine, its slow twin, the processors and both rulesets say when they run compiled.

Run with the compiled tree before the sources on the path. The twin compares 20,000 decisions; the decisions of the
demo's reports are compared byte for byte with those from source. Some three minutes.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from incidentbus.compiled import refuse_stale

ROOT: Final = Path(__file__).resolve().parents[2]
TESTS: Final = (
    "tests/compiled",
    "tests/routing_rules/engine",
    "tests/routing_rules/rulesets",
    "tests/streams/processors",
    "tests/contracts",
)
RULESETS: Final = ("hongze", "nyc")

APART: Final[dict[str, str]] = {}
"""Tests that are left out here, by the words that pytest deselects by, and why: none so far."""


def main() -> int:
    """Run everything; return the exit code."""
    told, began = refuse_stale(), time.monotonic()
    if not told.modules:
        print("compiled-test: nothing is compiled here, so nothing was tested", flush=True)
        return 0
    print(f"compiled-test: {told.told}", flush=True)
    left_out = [f"--deselect={name}" for name in APART]
    commands = [["-m", "pytest", "-q", "-m", "not fault_rows", *left_out, *TESTS]]
    commands += [["-m", "incidentbus", "rules", "test", f"routing_rules/rulesets/{name}"] for name in RULESETS]
    for command in commands:
        done = subprocess.run([sys.executable, *command], cwd=ROOT, check=False)
        if done.returncode:
            print(f"compiled-test: python {' '.join(command)}: exit code {done.returncode}", flush=True)
            return 1
    print(f"compiled-test: all as from source, in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
