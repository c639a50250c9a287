"""`/metrics`, `/healthz` and `/readyz` of one process: loopback unless an operator says otherwise.

*Alive* means that no task has stood still for too long: what is not alive should be ended and started anew. *Ready*
means that it does its work: tasks restored, a ruleset in force.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_UNWELL: Final = 503


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One question put to the process. `detail` is for people and holds no personal data."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The answers. `alive` concerns `/healthz`, `ready` concerns `/readyz`, which wants both."""

    alive: tuple[HealthCheck, ...] = ()
    ready: tuple[HealthCheck, ...] = ()


class HealthServer:
    """The HTTP side of a process. `health` is asked at each request and must answer at once."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, health: Callable[[], HealthReport]) -> None:
        self._host, self._port = host, port
        self._registry, self._health = registry, health
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen, and return the port (a free one where 0 was asked). Raises `OSError` saying which port is taken."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
            ]
        )
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            told = f"{self._host}:{self._port} is taken or not ours; set INCIDENTBUS_METRICS_PORT (0 takes a free one)"
            raise OSError(error.errno, told) from error
        self._runner = runner
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Listen no more; a second time does nothing."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})

    async def _healthz(self, _: web.Request) -> web.Response:
        return _answer(self._health().alive)

    async def _readyz(self, _: web.Request) -> web.Response:
        report = self._health()
        return _answer((*report.alive, *report.ready))


def _answer(checks: tuple[HealthCheck, ...]) -> web.Response:
    well = all(check.ok for check in checks)
    body = {"status": "ok" if well else "unwell", "checks": [asdict(check) for check in checks]}
    return web.Response(
        body=orjson.dumps(body), status=web.HTTPOk.status_code if well else _UNWELL, content_type="application/json"
    )
