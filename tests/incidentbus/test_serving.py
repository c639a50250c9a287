"""A worker process: it becomes ready, says so, and leaves cleanly when it is told to."""

import asyncio
import logging
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.kafka.clients import Connection
from incidentbus.cli.serve import app
from incidentbus.clock import utc_now
from incidentbus.demo.fleet import Fleet
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings, load_settings


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


def ended(environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """Run a worker that can't run; give its exit code and all that it said."""
    fleet = Fleet({"INCIDENTBUS_METRICS_PORT": "0", "INCIDENTBUS_LOG_FORMAT": "json", **environment}, folder)
    worker = fleet.start()
    try:
        code = worker.process.wait(timeout=60)
    finally:
        fleet.stop()
    said = worker.log.read_text()
    assert "Traceback" not in said
    assert "Unclosed" not in said
    return code, said


async def test_a_worker_set_to_other_partitions_than_the_topics_have_ends_with_2_and_says_so(
    broker: Any, fresh_name: Any, tmp_path: Path
) -> None:
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=f"{fresh_name('serve')}.", partitions=2)
    connection = Connection(broker.bootstrap)
    await publish(settings.ruleset_dir, connection, settings.topics(), 1, Author("tests"), utc_now())
    environment = {
        "INCIDENTBUS_BOOTSTRAP_SERVERS": broker.bootstrap,
        "INCIDENTBUS_TOPIC_PREFIX": settings.topic_prefix,
        "INCIDENTBUS_PARTITIONS": "4",
    }
    code, said = await asyncio.to_thread(ended, environment, tmp_path)
    assert code == 2, said
    assert "没法开工 / can't start: stage intake: its topics have 2 partitions, this worker expects 4" in said
    assert "INCIDENTBUS_PARTITIONS" in said


def test_a_worker_without_a_broker_ends_with_3_and_one_sentence(tmp_path: Path) -> None:
    code, said = ended({"INCIDENTBUS_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, tmp_path)
    assert code == 3
    assert [line for line in said.splitlines() if not line.startswith("{")] == [
        line for line in said.splitlines() if line.startswith("Kafka 连不上 / Kafka can't be reached: ")
    ]


def test_fault_points_that_nobody_has_end_with_2_naming_the_setting(tmp_path: Path) -> None:
    for wrong in ("zzz", "sent:1:x", "sent:²"):
        code, said = ended({"INCIDENTBUS_FAULT_POINTS": wrong}, tmp_path)
        assert (code, "INCIDENTBUS_FAULT_POINTS" in said) == (2, True)


def test_a_crash_ends_with_70_and_tells_its_type_and_place_and_no_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def crashing(*_: Any) -> None:
        raise KeyError("张三 13800000000")

    monkeypatch.setattr("incidentbus.serving.serve", crashing)
    monkeypatch.setenv("INCIDENTBUS_LOG_FORMAT", "json")
    load_settings.cache_clear()
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        with pytest.raises(SystemExit) as exit_:
            app(["streams"])
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        logging.captureWarnings(capture=False)
        load_settings.cache_clear()
    said = capfd.readouterr().err
    assert exit_.value.code == 70
    fact = orjson.loads(said.splitlines()[-1])
    assert fact["event"] == "worker crashed"
    assert fact["exception"].startswith("builtins.KeyError\n")
    assert "张三" not in said


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
