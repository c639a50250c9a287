"""The watch: a doctor that stays. Agencies' lag is measured again and again and everything else asked now and then, and
both are told to Prometheus. One process a deployment is enough; a second one does no harm.

It writes nothing but `doctor`'s probe, holds no partitions and is in nobody's way: a bus without it works as well, but
nobody is told when an agency doesn't read.
"""

import asyncio
import signal
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from connectors.kafka.unread import UnreadLook
from contracts.telemetry import Meter
from incidentbus.agencylag import agency_lags, hide, show
from incidentbus.examining import CHECKS, Patient, agencies_of, examine, insisted, patient_of
from incidentbus.settings import Settings
from incidentbus.telemetry.http import HealthCheck, HealthReport, HealthServer
from incidentbus.telemetry.prometheus import PrometheusMeter, registry_of

log: Final = structlog.get_logger("watch")
ROUNDS_AN_EXAMINATION: Final = 10
_LATE: Final = 3  # intervals without a look, after which it is not ready


class NotWatching(Exception):
    """The watch can't run as it is set: the message is the sentence for who set it."""


class Watch:
    """What is looked at, and when it was last seen."""

    def __init__(self, patient: Patient, meter: Meter) -> None:
        self._patient = patient
        self._meter = meter
        self._look = UnreadLook(patient.connection)
        self._agencies: tuple[str, ...] = ()
        self._rounds = 0
        self.seen_ms = 0

    async def round(self) -> None:
        """Measure every agency; each tenth time, the first one among them, ask all of the doctor's questions too."""
        if self._rounds % ROUNDS_AN_EXAMINATION == 0:
            self._agencies = agencies_of(self._patient)
            await self._examine()
        self._rounds += 1
        patient, now = self._patient, self._patient.clock.now_ms()
        try:
            lags = await insisted(
                lambda: agency_lags(self._look, patient.connection, patient.topics, self._agencies, now)
            )
        except (KafkaError, OSError, TimeoutError) as error:
            hide(self._meter)
            log.warning("agencies can't be looked at", why=type(error).__name__)
            return
        show(self._meter, lags)
        self._meter.set("incidentbus_watch_timestamp_seconds", now / 1000)
        self.seen_ms = now
        for lag in lags:
            if not lag.right:
                log.error("an agency may lose what it has not read", agency=lag.agency, what=lag.told())

    async def _examine(self) -> None:
        answers = await examine(self._patient)
        for answer in answers:
            if answer.about in CHECKS:
                self._meter.set("incidentbus_check_passed", int(answer.right), check=answer.about)
            if not answer.right:
                log.warning("not right", about=answer.about, found=answer.found, cure=answer.cure)

    def health(self, late_ms: float) -> HealthReport:
        """Say that it lives, and whether it has looked lately."""
        ago = self._patient.clock.now_ms() - self.seen_ms
        looked = HealthCheck("agencies", ago < late_ms, f"{ago / 1000:.0f} s ago" if self.seen_ms else "not yet")
        return HealthReport(alive=(HealthCheck("process", ok=True),), ready=(looked,))


def watch(settings: Settings) -> None:
    """Watch until told to stop. Raises `NotWatching` where the port is taken."""
    asyncio.run(_watch(settings))


async def _watch(settings: Settings) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, told_to_stop.set)
    meter = PrometheusMeter()
    watching = Watch(patient_of(settings, "incidentbus-watch"), meter)
    late_ms = _LATE * settings.watch_interval * 1000
    pages = HealthServer(
        settings.metrics_host, settings.watch_port, registry_of(meter), lambda: watching.health(late_ms)
    )
    try:
        port = await pages.start()
    except OSError as error:
        where = f"{settings.metrics_host}:{settings.watch_port}"
        raise NotWatching(f"{where} is taken or not ours; set INCIDENTBUS_WATCH_PORT (0 takes a free one)") from error
    log.info("watch starts", port=port, broker=settings.bootstrap_servers)
    try:
        while not told_to_stop.is_set():
            looking = asyncio.ensure_future(watching.round())
            await _either(looking, told_to_stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(told_to_stop.wait(), settings.watch_interval)
    finally:
        await pages.stop()
    log.info("watch left")


async def _either(looking: asyncio.Future[None], told_to_stop: asyncio.Event) -> None:
    """Wait for a look, or for the word to stop, which ends it."""
    stop = asyncio.ensure_future(told_to_stop.wait())
    both: set[asyncio.Future[Any]] = {looking, stop}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not looking.done():
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        return
    looking.result()
