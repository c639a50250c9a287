"""Runs one row: ground, topics, ruleset, witnesses, workers; publish and act; settle; judge; keep the evidence."""

import asyncio
import os
import shutil
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

from connectors.kafka.clients import Connection
from incidentbus.clock import utc_now
from incidentbus.demo.fleet import Fleet
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings
from incidentbus.witness import Verdict
from tests.faults.harness.anew import decide_anew
from tests.faults.harness.evidence import keep
from tests.faults.harness.field import Field
from tests.faults.harness.outcome import Outcome
from tests.faults.harness.publisher import Publisher
from tests.faults.harness.scenario import Ground, OpenGround, Scenario, Size
from tests.faults.harness.watch import Watch, longest_stall

SEED = 20_260_512
ACT_WITHIN = 1_200.0
AFTER_FAILURE = 20.0
SAY_EVERY = 10.0


async def run_row(
    scenario: Scenario, size: Size, ground: OpenGround, directory: Path, say: Callable[[str], None], seed: int = SEED
) -> Outcome:
    """Run one row and return what came of it; whatever it started is ended. Logs stay only where it failed."""
    size = size._replace(reports=round(size.reports * scenario.share))
    outcome = Outcome(scenario.number, scenario.name, least=scenario.at_least(size), stall_limit=scenario.stall)
    outcome.skipped = scenario.unless() or ""
    if outcome.skipped:
        return outcome
    began = time.monotonic()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        async with (
            (scenario.ground or ground)(directory) as ready,
            _field(scenario, size, ready, directory, say, seed) as f,
        ):
            await _judged(f, outcome)
    except Exception as error:
        (directory / "failure.txt").write_text(traceback.format_exc(), "utf-8")
        outcome.problems.append(f"{type(error).__name__}: {error}"[:200])
    outcome.seconds = time.monotonic() - began
    if outcome.passed:
        shutil.rmtree(directory, ignore_errors=True)
    return outcome


@asynccontextmanager
async def _field(
    scenario: Scenario, size: Size, ground: Ground, directory: Path, say: Callable[[str], None], seed: int
) -> AsyncIterator[Field]:
    settings = Settings(
        bootstrap_servers=ground.bootstrap, topic_prefix=f"row{scenario.number}-{os.getpid()}.",
        partitions=scenario.partitions, replication_factor=ground.replication, run_dir=directory,
    )  # fmt: skip
    connection = Connection(ground.bootstrap, "witness")
    topics = settings.topics()
    await publish(settings.ruleset_dir, connection, topics, ground.replication, Author("tests"), utc_now())
    watch = Watch(connection, settings.topic_prefix)
    await watch.start()
    fleet = Fleet(_environment(scenario, settings, ground), directory / "logs")
    publisher = Publisher(connection, topics, scenario.load, scenario.rate(size), size.reports, seed)
    made = Field(scenario, size, settings, ground, fleet, publisher, watch, directory, Random(seed), say)
    try:
        yield made
    finally:
        for worker in fleet.workers:
            if made.frozen(worker):
                made.thaw(worker)
        await asyncio.to_thread(fleet.stop)
        await watch.stop()


def _environment(scenario: Scenario, settings: Settings, ground: Ground) -> dict[str, str]:
    return {
        "INCIDENTBUS_BOOTSTRAP_SERVERS": ground.workers or ground.bootstrap,
        "INCIDENTBUS_TOPIC_PREFIX": settings.topic_prefix,
        "INCIDENTBUS_PARTITIONS": str(settings.partitions),
        "INCIDENTBUS_METRICS_PORT": "0",
        "INCIDENTBUS_LOG_FORMAT": "json",
        **scenario.environment,
    }


async def _judged(field: Field, outcome: Outcome) -> None:
    try:
        await _act(field)
        verdict = await field.settle(field.scenario.settle)
    except Exception as error:
        # what was seen so far is still worth the witnesses' word
        outcome.problems.append(f"{type(error).__name__}: {error}"[:200])
        (field.directory / "failure.txt").write_text(traceback.format_exc(), "utf-8")
        verdict = await field.settle(AFTER_FAILURE)
    _fill(field, verdict, outcome)
    if not outcome.passed:
        await keep(field, verdict, outcome)


async def _act(field: Field) -> None:
    """Publish and act at once; the publisher ends after `act`, the directives after the publisher."""
    scenario = field.scenario
    if scenario.prepare is not None:
        await scenario.prepare(field)
    else:
        for _ in range(scenario.workers):
            field.start()
    publishing = asyncio.create_task(field.publisher.run())
    beside = [asyncio.create_task(_tend(field))]
    if scenario.load.anew:
        beside.append(asyncio.create_task(decide_anew(field, scenario.load.anew)))
    acting = asyncio.create_task(_begin_and_act(field))
    every = [publishing, acting, *beside]
    try:
        async with asyncio.timeout(ACT_WITHIN):
            waiting = {acting, *beside}
            while acting in waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            field.publisher.release()
            await publishing
            await _until_still(field)
    finally:
        for each in every:
            each.cancel()
        for each in every:
            with suppress(asyncio.CancelledError, Exception):
                await each


async def _begin_and_act(field: Field) -> None:
    """The load begins when assignments arrive: how long workers take to start is no fault's doing."""
    await field.until(lambda: bool(field.watch.seen("assignments")), 60.0, "a first assignment")
    field.publisher.begin()
    await field.scenario.act(field)


async def _until_still(field: Field) -> None:
    """Let directives go on until the first telling of everything has arrived; rounds follow it."""
    until = time.monotonic() + field.scenario.settle
    while time.monotonic() < until and time.monotonic() - field.watch.moved < 1.0:
        await asyncio.sleep(0.1)


async def _tend(field: Field) -> None:
    said, began = time.monotonic(), time.monotonic()
    while True:
        field.tend()
        await asyncio.sleep(0.2)
        if time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            published, seen = field.publisher.number, len(field.watch.seen("assignments"))
            field.say(
                f"   {field.scenario.name}: {said - began:.0f} s, {published} published, {seen} assignments, "
                f"{field.times}/{field.least} {field.scenario.counted}"
            )


def _fill(field: Field, verdict: Verdict, outcome: Outcome) -> None:
    leads, incidents = field.watch.first_leads()
    acknowledged = field.publisher.acknowledged
    outcome.times, outcome.crashes, outcome.notes = field.times, field.crashes, field.notes
    outcome.reports, outcome.assignments = len(field.publisher.ledger.published), verdict.assignments
    outcome.lost, outcome.duplicates = len(verdict.lost), len(verdict.duplicates)
    outcome.disordered, outcome.orphans = len(verdict.disordered), len(verdict.orphans)
    outcome.stall = longest_stall(acknowledged, leads)
    outcome.task_stall = max(map(_stall_of(acknowledged, leads), _by_task(field, leads, incidents)), default=0.0)
    if field.scenario.also is not None:
        outcome.problems += field.scenario.also(field)
    if verdict.strangers:
        outcome.problems.append(f"strangers={len(verdict.strangers)}")
    if outcome.times < outcome.least:
        outcome.problems.append(f"only {outcome.times} {field.scenario.counted} of {outcome.least}")
    if outcome.reports < field.size.reports * 0.99:
        outcome.problems.append(f"only {outcome.reports} reports were acknowledged")
    if outcome.stall_limit is not None and outcome.stall > outcome.stall_limit:
        outcome.problems.append(f"stall of {outcome.stall:.1f} s")


def _stall_of(acknowledged: dict[str, float], leads: dict[str, float]) -> Callable[[set[str]], float]:
    return lambda ids: longest_stall(acknowledged, {each: leads[each] for each in ids})


def _by_task(field: Field, leads: dict[str, float], incidents: dict[str, str]) -> list[set[str]]:
    tasks = field.watch.tasks()
    grouped: dict[int, set[str]] = {}
    for external_id in leads:
        grouped.setdefault(tasks.get(incidents[external_id], -1), set()).add(external_id)
    return list(grouped.values())
