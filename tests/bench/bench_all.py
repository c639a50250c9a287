"""`make bench`: the bus beside those who do the same job, on one broker in one run; `make bench-quick` is short.

Sides take their rounds in turn, so a machine that slows down slows all; a ratio is of the two of one round, its median
over rounds told with the least and the greatest. A peer whose toolchain is missing is skipped by name. A goal's line
says yes or NO.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from connectors.kafka.clients import Connection
from connectors.kafka.embedded import start_broker
from incidentbus.settings import Settings
from tests.bench.beside import growth, python_peers, streams_peer
from tests.bench.beside.county import County, shares
from tests.bench.beside.figures import Round, Side, ratio
from tests.bench.beside.hops import streams_latency
from tests.bench.beside.load import Load
from tests.bench.beside.ours import Workers
from tests.bench.beside.streams_peer import StreamsPeer
from tests.bench.page import Page
from tests.bench.rules.peer import NoPeer
from tests.bench.rules.workload import whose_texts

PARTITIONS: Final = 8
PACKAGES: Final = ("aiokafka", "orjson", "pydantic", "uvloop")
COMMITS: Final = (10, 30, 100)
TOGETHER: Final = {"group.initial.rebalance.delay.ms": "1000"}  # all workers of a round begin with their share
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a run is. Events are counted, times are seconds."""

    name: str
    events: int
    rounds: int
    warm: int
    python_events: int
    county: int
    rates: tuple[int, ...]
    seconds: float
    idle: float
    grow: bool = False


LONG: Final = Plan("bench", 100_000, 5, 400_000, 50_000, 30_000, (100, 1_000, 5_000), 20, 30, grow=True)
QUICK: Final = Plan("bench-quick", 20_000, 2, 40_000, 5_000, 6_000, (100, 1_000), 5, 5)
TRIAL: Final = Plan("bench-trial", 3_000, 1, 3_000, 1_000, 1_500, (100,), 3, 2)


@dataclass
class Bench:
    """What every part of a run uses."""

    plan: Plan
    page: Page
    bootstrap: str
    folder: Path
    load: Load
    classes: str | None
    python: Path | None

    @property
    def connection(self) -> Connection:
        return Connection(self.bootstrap)

    def say(self, line: str = "") -> None:
        self.page.say(line)

    def goal(self, what: str, told: str, wanted: str, met: bool) -> None:
        self.say(f"goal: {what}: {told}, wanted {wanted}: {'yes' if met else 'NO'}")

    @contextmanager
    def peer(self) -> Iterator[StreamsPeer | None]:
        if self.classes is None:
            yield None
            return
        with StreamsPeer(self.classes, self.bootstrap, self.folder / "peer") as peer:
            yield peer


def throughput(bench: Bench) -> None:
    """Dispatch and the ceiling, ours and Kafka Streams', a round of each side in turn."""
    plan = bench.plan
    with ExitStack() as stack:
        peer = stack.enter_context(bench.peer())
        if peer:
            warm(bench, peer)
        runs = dict(_ours(bench, stack))
        if peer:
            runs |= _streams(bench, peer)
        sides = {name: Side(name) for name in runs}
        for number in range(plan.rounds):
            for name, run in runs.items():
                sides[name].rounds.append(run(number))
    bench.say()
    bench.say(f"dispatch exactly once, {bench.load.rules:,} codes-only rules; ceiling: the same records, no thinking")
    for side in sides.values():
        bench.say(side.line())
    compared(bench, sides)


def warm(bench: Bench, peer: StreamsPeer) -> None:
    """Let the JIT see both topologies, and see that event-ruler finds the routes that we find."""
    found = peer.routes()
    differing = sum(a != each.route for a, each in zip(found, bench.load.base, strict=True))
    bench.goal(f"incidents of {len(found):,} that both sides route differently", str(differing), "0", differing == 0)
    each = max(1, bench.plan.warm // bench.plan.events)
    for number in range(each):
        for kind in ("dispatch", "pass"):
            peer.round(kind, f"warm-{kind}-{number}", bench.plan.events, 2)
    bench.say(f"Kafka Streams' JVM was warmed by {each * bench.plan.events:,} events of each kind, ours by a round")


def _ours(bench: Bench, stack: ExitStack) -> Iterator[tuple[str, Callable[[int], Round]]]:
    told: dict[str, object] = {"rules": bench.load.rules, "partitions": bench.load.partitions}
    for name, kind, count in (
        ("we, one worker", "dispatch", 1),
        ("we, two workers", "dispatch", 2),
        ("our ceiling, one process", "ceiling", 1),
    ):
        workers = stack.enter_context(Workers(kind, bench.bootstrap, told, count))
        run = _round_of(bench, workers, f"{kind}-{count}")
        run(99)
        yield name, run


def _round_of(bench: Bench, workers: Workers, name: str) -> Callable[[int], Round]:
    def run(number: int) -> Round:
        group = f"{name}-{number}"
        changelog = asyncio.run(bench.load.changelog(bench.connection, group))
        return workers.round(group, changelog, bench.plan.events)

    return run


def _streams(bench: Bench, peer: StreamsPeer) -> dict[str, Callable[[int], Round]]:
    def run(kind: str, threads: int, store: str) -> Callable[[int], Round]:
        return lambda n: peer.round(kind, f"{kind}-{threads}-{store}-{n}", bench.plan.events, threads, store=store)

    return {
        "Kafka Streams, 1 thread": run("dispatch", 1, "mem"),
        "Kafka Streams, 2 threads": run("dispatch", 2, "mem"),
        "Kafka Streams' ceiling, 2 threads": run("pass", 2, "mem"),
    }


def compared(bench: Bench, sides: dict[str, Side]) -> None:
    one, two, ceiling = (sides[n] for n in ("we, one worker", "we, two workers", "our ceiling, one process"))
    share = ratio(one, ceiling)
    bench.goal("one worker by our ceiling", str(share), ">= 0.55", share.median >= 0.55)
    theirs = [side for name, side in sides.items() if name.startswith("Kafka Streams,")]
    if not theirs:
        return
    best = max(theirs, key=lambda side: side.rate)
    for name, side, per_core, wanted in (
        ("one worker", one, False, 1.0),
        ("two workers", two, False, 1.5),
        ("one worker, per core used,", one, True, 1.6),
    ):
        figure = ratio(side, best, per_core=per_core)
        bench.goal(f"{name} by the best of Kafka Streams", str(figure), f">= {wanted}", figure.median >= wanted)
    figure = ratio(ceiling, sides["Kafka Streams' ceiling, 2 threads"])
    bench.say(f"our ceiling (one process) by Kafka Streams' (2 threads): {figure}")


def pythons(bench: Bench) -> None:
    """Quix Streams and Faust beside one worker of ours, which thinks; they look up what to write."""
    if bench.python is None:
        return
    plan, python = bench.plan, bench.python
    told: dict[str, object] = {"rules": bench.load.rules, "partitions": bench.load.partitions}
    names = {
        "Quix Streams, exactly once": "quix_peer",
        "Faust agent, at least once": "faust_peer",
    }
    sides = {name: Side(name) for name in ("we, one worker", *names)}
    with Workers("dispatch", bench.bootstrap, told) as workers:
        run = _round_of(bench, workers, "beside-python")
        for number in range(max(1, plan.rounds // 2)):
            sides["we, one worker"].rounds.append(run(number))
            for name, program in names.items():
                try:
                    one = python_peers.peers_round(
                        python, program, bench.bootstrap, bench.folder / "peer", f"{program}-{number}",
                        plan.python_events,
                    )  # fmt: skip
                except NoPeer as problem:
                    bench.say(f"skipped: {name}: {problem}")
                else:
                    sides[name].rounds.append(one)
    bench.say()
    bench.say("what a Python team would pick: the same incidents and outputs, no rules on their side")
    for side in sides.values():
        if side.rounds:
            bench.say(side.line())
    if sides["Quix Streams, exactly once"].rounds:
        figure = ratio(sides["we, one worker"], sides["Quix Streams, exactly once"])
        bench.goal("one worker by Quix Streams", str(figure), ">= 2", figure.median >= 2)


def county(bench: Bench, real: County) -> None:
    """Real workers: idle, then intake and dispatch of real messages with the profile."""
    plan = bench.plan
    rest = real.idle(4, plan.idle)
    bench.say()
    bench.say("real workers, the county's rules")
    bench.goal("idle worker, share of a core", f"{rest.share:.1%}", "<= 1 %", rest.share <= 0.01)
    bench.goal("idle worker, resident", f"{rest.megabytes:.0f} MB", "<= 150 MB", rest.megabytes <= 150)
    side = Side("intake + dispatch, one worker")
    for _ in range(max(1, plan.rounds // 2)):
        side.rounds.append(real.through(plan.county))
    rates = ", ".join(f"{each.rate:,.0f}/s on {each.cores:.2f} cores" for each in side.rounds)
    bench.say(f"  {side.name}: {whose_texts()} messages of {real.characters:.0f} characters: {rates}")
    figure = side.per_core
    bench.goal("intake + dispatch, county rules", f"{figure:,.0f} reports/s a core", ">= 6,000", figure >= 6_000)
    profile = bench.folder / "profile"
    real.through(max(1_000, plan.county // 2), profile)
    bench.say("  where a worker's time goes (share of own time, the profiler's own cost included):")
    for room, share in shares(profile):
        bench.say(f"    {room:34s} {share:5.0%}")


def latency(bench: Bench, real: County) -> None:
    """Publication to assignment over both hops, ours and Kafka Streams' at its best commit interval."""
    plan = bench.plan
    bench.say()
    bench.say("publication to assignment over both hops, read committed, one worker or one JVM of 2 threads")
    with real.worker():
        real.latency(1_000, 2 * plan.seconds, 0, placed=True)  # a broker's code for short transactions is cold
        # the hop more before the rates that a worker may not keep up with: what they leave behind takes minutes
        passed = real.latency(min(1_000, plan.rates[-1]), plan.seconds, 3, placed=False)
        ours = {rate: real.latency(rate, plan.seconds, 3, placed=True) for rate in plan.rates}
    for told in ours.values():
        bench.say(told.line("we, county rules, real messages"))
    bench.say(passed.line("we, keyed as channels do: a hop more"))
    with bench.peer() as peer:
        if peer:
            at = min(1_000, max(plan.rates))
            tried = {ms: streams_latency(peer, bench.load, bench.connection, at, 4, 4, ms).p99 for ms in COMMITS}
            best = min(tried, key=lambda ms: tried[ms])
            for rate in plan.rates:
                told = streams_latency(peer, bench.load, bench.connection, rate, plan.seconds, 3, best)
                bench.say(told.line(f"Kafka Streams, commit {best} ms"))
    if 1_000 in ours:
        figure = ours[1_000].p99
        bench.goal("p99 over both hops at 1,000/s", f"{figure:,.0f} ms", "<= 80 ms", figure <= 80)


def run(plan: Plan) -> Page:
    settings = Settings()
    page = Page(plan.name, PACKAGES, f"Kafka 4.3.1, {streams_peer.VERSIONS}, {python_peers.VERSIONS}")
    page.begin()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classes = _present(page, "Kafka Streams", lambda: streams_peer.build(settings.cache_dir))
        python = _present(page, "Quix Streams and Faust", lambda: python_peers.install(settings.cache_dir))
        load = Load(partitions=PARTITIONS)
        load.write(folder / "peer")
        broker = start_broker(
            folder / "broker", cache_dir=settings.cache_dir, ephemeral=True, leash=True, overrides=TOGETHER
        )
        try:
            bench = Bench(plan, page, broker.bootstrap, folder, load, classes, python)
            page.say(f"load of the machine before: {os.getloadavg()[0]:.1f}; {plan.events:,} events a round")
            asyncio.run(load.prepare(bench.connection, plan.events))
            real = County(broker.bootstrap, folder, PARTITIONS)
            real.prepare()
            throughput(bench)
            county(bench, real)
            latency(bench, real)
            pythons(bench)
            if plan.grow:
                growth.measure(page, broker.bootstrap, folder)
        finally:
            broker.stop()
    page.say("")
    page.say(f"load of the machine after: {os.getloadavg()[0]:.1f}; all in {time.monotonic() - began:.0f} s")
    return page


def _present(page: Page, name: str, make: Callable[[], T]) -> T | None:
    try:
        return make()
    except NoPeer as problem:
        page.say(f"skipped: {name}: {problem}")
        return None


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer events and rounds, no growth")
    arguments.add_argument("--trial", action="store_true", help="a few events, to see that everything runs")
    arguments.add_argument("--write", type=Path, help="put what was printed on this page of the documents")
    given = arguments.parse_args()
    printed = run(TRIAL if given.trial else QUICK if given.quick else LONG)
    if given.write:
        printed.write(given.write)
