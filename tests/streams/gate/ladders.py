"""A stage with timers for tests: keys with ladders of moments, and notes that show what was applied before each step.

A value is `100,200|ab`: the moments still to come, milliseconds after `BASE`, and the notes. A record says
`set KEY 100,200`, `note KEY a` or `bad`; a step that falls due is written out as `KEY@100|ab`.
"""

import time
from collections.abc import Sequence
from typing import Any

from gate_bench import Bench

from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.ports import Emit, InboundRecord, RecordHandler, State
from streams.gate import Stage

BASE = int(time.time() * 1000) - 3 * 86_400_000  # the past: a broker takes stamps of an hour ahead at most


class HandClock:
    """Stands where a test puts it, in milliseconds after `BASE`."""

    def __init__(self, at: int = 0) -> None:
        self.at = at

    def now_ms(self) -> int:
        return BASE + self.at


def due_of(value: bytes) -> int | None:
    first = value.partition(b"|")[0].partition(b",")[0]
    return BASE + int(first) if first else None


class Ladders:
    """The processor. `broken` keys fail; `spoilt` ones give what a broker refuses; `asked`: the timers it was told."""

    def __init__(self, out: str) -> None:
        self.out = out
        self.broken: set[bytes] = set()
        self.spoilt: set[bytes] = set()
        self.asked: list[tuple[bytes, int, int]] = []

    def begin_turn(self) -> RecordHandler:
        return self._handle

    def on_timer(self, key: bytes, due_ms: int, now_ms: int, state: State) -> Sequence[Emit]:
        self.asked.append((key, due_ms - BASE, now_ms - BASE))
        steps, _, notes = (state.get(key) or b"").partition(b"|")
        state.put(key, steps.partition(b",")[2] + b"|" + notes)
        if key in self.broken:
            raise KeyError("张三 13800000000")
        stamp = int(time.time() * 1000) + 7_200_000 if key in self.spoilt else None
        return [Emit(self.out, 0, key, b"%b@%d|%b" % (key, due_ms - BASE, notes), (), stamp)]

    def _handle(self, record: InboundRecord, state: State) -> Sequence[Emit]:
        word, *rest = (record.value or b"").split(b" ")
        if word == b"bad":
            raise Permanent(ReasonCode.UNPARSABLE)
        key, text = rest
        steps, _, notes = (state.get(key) or b"").partition(b"|")
        state.put(key, text + b"|" + notes if word == b"set" else steps + b"|" + notes + text)
        return ()


def declare(bench: Bench, ladders: Ladders, **more: Any) -> Stage:
    return Stage(bench.stage, bench.inputs, lambda p: ladders, changelog=bench.changelog, timers=due_of, **more)


async def told(bench: Bench, count: int, within: float = 10.0) -> list[bytes]:
    return [record.value or b"" for record in await bench.wait_for(count, within=within)]


async def feed(bench: Bench, *records: tuple[int, bytes], topic: str | None = None) -> None:
    """Lay records on an input, each with its stamp in milliseconds after `BASE`."""
    for stamp, value in records:
        await bench.feed([value], topic, timestamp_ms=BASE + stamp)
