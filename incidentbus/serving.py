"""A worker process: services in a plain mode worker (a Faust app with nothing to subscribe to crashes), and its pages.

SIGTERM and Ctrl-C finish the turns in hand and leave the group; a second one does nothing more.
"""

import asyncio
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import structlog
import uvloop
from mode import Service, Worker

from incidentbus.assembly import GateService, build_services
from incidentbus.memory import keep_freed_memory
from incidentbus.settings import Settings
from incidentbus.telemetry.http import HealthCheck, HealthReport, HealthServer
from incidentbus.telemetry.prometheus import PrometheusMeter, registry_of
from streams.gate import StartRefused
from streams.rulesets import HeldRuleset

log: Final = structlog.get_logger("worker")


class NotStarted(Exception):
    """A worker can't run as it is set, or on topics as they are: the message is the sentence for who set it."""


class PagesService(Service):
    """`/metrics`, `/healthz`, `/readyz` as a service of the worker."""

    def __init__(self, server: HealthServer) -> None:
        self._server = server
        super().__init__()

    async def on_start(self) -> None:
        """Listen."""
        try:
            port = await self._server.start()
        except OSError as error:
            raise NotStarted(f"INCIDENTBUS_METRICS_HOST, _PORT: {error}") from error
        log.info("pages", port=port)

    async def on_stop(self) -> None:
        """Listen no more."""
        await self._server.stop()


class WorkerProcess(Worker):
    """The worker that hosts the services; `left` is set once all of them have stopped."""

    def __init__(self, *services: Service, **options: Any) -> None:
        super().__init__(*services, **options)
        self.left = asyncio.Event()

    async def on_shutdown(self) -> None:
        """Note that everything has stopped."""
        self.left.set()


def serve(settings: Settings, stages: Sequence[str]) -> None:
    """Run a worker with these stages until it is told to stop.

    Raises `NotStarted`, aiokafka's errors where no broker answers, or whatever the worker crashed with.
    """
    keep_freed_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, stages))


async def _serve(settings: Settings, stages: Sequence[str]) -> None:
    meter = PrometheusMeter()
    meter.set("incidentbus_worker_info", 1, version=version("incidentbus"), stages=",".join(stages))
    services, held, gates = _built(settings, stages, meter)

    def health() -> HealthReport:
        return _health(held, gates)

    pages = HealthServer(settings.metrics_host, settings.metrics_port, registry_of(meter), health)
    worker = WorkerProcess(
        PagesService(pages), *services, override_logging=False, redirect_stdouts=False, quiet=True,
        loop=asyncio.get_running_loop(),
    )  # fmt: skip
    log.info("worker starts", stages=list(stages), broker=settings.bootstrap_servers)
    try:
        await worker.start()
    except StartRefused as error:
        raise NotStarted(str(error)) from error
    finally:
        await worker.stop()
        await worker.left.wait()  # a stop that a signal began goes on beside us
    if worker.crash_reason is not None:
        raise worker.crash_reason
    log.info("worker left")


def _built(
    settings: Settings, stages: Sequence[str], meter: PrometheusMeter
) -> tuple[list[Service], HeldRuleset, list[GateService]]:
    try:
        return build_services(settings, stages, meter)
    except ValueError as error:  # a ruleset that doesn't load, fault points that nobody has
        raise NotStarted(str(error)) from error


def _health(held: HeldRuleset, gates: Sequence[GateService]) -> HealthReport:
    in_force = held.current()
    version = in_force.compiled.ruleset.version if in_force else "none yet"
    ready = [HealthCheck("ruleset", in_force is not None, version)]
    for gate in gates:
        tasks = gate.runner.tasks
        doing = ", ".join(f"{p}: {what}" for p, what in sorted(tasks.items())) or "no task assigned"
        ready.append(HealthCheck(f"stage {gate.stage_name}", gate.runner.ready, doing))
    return HealthReport(alive=(HealthCheck("process", ok=True),), ready=tuple(ready))
