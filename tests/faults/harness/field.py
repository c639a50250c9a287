"""What an `act` works on: the workers, the publisher, the witnesses, a directory for evidence, and what it counts."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from connectors.kafka.clients import Connection
from incidentbus.demo.fleet import Fleet, Worker
from incidentbus.settings import Settings
from incidentbus.witness import Verdict, judge
from tests.faults.harness.publisher import Publisher
from tests.faults.harness.scenario import Ground, Scenario, Size
from tests.faults.harness.watch import Watch

QUIET = 2.0
FINISHED_WITHIN = 600.0


@dataclass(slots=True)
class Field:
    """One row as it is run."""

    scenario: Scenario
    size: Size
    settings: Settings
    """The deployment's, with the witnesses' address of the broker."""
    ground: Ground
    fleet: Fleet
    publisher: Publisher
    watch: Watch
    directory: Path
    chance: Random
    say: Callable[[str], None]
    times: int = 0
    crashes: int = 0
    supervised: bool = True
    """Whether a worker that ended by itself is started anew, as a supervisor would."""
    notes: list[str] = field(default_factory=list)
    kept: dict[str, object] = field(default_factory=dict)
    """What a row of its own hands from one of its functions to the next."""

    @property
    def connection(self) -> Connection:
        """Return how the witnesses reach the broker."""
        return Connection(self.settings.bootstrap_servers, "witness")

    @property
    def quick(self) -> bool:
        """Whether this is the short form."""
        return self.size.quick

    @property
    def least(self) -> int:
        """How often the fault has to happen at this size."""
        return self.scenario.at_least(self.size)

    def did(self, what: str = "") -> None:
        """Count one more time; `what` is kept with the evidence."""
        self.times += 1
        self.note(f"{self.scenario.counted} {self.times}: {what}")

    def note(self, what: str) -> None:
        """Keep a line with the evidence."""
        self.notes.append(f"{time.strftime('%H:%M:%S')} {what}")

    # workers

    def start(self, **environment: str) -> Worker:
        """Start one more worker."""
        return self.fleet.start(**environment)

    def kill(self, worker: Worker) -> None:
        """End a worker as a power cut would."""
        self.fleet.workers.remove(worker)
        worker.process.kill()
        worker.process.wait()

    async def leave(self, worker: Worker, seconds: float = 20.0) -> None:
        """Ask a worker to leave (SIGTERM) and wait; one that doesn't is killed, and that is noted."""
        self.fleet.workers.remove(worker)
        worker.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                while worker.alive:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.note(f"worker {worker.process.pid} did not leave within {seconds} s: killed")
            worker.process.kill()
        worker.process.wait()

    def frozen(self, worker: Worker) -> bool:
        """Whether a worker stands still by a signal."""
        with suppress(OSError):
            stat = Path(f"/proc/{worker.process.pid}/stat").read_text()
            return stat.rpartition(")")[2].split()[0] in "Tt"
        return False

    def thaw(self, worker: Worker) -> None:
        """Let a frozen worker go on."""
        os.kill(worker.process.pid, signal.SIGCONT)

    def tend(self) -> None:
        """Start anew what ended by itself, as it was started; where it was told to freeze it isn't a second time."""
        if not self.supervised:
            return
        for worker in self.fleet.dead():
            self.crashes += 1
            self.note(f"worker {worker.process.pid} ended by itself with {worker.process.returncode}: {worker.log}")
            self.fleet.workers.remove(worker)
            kept = {name: value for name, value in worker.environment.items() if name != "INCIDENTBUS_FAULT_POINTS"}
            self.fleet.start(worker.stages, worker.tree, **kept)

    # waiting

    async def until(self, held: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until something holds; raises `TimeoutError` with `what` if it doesn't in time."""
        try:
            async with asyncio.timeout(seconds):
                while not held():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(f"after {seconds} s still not: {what}") from None

    async def flowing(self, seconds: float = 60.0) -> None:
        """Wait until assignments come that were not there at the call."""
        before = len(self.watch.seen("assignments"))
        await self.until(lambda: len(self.watch.seen("assignments")) > before, seconds, "assignments come")

    # the verdict

    def verdict(self) -> Verdict:
        """Judge what was seen so far."""
        seen = (self.watch.seen(name) for name in ("assignments", "decisions", "dead"))
        return judge(self.publisher.ledger, *seen)

    async def settle(self, seconds: float) -> Verdict:
        """Read on until all is accounted for and nothing more comes for a while, or nothing has come for `seconds`."""
        began = time.monotonic()
        while time.monotonic() - began < FINISHED_WITHIN:
            self.tend()
            await asyncio.sleep(0.2)
            still = time.monotonic() - self.watch.moved
            if still < QUIET:
                continue
            verdict = await asyncio.to_thread(self.verdict)
            if not verdict.lost and not verdict.orphans:
                return verdict
            if still > seconds:
                return verdict
            await asyncio.sleep(QUIET)
        return await asyncio.to_thread(self.verdict)
