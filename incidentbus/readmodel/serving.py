"""The follower as a process: reads on until told to stop, with /metrics, /healthz and /readyz of its own."""

import asyncio
import signal
from collections.abc import Mapping
from typing import Final

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from contracts.telemetry import Meter
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.readmodel.following import FRESH_MS, Feed, follow
from incidentbus.readmodel.store import ReadModelUnfit, Store, engine_of
from incidentbus.settings import Settings
from incidentbus.telemetry.http import HealthCheck, HealthReport, HealthServer
from incidentbus.telemetry.prometheus import PrometheusMeter, registry_of

log: Final = structlog.get_logger("readmodel")
_AGAIN_S: Final = 2.0
_SAY_EVERY_MS: Final = 30_000


class Telling:
    """Tells Prometheus and the log how far the follower is."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._clock = SystemClock()
        self._said_ms = 0
        self.whole_ms = 0
        self.left = 0

    def tell(self, feed: Feed, behind: Mapping[str, int], whole: bool) -> None:  # a port's shape
        """Take in how far behind each topic is."""
        now, self.left = self._clock.now_ms(), sum(behind.values())
        for topic, left in behind.items():
            self._meter.set("incidentbus_readmodel_behind_offsets", left, topic=topic)
        if whole:
            self.whole_ms = now
            self._meter.set("incidentbus_readmodel_whole_timestamp_seconds", now / 1000)
        if now - self._said_ms >= _SAY_EVERY_MS:
            self._said_ms = now
            log.info("follows", taken=feed.taken, behind=self.left, unreadable=feed.unreadable)

    def health(self) -> HealthReport:
        """Say that it lives, and whether it has all that there is."""
        fresh = self._clock.now_ms() - self.whole_ms <= 2 * FRESH_MS
        return HealthReport(
            alive=(HealthCheck("process", ok=True),),
            ready=(HealthCheck("whole", fresh, f"{self.left} offsets behind"),),
        )


def serve_readmodel(settings: Settings) -> None:
    """Follow until told to stop. Raises `ReadModelUnfit` where the database or the port can't be used."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    store = Store(engine_of(settings.readmodel), settings.topic_prefix)
    stop, meter = asyncio.Event(), PrometheusMeter()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    telling = Telling(meter)
    pages = HealthServer(settings.metrics_host, settings.readmodel_port, registry_of(meter), telling.health)
    try:
        if await asyncio.to_thread(store.open):
            log.warning("the tables were an earlier version's: read anew from the beginning")
        try:
            port = await pages.start()
        except OSError as error:
            raise ReadModelUnfit(f"INCIDENTBUS_METRICS_HOST, INCIDENTBUS_READMODEL_PORT: {error}") from error
        log.info("read model starts", port=port, broker=settings.bootstrap_servers)
        await _follow(settings, store, stop, telling)
    finally:
        await pages.stop()
        store.close()
    log.info("read model left")


async def _follow(settings: Settings, store: Store, stop: asyncio.Event, telling: Telling) -> None:
    """Follow; where the broker or the database is away for a while, go on from where the tables are."""
    connection = connection_of(settings, "incidentbus-readmodel")
    while not stop.is_set():
        try:
            await follow(connection, settings.topics(), store, SystemClock(), stop, telling.tell)
        except (KafkaError, OSError, DBAPIError) as error:
            if telling.whole_ms == 0 and isinstance(error, KafkaError):
                raise
            log.warning("away; tries again", why=type(error).__name__)
            await asyncio.sleep(_AGAIN_S)
