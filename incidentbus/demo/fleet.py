"""Starts worker processes and ends them: by their own ids, whatever happens to us in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LEAVE_SECONDS: Final = 8.0


@dataclass(slots=True)
class Worker:
    """One `incidentbus serve` process, where its log is, and what it was started with."""

    process: subprocess.Popen[bytes]
    log: Path
    stages: str
    tree: Path | None
    environment: Mapping[str, str]

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None


@dataclass(slots=True)
class Fleet:
    """The worker processes of one run. `environment` is added to ours; logs go to `logs`."""

    environment: Mapping[str, str]
    logs: Path
    workers: list[Worker] = field(default_factory=list)

    def start(self, stages: str = "intake,dispatch", tree: Path | None = None, **environment: str) -> Worker:
        """Start one more worker, of another source tree where one is given; `surge` is the observer's process."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"worker-{len(self.workers) + 1}.log"
        more = environment if tree is None else {"PYTHONPATH": str(tree), **environment}
        what = ["surge"] if stages == "surge" else ["streams", "--stage", stages]
        command = [sys.executable, "-m", "incidentbus", "serve", *what]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, env={**os.environ, **self.environment, **more}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True, cwd=tree,
            )  # fmt: skip
        worker = Worker(process, log, stages, tree, environment)
        self.workers.append(worker)
        return worker

    def dead(self) -> list[Worker]:
        """Return the workers that ended by themselves."""
        return [worker for worker in self.workers if not worker.alive]

    def stop(self) -> None:
        """Ask all to leave, wait, and end by force those that do not."""
        for worker in self.workers:
            if worker.alive:
                with suppress(ProcessLookupError):
                    worker.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + _LEAVE_SECONDS
        for worker in self.workers:
            try:
                worker.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
