"""Shows that the table's witnesses can see: the same witnesses over workers with one safeguard taken out each.

    python -m tests.faults.selftest [--only NAME ...]

A copy of the tree is changed as the safeguard says, real workers run from it, and a fault that the safeguard is for is
done to them; lost, twice or orphaned must then be seen. The same is done to workers with every safeguard in place, of
which nothing may be said. Last line `faults-selftest: safeguards=6 seen=6 seconds=…`; exit code 1 if one isn't seen.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import orjson
from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.incremental import set_topic_configs
from tests.faults.__main__ import BUILD, a_broker, say
from tests.faults.harness.field import Field
from tests.faults.harness.outcome import Outcome
from tests.faults.harness.running import run_row
from tests.faults.harness.scenario import SESSION, Load, Scenario, Size, fixed
from tests.gate_mutants.mutants import GATE, MUTANTS, Change

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "routing_rules", "streams", "connectors", "incidentbus")
REPORTS, RATE, SETTLE = 2_500, 250, 10.0
KILLS, ZOMBIES = 3, 2
_MUTANTS = {mutant.name: mutant.changes for mutant in MUTANTS}

Act = Callable[[Field, Path], Awaitable[None]]


async def begin(field: Field, tree: Path) -> None:
    """Start intake and dispatch, each in a worker of its own: what one does again, the other would hide."""
    field.fleet.start("intake", tree)
    field.fleet.start("dispatch", tree)
    await asyncio.sleep(0)


async def killed_between(field: Field, tree: Path) -> None:
    """Dispatch is killed where outputs are out and the rest of the turn is not."""
    field.supervised = False  # who kills itself here is succeeded by the next one below
    for worker in field.fleet.workers[1:]:
        await field.leave(worker)
    for number in range(KILLS):
        worker = field.fleet.start("dispatch", tree, INCIDENTBUS_FAULT_POINTS=f"delivered:kill:{4 + number}")
        await field.until(lambda w=worker: not w.alive, 60.0, "a worker kills itself")  # type: ignore[misc]
        field.fleet.workers.remove(worker)
        field.did("killed between outputs and state")
    field.fleet.start("dispatch", tree)
    field.supervised = True


def frozen_at(point: str) -> Act:
    """Return the act that freezes dispatch at a point beyond its session time-out, and thaws it."""

    async def act(field: Field, tree: Path) -> None:
        for number in range(ZOMBIES):
            worker = field.fleet.start("dispatch", tree, INCIDENTBUS_FAULT_POINTS=f"{point}:freeze:{5 + number}")
            await field.until(lambda w=worker: field.frozen(w), 60.0, "a worker freezes")  # type: ignore[misc]
            await asyncio.sleep(SESSION + 2.5)
            field.thaw(worker)
            field.did(f"thawed at {point}")
            await asyncio.sleep(3.0)
            if worker in field.fleet.workers:
                await field.leave(worker)

    return act


async def refusing(field: Field, tree: Path) -> None:
    """One agency's topic takes nothing for a while, then everything again: few enough that no input pauses."""
    await field.flowing()
    await asyncio.sleep(2.0)
    leads = Counter(orjson.loads(each.value or b"{}")["agency"] for each in field.watch.seen("assignments")
                    if orjson.loads(each.value or b"{}")["role"] == "lead")  # fmt: skip
    topic = field.settings.topics().agency_assignments(leads.most_common()[-1][0])
    admin = AIOKafkaAdminClient(**field.connection.options())
    await admin.start()
    try:
        for size, seconds in (("200", 2.0), ("1048588", 0.0)):
            await set_topic_configs(admin, {topic: {"max.message.bytes": size}})
            await asyncio.sleep(seconds)
    finally:
        await admin.close()
    field.did(f"{topic} took nothing for 2 s from workers of {tree.name}")


async def nothing(field: Field, tree: Path) -> None:
    """What was published before the first worker came is all the fault there is."""
    field.did(f"first worker after the first reports: {tree.name}")
    await asyncio.sleep(0)


async def begin_late(field: Field, tree: Path) -> None:
    """Publish first, then start the workers."""
    for _ in range(50):
        await field.publisher.next()
    await field.publisher.heard()
    await begin(field, tree)


@dataclass(frozen=True, slots=True)
class Safeguard:
    """What is taken out, how, and the fault that it is for. `base`: changes that the control has too."""

    name: str
    changes: tuple[Change, ...]
    act: Act
    prepare: Act = begin
    base: tuple[Change, ...] = ()


SAFEGUARDS = (
    Safeguard(
        "no transaction",
        (
            Change(
                GATE + "transaction.py",
                "        unsent = await self._send(emits, sent)\n",
                "        state = [emit for emit in emits if emit.topic.endswith('-state.v1')]\n"
                "        early: list[_Sent] = []\n"
                "        unsent = await self._send([emit for emit in emits if emit not in state], early)\n"
                "        await self._answers(early, delivered)\n"
                "        await self.producer.commit_transaction()\n"
                "        await self._at('delivered')\n"
                "        await self.producer.begin()\n"
                "        unsent = unsent or await self._send(state, sent)\n",
            ),
        ),
        killed_between,
    ),
    Safeguard(
        "no fence",
        (
            Change(GATE + "task.py", "stage.name}-{partition}\"", "stage.name}-{partition}-{_pid()}\""),
            Change(GATE + "task.py", "import logging\n", "import logging\nfrom os import getpid as _pid\n"),
        ),
        frozen_at("before_commit"),
    ),
    Safeguard(
        "no group metadata", _MUTANTS["C-no-generation"], frozen_at("begun"), base=_MUTANTS["C-fence-back"]
    ),
    Safeguard("futures not awaited", _MUTANTS["A-unawaited"], refusing),
    Safeguard(
        "no seek after restore",
        (
            Change(GATE + "supply.py", "        self.rewind()\n        for topic, tp", "        for topic, tp"),
            Change(GATE + "membership.py", 'auto_offset_reset="none"', 'auto_offset_reset="latest"'),
        ),
        nothing,
        begin_late,
    ),
    Safeguard("overlay kept after abort", _MUTANTS["G-merged-early"], refusing),
)  # fmt: skip


def tree_with(changes: tuple[Change, ...], into: Path) -> Path:
    """Copy the tree and change it; raises `AssertionError` where a text isn't there exactly once."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, into / room, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for change in changes:
        path = into / change.file
        source = path.read_text("utf-8")
        if source.count(change.old) != 1:
            raise AssertionError(f"{change.file}: found {source.count(change.old)} times: {change.old.strip()[:60]!r}")
        path.write_text(source.replace(change.old, change.new), "utf-8")
    return into


def silent(field: Field, outcome: dict[str, int]) -> list[str]:
    """Count what is lost without a word: no lead, and no dead letter on the way."""
    letters = (orjson.loads(each.value or b"{}") for each in field.watch.seen("dead")
               if each.topic.endswith("bus.incidents.v1.dlq"))  # fmt: skip
    dead = {incident["report"]["external_id"] for incident in letters}
    leads, _ = field.watch.first_leads()
    outcome["silent"] = len(field.publisher.acknowledged.keys() - leads.keys() - dead)
    return []


async def _run(name: str, safeguard: Safeguard, changes: tuple[Change, ...], bootstrap: object, number: int) -> str:
    """Run one act over one tree and return what the witnesses say, empty for nothing."""
    counted: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="faults-tree-") as home:
        tree = tree_with(changes, Path(home))
        scenario = Scenario(
            number=number, name=name, least=1, act=lambda field: safeguard.act(field, tree),
            prepare=lambda field: safeguard.prepare(field, tree), also=lambda field: silent(field, counted),
            stall=None, settle=SETTLE, load=Load(rate=RATE, quick_rate=RATE, anew=0),
        )  # fmt: skip
        directory = BUILD / "selftest" / name.replace(" ", "-").replace(":", "")
        outcome = await run_row(scenario, Size(REPORTS, quick=True), bootstrap, directory, lambda _: None)  # type: ignore[arg-type]
    if outcome.times < 1:
        raise AssertionError(f"{name}: {'; '.join(outcome.problems)}")
    return _findings(outcome, counted)


def _findings(outcome: Outcome, counted: dict[str, int]) -> str:
    told = {
        "lost silently": counted.get("silent", 0), "twice": outcome.duplicates,
        "orphans": outcome.orphans, "out of order": outcome.disordered,
    }  # fmt: skip
    return ", ".join(f"{count} {what}" for what, count in told.items() if count)


async def run(wanted: list[Safeguard]) -> int:
    """Run each safeguard's control and its absence; return how many absences were seen and the controls clean."""
    seen = 0
    async with AsyncExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-selftest-"))
        ground = fixed(await stack.enter_async_context(a_broker(Path(home))))
        controls: dict[tuple[Act, tuple[Change, ...]], str] = {}
        for index, safeguard in enumerate(wanted):
            began = time.monotonic()
            key = (safeguard.act, safeguard.base)
            if key not in controls:
                controls[key] = await _run(f"control: {safeguard.name}", safeguard, safeguard.base, ground, 60 + index)
            found = await _run(safeguard.name, safeguard, (*safeguard.base, *safeguard.changes), ground, 80 + index)
            held = bool(found) and not controls[key]
            seen += held
            say(f"{safeguard.name:26} {found or 'NOTHING SEEN':50} with it: {controls[key] or 'nothing':20} "
                f"{time.monotonic() - began:4.0f} s {'' if held else '  NOT SEEN'}")  # fmt: skip
    return seen


def main() -> int:
    """Print a line for each safeguard; 1 if one is not seen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", nargs="*", default=[], help="names of safeguards")
    options = parser.parse_args()
    wanted = [each for each in SAFEGUARDS if not options.only or each.name in options.only]
    began = time.monotonic()
    seen = asyncio.run(run(wanted))
    say(f"faults-selftest: safeguards={len(wanted)} seen={seen} seconds={time.monotonic() - began:.0f}")
    return 0 if seen == len(wanted) and wanted else 1


if __name__ == "__main__":
    sys.exit(main())
