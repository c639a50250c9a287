"""`make bench-replay`: decisions/s of a replay from a file, by one process and by two, on the kept county.

The file is made here: reports of every channel's samples, each understood once and decided, told again under other ids
until there are enough. What is timed is the whole replay: reading, checking, deciding, comparing; and beside it
deciding alone, of incidents that lie in memory. Making the ruleset ready, once a process, is timed apart.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from contracts.decision import DecisionState, decision_wire
from contracts.ids import incident_id
from contracts.incident import incident_bytes
from contracts.report import Report
from contracts.serde import write
from incidentbus.replaying import replay
from incidentbus.rowfiles import rows
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load, read_bundle

ROOT: Final = Path(__file__).resolve().parents[2]
COUNTY: Final = ROOT / "routing_rules" / "rulesets" / "hongze"
SAMPLE: Final = ROOT / "connectors" / "channels" / "message_board" / "samples" / "reports.ndjson"
WHEN: Final = datetime(2026, 5, 12, 2, tzinfo=UTC)
GOAL: Final = 50_000  # decisions/s a core
CHANNELS: Final = ("hotline-12345", "police-110", "petition", "message-board")


def reports(n: int) -> Iterator[Report]:
    """Yield so many reports: the samples' texts, by several channels, under ids of their own."""
    read = [row.outcome for row in rows(SAMPLE.read_bytes(), "message-board", "message-board")]
    known = [report for report in read if isinstance(report, Report)]
    for number in range(n):
        of = {"channel": CHANNELS[number % len(CHANNELS)], "external_id": f"b{number}"}
        yield known[number % len(known)].model_copy(update=of)


def make(file: Path, n: int, compiled: Compiled) -> float:
    """Write the file; return how many were decided a second of the time that deciding took."""
    incidents = []
    for number, report in enumerate(reports(n)):
        at = WHEN + timedelta(seconds=37 * number)
        id_ = incident_id(report.channel, report.external_id)
        incidents.append(compiled.interpreter.understand(report, id_, at))
    state = DecisionState()
    began = time.perf_counter()
    decided = [decide(incident, state, compiled, incident.received_at) for incident in incidents]
    took = time.perf_counter() - began
    with file.open("wb") as opened:
        for incident, decision in zip(incidents, decided, strict=True):
            parts = (incident_bytes(incident), write(decision_wire(decision)))
            opened.write(b'{"incident":%b,"decision":%b}\n' % parts)
    return n / took


def main() -> int:
    """Print a line for each; end with 1 where a decision did not come out again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=100_000)
    n = parser.parse_args().decisions
    bundle = read_bundle(COUNTY)
    began = time.perf_counter()
    loaded = load(bundle)
    assert loaded.ruleset is not None
    compiled = compile_ruleset(loaded.ruleset)
    print(f"ruleset ready in {time.perf_counter() - began:.2f} s, {len(loaded.ruleset.rules)} rules")
    right = True
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "past.ndjson"
        alone = make(file, n, compiled)
        print(f"decide alone, in memory    {alone:9,.0f} decisions/s")
        print(f"file: {n:,} lines, {file.stat().st_size / n:,.0f} bytes a line")
        first: list[float] = []
        for workers in (1, 2):
            first.clear()
            tally = replay(bundle, file, workers=workers, show=lambda _done, _of: first.append(time.perf_counter()))
            steady = first[-1] - first[0]
            rate = n * (len(first) - 1) / len(first) / steady if len(first) > 1 else 0.0
            reached = "reached" if rate / workers >= GOAL else "missed"
            print(f"replay, {workers} process(es)     {rate:9,.0f} decisions/s; goal {GOAL:,} a core: {reached}")
            right = right and tally.same == tally.lines == n
    print("every decision came out again byte for byte" if right else "decisions did NOT come out again")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
