"""Row 2: a rolling upgrade from the last release to the tree as it lies here, side by side, then rolling restarts."""

import asyncio
import subprocess
import tarfile
from pathlib import Path

from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "routing_rules", "streams", "connectors", "incidentbus")
LOOK_BACK = 60
"""Commits: without a release the upgrade is from so far back, or from the topics' last change if that is nearer."""
WORKERS = 3


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def before() -> tuple[str, str]:
    """Return the commit to upgrade from and how it was found."""
    try:
        tag = _git("describe", "--tags", "--abbrev=0")
    except subprocess.CalledProcessError:
        line = _git("rev-list", "--first-parent", f"--max-count={LOOK_BACK}", "HEAD").split()
        since = _git("log", "-1", "--format=%H", "--", "contracts/topics.py")
        commit = since if since in line else line[-1]
        return commit, f"no release is tagged: from {commit[:7]}, {line.index(commit)} commits back"
    return tag, f"from {tag}"


def _no_history() -> str | None:
    try:
        _git("rev-parse", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        return "no git history here, and so no release to upgrade from"
    return None


async def start_old(field: Field) -> None:
    """Start the workers of the release."""
    commit, told = before()
    field.note(told)
    field.say(f"   {field.scenario.name}: {told}")
    tree = field.directory / "before"
    archive = field.directory / "before.tar"
    _git("archive", "--format=tar", "-o", str(archive), commit, *ROOMS)
    with tarfile.open(archive) as packed:
        packed.extractall(tree, filter="data")
    for _ in range(WORKERS):
        field.fleet.start(tree=tree)


async def roll(field: Field) -> None:
    """Upgrade one worker after the other, then restart one after the other, each leaving by SIGTERM."""
    await field.flowing()
    while field.times < field.least or not field.publisher.enough:
        what = "upgraded" if field.times < WORKERS else "restarted"
        worker = field.fleet.workers[0]
        await field.leave(worker)
        field.start()
        field.did(f"{worker.process.pid} {what}")
        await field.flowing()
        await asyncio.sleep(2.0 if field.quick else 5.0)


SCENARIO = Scenario(
    number=2, name="rolling upgrade and restarts", counted="restarts", least=9, quick_least=6, act=roll,
    prepare=start_old, load=Load(rate=1_000, quick_rate=800), unless=_no_history,
)  # fmt: skip
