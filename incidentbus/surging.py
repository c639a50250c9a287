"""The surge observer's process: the Faust app as a service of a worker of its own, and its pages.

It keeps no promise and decides nothing (DESIGN D4): where it doesn't run, cases go their way and no surge is told.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Final

import structlog
import uvloop
from aiokafka.errors import KafkaError
from mode import Service

from connectors.kafka.clients import admin
from contracts.ports import Clock
from contracts.telemetry import Meter
from contracts.topics import Topics
from incidentbus.assembly import crash
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.memory import keep_freed_memory
from incidentbus.serving import NotStarted, PagesService, WorkerProcess
from incidentbus.settings import Settings
from incidentbus.telemetry.http import HealthCheck, HealthReport, HealthServer
from incidentbus.telemetry.prometheus import PrometheusMeter, registry_of
from streams.app import OBSERVER, ObserverApp, create_app

log: Final = structlog.get_logger("worker")
UNSETTLED_SECONDS: Final = 30.0
"""Faust now and then never comes to its tables where its predecessor was killed: the process ends, to be
started anew."""
_LOOK_SECONDS: Final = 1.0
_SPINE: Final = ("incidents", "incidents.dlq", "directives", "surge-sightings", "surge-sightings.dlq", "surge-state")


def build_surge_services(settings: Settings, meter: Meter, clock: Clock | None = None) -> Sequence[ObserverApp]:
    """Return the observers as services for a mode worker. To be called where the loop runs."""
    connection = connection_of(settings)
    datadir = settings.run_dir / OBSERVER
    datadir.mkdir(parents=True, exist_ok=True)  # Faust makes the last folder only
    app = create_app(
        connection.bootstrap, settings.topics(), clock or SystemClock(), meter, group_prefix=settings.runtime_prefix,
        datadir=datadir, security=connection.security, session_seconds=settings.session_timeout,
    )  # fmt: skip
    return [app]


async def check_topics(settings: Settings) -> None:
    """Raise `NotStarted` where a topic of the observer is missing or has another partition count than it expects."""
    topics = settings.topics()
    wanted = {_named(topics, noun): topics.spine for noun in _SPINE} | {topics.bus("surges"): 1}
    async with admin(connection_of(settings)) as client:
        there = {each["topic"]: len(each["partitions"]) for each in await client.describe_topics()}
    missing = sorted(wanted.keys() - there.keys())
    if missing:
        raise NotStarted(f"topics are missing: {', '.join(missing)}; `incidentbus topics apply` makes them")
    for name, partitions in wanted.items():
        if there[name] != partitions:
            raise NotStarted(f"{name} has {there[name]} partitions, this worker expects {partitions}")


class SettledWatch(Service):
    """Tells how far the apps are behind, and ends the process where one has not settled for too long."""

    def __init__(self, apps: Sequence[ObserverApp], meter: Meter, exit_process: Callable[[str], None]) -> None:
        self._apps = apps
        self._meter = meter
        self._exit = exit_process
        super().__init__()

    @Service.task
    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        settled = loop.time()
        while not self.should_stop:
            await self.sleep(_LOOK_SECONDS)
            if all(app.settled() for app in self._apps):
                settled = loop.time()
                await self._tell()
            elif loop.time() - settled > UNSETTLED_SECONDS:
                self._exit(f"the observer has not settled for {UNSETTLED_SECONDS:.0f} s")
                return

    async def _tell(self) -> None:
        with suppress(KafkaError, TimeoutError):  # a rebalance took the partitions away meanwhile
            async with asyncio.timeout(UNSETTLED_SECONDS):
                for app in self._apps:
                    for topic, left in (await app.behind()).items():
                        self._meter.set("incidentbus_surge_behind_offsets", left, topic=topic)


def _named(topics: Topics, noun: str) -> str:
    input_, dead, _ = noun.partition(".dlq")
    return topics.dead_letters(topics.bus(input_)) if dead else topics.bus(input_)


def serve_surge(settings: Settings) -> None:
    """Watch for surges until told to stop. Raises `NotStarted`, aiokafka's errors, or what the worker crashed with."""
    keep_freed_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    await check_topics(settings)
    meter = PrometheusMeter()
    meter.set("incidentbus_worker_info", 1, version=version("incidentbus"), stages=OBSERVER)
    apps = build_surge_services(settings, meter)
    port = settings.surge_port
    pages = HealthServer(settings.metrics_host, port, registry_of(meter), lambda: _health(apps))
    services: list[Service] = [PagesService(pages), SettledWatch(apps, meter, crash), *apps]
    worker = WorkerProcess(
        *services, override_logging=False, redirect_stdouts=False, quiet=True, loop=asyncio.get_running_loop()
    )
    log.info("worker starts", stages=[OBSERVER], broker=settings.bootstrap_servers)
    try:
        await worker.start()
    finally:
        await worker.stop()
        await worker.left.wait()
    crashed = worker.crash_reason or next((app.crash_reason for app in apps if app.crash_reason), None)
    if crashed is not None:
        raise crashed
    log.info("worker left")


def _health(apps: Sequence[ObserverApp]) -> HealthReport:
    ready = [HealthCheck(app.conf.id, app.settled(), "watching" if app.settled() else "joining") for app in apps]
    return HealthReport(alive=(HealthCheck("process", ok=True),), ready=tuple(ready))
