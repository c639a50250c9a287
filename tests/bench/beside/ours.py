"""Our workers as the bench starts them: one process or two, a round at a time, measured while all of them work."""

import subprocess
import sys
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Final, NamedTuple

import orjson

from tests.bench.beside.figures import Round

_PATIENCE: Final = 180.0


class Turn(NamedTuple):
    """What a worker told: first when it joins, then when its first turn begins, then at each turn's end.

    All but `at` are sums since the round began; CPU is its whole life's.
    """

    at: float
    taken: int
    cpu: float
    records: int
    bytes: int


class Worker:
    """One child process, and what it says."""

    def __init__(self, kind: str, bootstrap: str, load: dict[str, object]) -> None:
        command = [sys.executable, "-m", "tests.bench.beside.worker", kind, bootstrap, orjson.dumps(load).decode()]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said: Queue[str] = Queue()
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.put(line.strip())
        self.said.put("")

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, word: str) -> None:
        while (line := self.said.get(timeout=_PATIENCE)) != word:
            if not line:
                raise RuntimeError(f"a worker of the bench ended: {self.process.poll()}")

    def close(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reading.join(5)
        if self.process.stdout:
            self.process.stdout.close()


@dataclass
class Workers:
    """Some workers of a kind, kept between rounds as a JVM is."""

    kind: str
    bootstrap: str
    load: dict[str, object]
    count: int = 1

    def __enter__(self) -> "Workers":
        self.all = [Worker(self.kind, self.bootstrap, self.load) for _ in range(self.count)]
        for worker in self.all:
            worker.wait_for("ready")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for worker in self.all:
            worker.close()

    def round(self, group: str, changelog: str, events: int) -> Round:
        """Let them take all events, and return what they made while every one of them worked."""
        for worker in self.all:
            worker.tell(f"go {group} {changelog}")
        turns: list[list[Turn]] = [[] for _ in self.all]
        while sum(told[-1].taken for told in turns if told) < events:
            self._listen(turns)
        for worker in self.all:
            worker.tell("end")
        for worker in self.all:
            worker.wait_for("ended")
        return measured(turns)

    def _listen(self, turns: list[list[Turn]]) -> None:
        for worker, told in zip(self.all, turns, strict=True):
            try:
                line = worker.said.get(timeout=0.05)
            except Empty:
                if told and worker.process.poll() is not None:
                    raise RuntimeError("a worker of the bench ended") from None
                continue
            if not line:
                raise RuntimeError(f"a worker of the bench ended: {worker.process.poll()}")
            at, taken, cpu, records, size = line.split()
            told.append(Turn(float(at), int(taken), float(cpu), int(records), int(size)))


def measured(turns: list[list[Turn]]) -> Round:
    """Return the figures from the first turn's beginning to the last turn's end, all workers together."""
    told = [each for each in turns if len(each) > 1]
    seconds = max(each[-1].at for each in told) - min(each[1].at for each in told)
    taken = sum(each[-1].taken for each in told)
    cpu = sum(each[-1].cpu - each[0].cpu for each in told)
    records, size = sum(each[-1].records for each in told), sum(each[-1].bytes for each in told)
    return Round(taken / seconds, cpu / seconds, records / taken, size / taken)
