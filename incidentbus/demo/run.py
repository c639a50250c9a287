"""One run of the demo, from a broker to the verdict. Whatever happens, what was started is ended, Ctrl-C included."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.kafka.clients import Connection
from connectors.kafka.embedded import EmbeddedBroker, start_broker
from connectors.kafka.publisher import Publisher, open_publisher, report
from incidentbus.clock import utc_now
from incidentbus.demo.corpus import Telling, corpus
from incidentbus.demo.fleet import Fleet
from incidentbus.interrupting import insistently
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings
from incidentbus.witness import Ledger, TopicReader, Verdict, judge
from streams.gate.mending import MendingConsumer

WORKERS: Final = 2
PARTITIONS: Final = 4
STALLED_SECONDS: Final = 45.0
SETTLE_SECONDS: Final = 1.5  # after all is there: room for a duplicate to show
_AT_ONCE: Final = 64


class DemoFailed(Exception):
    """The run could not be carried out; the message says what to look at."""


@dataclass(slots=True)
class Run:
    """What one run has: its broker, its workers, what was published, and what the witness saw."""

    settings: Settings
    console: Console
    directory: Path
    keep: bool = False
    broker: EmbeddedBroker | None = None
    fleet: Fleet | None = None
    ledger: Ledger = field(default_factory=Ledger)
    assignments: TopicReader | None = None
    decisions: TopicReader | None = None
    incidents: TopicReader | None = None
    dead: TopicReader | None = None

    @property
    def connection(self) -> Connection:
        """Return how this run's broker is reached."""
        return Connection(self.settings.bootstrap_servers, "incidentbus-demo")

    @property
    def readers(self) -> tuple[TopicReader, ...]:
        """Return the witness's readers."""
        return tuple(reader for reader in (self.assignments, self.decisions, self.incidents, self.dead) if reader)

    def verdict(self) -> Verdict:
        """Judge what was seen so far."""
        seen = [reader.seen if reader else [] for reader in (self.assignments, self.decisions, self.dead)]
        return judge(self.ledger, *seen)


@asynccontextmanager
async def a_run(settings: Settings, console: Console, directory: Path, *, keep: bool) -> AsyncIterator[Run]:
    """Open a run: broker, topics, ruleset in force, workers. At the end everything is stopped, unless `keep`."""
    run = Run(settings, console, directory, keep)
    done = False
    try:
        await _start(run)
        yield run
        done = True
    finally:
        for reader in run.readers:
            await reader.stop()
        if not (keep and done):
            await asyncio.to_thread(_stop, run)


async def _start(run: Run) -> None:
    shutil.rmtree(run.directory, ignore_errors=True)  # a run counts its own records, never those of the one before
    with bars(run.console) as shown:
        task = shown.add_task("Kafka: the broker", total=None)

        def told(done: int, total: int, name: str) -> None:
            shown.update(task, description=f"Kafka: fetching {name}", completed=done, total=total)

        run.broker = await asyncio.to_thread(
            start_broker, run.directory / "broker", cache_dir=run.settings.cache_dir, ephemeral=not run.keep,
            leash=not run.keep, quick=True, progress=told,
        )  # fmt: skip
        run.settings = run.settings.model_copy(
            update={"bootstrap_servers": run.broker.bootstrap, "partitions": PARTITIONS}
        )
        shown.update(task, description=f"Kafka: ready at {run.broker.bootstrap}", total=1, completed=1)
        task = shown.add_task("topics, and the ruleset in force", total=1)
        author = Author("demo", "the demo's ruleset")
        work = publish(run.settings.ruleset_dir, run.connection, run.settings.topics(), 1, author, utc_now())
        done = await insistently(work)
        told_of = f"{len(done.new_topics)} topics; ruleset {done.ruleset} {done.version} in force"
        shown.update(task, description=told_of, completed=1)
    run.fleet = Fleet(_environment(run.settings), run.directory / "logs")
    for _ in range(WORKERS):
        run.fleet.start("intake,dispatch")
    run.fleet.start("feedback,supervise", INCIDENTBUS_FAULT_CLOCK=str(run.directory / "hurried-clock"))


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "INCIDENTBUS_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "INCIDENTBUS_PARTITIONS": str(settings.partitions),
        "INCIDENTBUS_RULESET_DIR": str(settings.ruleset_dir),
        "INCIDENTBUS_METRICS_PORT": "0",
        "INCIDENTBUS_LOG_FORMAT": "json",
    }


def _stop(run: Run) -> None:
    if run.fleet is not None:
        run.fleet.stop()
    if run.broker is not None:
        run.broker.stop()


async def publish_all(run: Run) -> None:
    """Publish the corpus, acknowledged, and enter it in the ledger."""
    told = corpus()
    room = asyncio.Semaphore(_AT_ONCE)
    with bars(run.console) as shown:
        task = shown.add_task("publishing reports of four channels", total=len(told))
        async with open_publisher(run.connection) as publisher:

            async def one(telling: Telling) -> None:
                async with room:
                    await _publish_one(run, publisher, telling)
                    shown.advance(task)

            # one after another within an id: the order of tellings is part of what is shown
            for start in range(0, len(told), _AT_ONCE):
                await asyncio.gather(*(one(telling) for telling in told[start : start + _AT_ONCE]))


async def _publish_one(run: Run, publisher: Publisher, telling: Telling) -> None:
    topics = run.settings.topics()
    partition = telling.partition(PARTITIONS)
    outgoing = report(topics, telling.channel, telling.external_id, telling.payload, utc_now(), partition=partition)
    placed = await publisher.publish(outgoing)
    run.ledger.note(telling.channel, telling.external_id, (placed.topic, placed.partition, placed.offset))


async def witness_all(run: Run, *, settled: bool = False) -> Verdict:
    """Read the agencies' topics until everything published is accounted for, or nothing moves any more.

    `settled`: all has been decided before; what is not there now will not come.
    """
    options = run.connection.options()
    prefix = run.settings.topic_prefix.replace(".", r"\.")
    run.assignments = TopicReader(prefix + r"agency\..+\.assignments\.v1", options, MendingConsumer)
    run.decisions = TopicReader(prefix + r"bus\.decisions\.v1", options, MendingConsumer)
    run.incidents = TopicReader(prefix + r"bus\.incidents\.v1", options, MendingConsumer)
    run.dead = TopicReader(prefix + r"(channel|bus)\..+\.dlq", options, MendingConsumer)  # agencies' facts are theirs
    for reader in run.readers:
        await reader.start()
    with bars(run.console) as shown:
        total = len(run.ledger.matters())
        task = shown.add_task("reports at their lead agency", total=total)
        moved = time.monotonic()
        while True:
            new = sum([await reader.catch_up() for reader in run.readers])
            verdict = run.verdict()
            shown.update(task, completed=total - sum("no lead" in lost for lost in verdict.lost))
            now = time.monotonic()
            moved = now if new else moved
            if now - moved > (SETTLE_SECONDS if settled or not verdict.lost else STALLED_SECONDS):
                return verdict
            workers_live(run)


def workers_live(run: Run) -> None:
    """Raise `DemoFailed` with the last lines of a worker that ended by itself."""
    dead = run.fleet.dead() if run.fleet else []
    if dead:
        tail = dead[0].log.read_text("utf-8", "replace").splitlines()[-12:]
        raise DemoFailed("a worker ended by itself; its last lines:\n  " + "\n  ".join(tail))


def bars(console: Console) -> Progress:
    """Return progress bars as the demo draws them."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)
