"""The HTTP side of a process, over a real socket."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from incidentbus.telemetry.http import HealthCheck, HealthReport, HealthServer
from incidentbus.telemetry.prometheus import PrometheusMeter, registry_of


class Process:
    """What a worker would be asked."""

    def __init__(self) -> None:
        self.alive = True
        self.ready = True

    def report(self) -> HealthReport:
        return HealthReport(
            (HealthCheck("progress", self.alive),), (HealthCheck("tasks", self.ready, "3 of 4 restored"),)
        )


@pytest.fixture
async def served() -> AsyncIterator[tuple[Process, PrometheusMeter, str]]:
    process, meter = Process(), PrometheusMeter()
    server = HealthServer("127.0.0.1", 0, registry_of(meter), process.report)
    port = await server.start()
    yield process, meter, f"http://127.0.0.1:{port}"
    await server.stop()
    await server.stop()


async def get(address: str, accept: str = "") -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(address, headers={"Accept": accept}) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_metrics_are_in_whichever_format_was_asked(served: tuple[Process, PrometheusMeter, str]) -> None:
    _, meter, address = served
    meter.count("incidentbus_fences_total", stage="intake")
    status, content_type, text = await get(f"{address}/metrics")
    assert (status, content_type.split(";")[0]) == (200, "text/plain")
    assert 'incidentbus_fences_total{stage="intake"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    _, content_type, text = await get(f"{address}/metrics", "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_a_process_that_restores_is_alive_but_not_ready(served: tuple[Process, PrometheusMeter, str]) -> None:
    process, _, address = served
    process.ready = False
    assert (await get(f"{address}/healthz"))[0] == 200
    status, content_type, text = await get(f"{address}/readyz")
    assert (status, content_type) == (503, "application/json")
    assert "3 of 4 restored" in text


async def test_a_process_that_stands_still_is_neither(served: tuple[Process, PrometheusMeter, str]) -> None:
    process, _, address = served
    assert (await get(f"{address}/readyz"))[0] == 200
    process.alive = False
    assert (await get(f"{address}/healthz"))[0] == 503
    assert (await get(f"{address}/readyz"))[0] == 503


async def test_a_port_that_is_taken_is_named_with_the_setting_that_moves_it(
    served: tuple[Process, PrometheusMeter, str],
) -> None:
    port = int(served[2].rsplit(":", 1)[1])
    with pytest.raises(OSError, match=f"127.0.0.1:{port}.*INCIDENTBUS_METRICS_PORT"):
        await HealthServer("127.0.0.1", port, registry_of(PrometheusMeter()), HealthReport).start()
