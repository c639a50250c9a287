"""A worker process: it becomes ready, says so, and leaves cleanly when it is told to."""

import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.kafka.clients import Connection
from incidentbus.clock import utc_now
from incidentbus.demo.fleet import Fleet
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings


def page(log: Path, path: str) -> tuple[int, str]:
    ports = [fact["port"] for line in log.read_bytes().splitlines() if "port" in (fact := orjson.loads(line))]
    if not ports:
        return 0, ""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[-1]}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
async def worker(broker: Any, fresh_name: Any, tmp_path: Path) -> Any:
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=f"{fresh_name('serve')}.", partitions=2)
    connection = Connection(broker.bootstrap)
    await publish(settings.ruleset_dir, connection, settings.topics(), 1, Author("tests"), utc_now())
    environment = {
        "INCIDENTBUS_BOOTSTRAP_SERVERS": broker.bootstrap,
        "INCIDENTBUS_TOPIC_PREFIX": settings.topic_prefix,
        "INCIDENTBUS_PARTITIONS": "2",
        "INCIDENTBUS_METRICS_PORT": "0",
        "INCIDENTBUS_LOG_FORMAT": "json",
    }
    fleet = Fleet(environment, tmp_path)
    try:
        yield fleet.start()
    finally:
        fleet.stop()


async def test_a_worker_becomes_ready_and_leaves_within_five_seconds_of_sigterm(worker: Any) -> None:
    until = time.monotonic() + 40
    while page(worker.log, "/readyz")[0] != 200:
        assert worker.alive, worker.log.read_text()[-2000:]
        assert time.monotonic() < until, page(worker.log, "/readyz")
        time.sleep(0.2)
    assert "incidentbus_ruleset_info{" in page(worker.log, "/metrics")[1]
    asked = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(timeout=10) == 0
    assert time.monotonic() - asked < 5
    log = worker.log.read_text()
    assert "worker left" in log
    assert "Unclosed" not in log
    assert "Traceback" not in log
