"""Takes the runtime's cures out one by one: without its cure a hole's test has to fail, and in the words of that hole.

    python tests/gate_mutants/run.py [--only NAME ...] [--keep]

The tree is copied, the copy is changed as `mutants.py` says, the named test is run in it against one real broker.
A test that passes without its cure, or fails with other words, means that the cure is not tested: exit code 1. So does
a mutant whose text is no longer in the source. The tests must pass unchanged first, or nothing would be shown.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from mutants import MUTANTS, Mutant  # noqa: E402

from connectors.kafka.embedded import start_broker  # noqa: E402

ROOMS = ("contracts", "routing_rules", "streams", "connectors", "incidentbus")
TESTS = ("tests/conftest.py", "tests/streams/gate", "tests/streams/processors/conftest.py")
BOOTSTRAP = "GATE_MUTANTS_BOOTSTRAP"
BROKER_FIXTURE = f'''

import os as _os
from types import SimpleNamespace as _Namespace


@pytest.fixture(scope="session")
def broker() -> object:
    return _Namespace(bootstrap=_os.environ["{BOOTSTRAP}"])
'''
LEAKS = ("-W", "ignore::pytest.PytestUnraisableExceptionWarning", "-W", "ignore::ResourceWarning")
"""Changed code may drop a connection; what is looked for is the symptom."""
INTERNAL_ERROR = 3
ROW = "{:26} {:44} {:58} {:48} {}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one mutant."""

    symptom: str
    killed: bool
    seconds: float
    output: str


def copy_tree(to: Path) -> None:
    """Copy what the tests need, with a broker that is there already."""
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for room in ROOMS:
        shutil.copytree(ROOT / room, to / room, ignore=skip)
    for name in TESTS:
        source, target = ROOT / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=skip)
        else:
            shutil.copy(source, target)
    shutil.copy(ROOT / "pyproject.toml", to)
    with (to / "tests/streams/gate/conftest.py").open("a") as conftest:
        conftest.write(BROKER_FIXTURE)


def mutate(tree: Path, mutant: Mutant) -> str | None:
    """Apply the mutant's changes; say which text was not found exactly once, or None."""
    for change in mutant.changes:
        path = tree / change.file
        source = path.read_text("utf-8")
        if source.count(change.old) != 1:
            return f"{change.file}: found {source.count(change.old)} times: {change.old.strip()[:60]!r}"
        path.write_text(source.replace(change.old, change.new), "utf-8")
    return None


def run_tests(tree: Path, tests: list[str], bootstrap: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy."""
    env = {**os.environ, BOOTSTRAP: bootstrap, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        "--tb=native",
        *LEAKS,
        *tests,
    ]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=300, check=False)


def try_mutant(mutant: Mutant, bootstrap: str, keep: bool) -> Result:
    """Copy, change, run, and read the symptom."""
    began = time.monotonic()
    tree = Path(tempfile.mkdtemp(prefix=f"gate-mutant-{mutant.name}-"))
    try:
        copy_tree(tree)
        if (missing := mutate(tree, mutant)) is not None:
            return Result(missing, False, time.monotonic() - began, "")
        done = run_tests(tree, [mutant.test], bootstrap)
        if done.returncode == INTERNAL_ERROR:  # pytest itself fell over, which says nothing of the mutant
            done = run_tests(tree, [mutant.test], bootstrap)
        seen = re.search(mutant.symptom, done.stdout)
        told = seen.group(0) if seen else _last_words(done)
        killed = done.returncode == 1 and seen is not None
        return Result(told, killed, time.monotonic() - began, done.stdout + done.stderr)
    finally:
        if not keep:
            shutil.rmtree(tree, ignore_errors=True)


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return f"exit {done.returncode}: {lines[-1] if lines else ''}"


def unchanged(mutants: list[Mutant], bootstrap: str) -> str | None:
    """Run the named tests with every cure in place; say what fails, or None."""
    tree = Path(tempfile.mkdtemp(prefix="gate-mutant-none-"))
    try:
        copy_tree(tree)
        done = run_tests(tree, sorted({mutant.test for mutant in mutants}), bootstrap)
        return None if done.returncode == 0 else done.stdout[-4_000:] + done.stderr[-1_000:]
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def main() -> int:
    """Print the table; 1 if any mutant survives."""
    parser = argparse.ArgumentParser(description="take each cure out and see its test fail")
    parser.add_argument("--only", nargs="*", default=[], help="names of mutants")
    parser.add_argument("--keep", action="store_true", help="keep the changed copies, show the tests' output")
    options = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if not options.only or mutant.name in options.only]
    cache = Path(os.environ.get("INCIDENTBUS_CACHE_DIR", Path.home() / ".cache" / "incidentbus"))
    with tempfile.TemporaryDirectory(prefix="gate-mutants-") as directory:
        broker = start_broker(Path(directory) / "kafka", cache_dir=cache, ephemeral=True, leash=True)
        try:
            return report(mutants, broker.bootstrap, options.keep)
        finally:
            broker.stop()


def report(mutants: list[Mutant], bootstrap: str, keep: bool) -> int:
    """Try them all and say what was seen."""
    began = time.monotonic()
    if (failure := unchanged(mutants, bootstrap)) is not None:
        sys.stdout.write(f"the tests fail with every cure in place:\n{failure}\n")
        return 1
    sys.stdout.write(ROW.format("mutant", "cure removed", "test", "symptom seen", "killed") + "\n")
    survivors = 0
    for mutant in mutants:
        result = try_mutant(mutant, bootstrap, keep)
        survivors += not result.killed
        test = mutant.test.split("::")[-1]
        told = "yes" if result.killed else "NO"
        sys.stdout.write(ROW.format(mutant.name, mutant.cure, test[:58], result.symptom[:48], told) + "\n")
        if keep or not result.killed:
            sys.stdout.write(result.output[:6_000] if keep else result.output[-3_000:])
        sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"gate-mutants: mutants={len(mutants)} survived={survivors} seconds={seconds:.0f}\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
