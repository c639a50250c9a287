"""The demo goes on to the end: simulated agencies work, and time passes at a pace that lets one watch deadlines pass.

The clock of the workers that follow cases is set forward by a file, half a day at a time; the broker's is not. Whoever
has forgotten a case is reminded, supervised, escalated, and works it off then. Ends when every case is over.
"""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError

from connectors.kafka.publisher import Publisher, open_publisher
from incidentbus.clock import utc_now
from incidentbus.demo.agencies import Followed, SimulatedAgencies
from incidentbus.demo.run import DemoFailed, Run, bars, workers_live
from incidentbus.witness import TopicReader
from routing_rules.engine.loader import load_directory
from streams.gate.mending import MendingConsumer

STEP: Final = timedelta(hours=12)
EVERY_SECONDS: Final = 0.12
LONGEST: Final = timedelta(days=150)
_FIRST_SECONDS: Final = 1.0  # what is done at once is done before time is hurried
_STALLED_SECONDS: Final = 15.0


def clock_file(run: Run) -> Path:
    """Return the file by which the followers' clock is set forward."""
    return run.directory / "hurried-clock"


async def follow_all(run: Run) -> Followed:
    """Let every case live to its end. Raises `DemoFailed` where nothing moves any more."""
    loaded = load_directory(run.settings.ruleset_dir)
    if loaded.ruleset is None:
        raise DemoFailed("the ruleset doesn't load")
    agencies = SimulatedAgencies(run.settings.topics(), loaded.ruleset)
    prefix = run.settings.topic_prefix.replace(".", r"\.")
    options = run.connection.options()
    assignments = TopicReader(prefix + r"agency\..+\.assignments\.v1", options, MendingConsumer)
    lifecycle = TopicReader(prefix + r"bus\.lifecycle\.v1", options, MendingConsumer)
    try:
        await assignments.start()
        await lifecycle.start()
        async with open_publisher(run.connection) as publisher:
            await _live(run, agencies, publisher, (assignments, lifecycle))
    except KafkaError as error:
        raise DemoFailed(f"the cases can't be followed: {type(error).__name__}") from error
    finally:
        await assignments.stop()
        await lifecycle.stop()
    return agencies.followed


async def _live(
    run: Run, agencies: SimulatedAgencies, publisher: Publisher, readers: tuple[TopicReader, TopicReader]
) -> None:
    followed, read = agencies.followed, dict.fromkeys(readers, 0)
    began = moved = stepped = time.monotonic()
    passed = timedelta()
    with bars(run.console) as shown:
        task = shown.add_task("cases followed to their end", total=None)
        while not followed.opened or len(followed.closed) < len(followed.opened):
            told = []
            for reader in readers:
                await reader.catch_up(20)
                for seen in reader.seen[read[reader] :]:
                    told += agencies.heed(seen, utc_now())
                read[reader] = len(reader.seen)
            await agencies.tell(publisher, told)
            now = time.monotonic()
            moved = now if told else moved
            if not told and now - began > _FIRST_SECONDS and now - stepped > EVERY_SECONDS and passed < LONGEST:
                passed, stepped = passed + STEP, now
                await asyncio.to_thread(clock_file(run).write_text, str(passed.total_seconds()), "utf-8")
            days = f"cases followed to their end; day {passed.days + 1}"
            shown.update(task, description=days, completed=len(followed.closed), total=len(followed.opened) or None)
            if passed >= LONGEST and now - moved > _STALLED_SECONDS:
                raise DemoFailed(_told_open(followed, passed.days))
            workers_live(run)


def _told_open(followed: Followed, days: int) -> str:
    still = followed.open
    first = [
        f"  {each.incident}: {each.status}, with {each.lead}, last {each.fact} by {each.by or 'bus'}"
        for each in still[:8]
    ]
    return "\n".join([f"{len(still)} cases are still open after {days} days:", *first])
