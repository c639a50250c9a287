"""Our side as a process of its own: the runtime of dispatch over a workload's topics, told what to do by its parent.

`python -m tests.bench.beside.worker KIND BOOTSTRAP LOAD`: KIND is `dispatch`, or `ceiling`, which looks up what to
write; LOAD is the workload as JSON. Then, a line each on standard input, `go GROUP CHANGELOG EVENTS` begins a round and
`end` ends it; on standard output the joining, the first turn's beginning and each turn's end are told: seconds of the
clock, events taken so far, CPU seconds so far, records and bytes written so far.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import uvloop

from contracts.ports import Emit, InboundRecord, Processor, RecordHandler, State
from incidentbus.clock import SystemClock
from incidentbus.memory import keep_freed_memory, settle_collector
from streams.counts import TurnCounts
from streams.gate import Cluster, GateRunner, Limits, Silent, Stage, TurnReport
from streams.rulesets import HeldRuleset, RulesetInForce
from streams.stages import dispatch_stage
from tests.bench.beside.load import Load


class Telling(Silent):
    """Tells every turn to the parent."""

    def __init__(self) -> None:
        self.taken = self.records = self.bytes = 0
        say(time.time(), 0, time.process_time(), 0, 0)

    def turn(self, report: TurnReport) -> None:
        if not self.taken:
            say(time.time() - report.seconds, 0, time.process_time(), 0, 0)
        self.taken += report.records_in
        self.records += sum(report.records_out.values())
        self.bytes += report.bytes_out
        say(time.time(), self.taken, time.process_time(), self.records, self.bytes)


class Ceiling:
    """A processor that thinks nothing."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def begin_turn(self) -> RecordHandler:
        canned = self._load.canned

        def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
            key = record.key or b""
            one = canned(key)
            state.put(key, one.state)
            return [emit._replace(key=key) for emit in one.outputs]

        return handle


def say(*what: object) -> None:
    print(*what, flush=True)


def stage_of(kind: str, load: Load) -> Stage:
    counts: dict[int, TurnCounts] = {}
    held = HeldRuleset(RulesetInForce(load.compiled))
    stage = dispatch_stage(load.topics, held, lambda p: counts.setdefault(p, TurnCounts()), Limits(records=2000))
    if kind == "dispatch":
        return stage

    def processor(_: int) -> Processor:
        return Ceiling(load)

    return replace(stage, processor=processor)


def _exit(why: str) -> None:
    sys.exit(f"the runtime gave up: {why}")


async def serve(kind: str, bootstrap: str, told: dict[str, Any]) -> None:
    load = Load(**told)
    stage = stage_of(kind, load)
    if kind == "ceiling":
        load.canned(b"")  # decided before the clock runs
    keep_freed_memory()
    settle_collector()
    lines = await _standard_input()
    say("ready")
    while line := (await lines.readline()).decode().split():
        runner = GateRunner(
            replace(stage, changelog=line[2]), Cluster(bootstrap), clock=SystemClock(), exit_process=_exit,
            prefix=f"{line[1]}-", observer=Telling(),
        )  # fmt: skip
        await runner.start()
        await lines.readline()
        await runner.stop()
        say("ended")


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as run:
        run.run(serve(sys.argv[1], sys.argv[2], orjson.loads(sys.argv[3])))
