"""The watch on a real broker: what it tells, what it stops telling, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from aiokafka.errors import KafkaConnectionError

from connectors.kafka.clients import admin
from connectors.kafka.incremental import set_topic_configs
from contracts.ports import Emit
from contracts.topics import DAY_MS
from incidentbus import watching
from incidentbus.cli import topics as topics_cli
from incidentbus.examining import CHECKS, patient_of
from incidentbus.settings import load_settings
from incidentbus.telemetry.prometheus import PrometheusMeter
from incidentbus.watching import Watch

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "rules" / "example"
AGENCY = "police-lake"


@pytest.fixture
def county(deployment, invoke, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INCIDENTBUS_RULESET_DIR", str(EXAMPLE))
    load_settings.cache_clear()
    assert invoke(topics_cli.app, "apply").exit_code == 0
    topic = deployment.topics.agency_assignments(AGENCY)

    async def take_our_stamps() -> None:
        async with admin(deployment.connection) as client:
            await set_topic_configs(client, {topic: {"message.timestamp.type": "CreateTime"}})

    deployment.run(take_our_stamps())
    deployment.put(Emit(topic, 0, b"inc", b"an assignment", (), int(time.time() * 1000) - 200 * DAY_MS))
    return deployment


def test_a_round_tells_every_agency_and_every_check_and_forgets_them_when_kafka_is_away(county, monkeypatch):
    meter = PrometheusMeter()
    watch = Watch(patient_of(load_settings(), "watch"), meter)
    county.run(watch.round())
    assert meter.value("incidentbus_agency_unread_seconds", agency=AGENCY) == pytest.approx(200 * 86_400, abs=600)
    assert meter.value("incidentbus_agency_retention_seconds", agency=AGENCY) == 365 * 86_400
    checks = {labels[0] for name, labels in meter.gauges if name == "incidentbus_check_passed"}
    assert checks == set(CHECKS)
    assert meter.value("incidentbus_check_passed", check="elections") == 1
    assert meter.value("incidentbus_check_passed", check="agencies") == 0
    seen = meter.value("incidentbus_watch_timestamp_seconds")
    assert seen == pytest.approx(time.time(), abs=120)
    assert watch.health(60_000).ready[0].ok

    async def away(*_: object) -> None:
        raise KafkaConnectionError("gone")

    monkeypatch.setattr(watching, "agency_lags", away)
    county.run(watch.round())
    assert not [series for series in meter.gauges if series[0].startswith("incidentbus_agency")]
    assert meter.value("incidentbus_watch_timestamp_seconds") == seen
    assert not watch.health(0).ready[0].ok


def test_all_is_asked_at_the_first_round_and_at_each_tenth(county, monkeypatch) -> None:
    asked: list[int] = []
    watch = Watch(patient_of(load_settings(), "watch"), PrometheusMeter())

    async def examination(_: object) -> list[object]:
        asked.append(1)
        return []

    async def measured(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(watching, "examine", examination)
    monkeypatch.setattr(watching, "agency_lags", measured)
    for _ in range(21):
        county.run(watch.round())
    assert len(asked) == 3


def start(**more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "INCIDENTBUS_LOG_FORMAT": "json", "INCIDENTBUS_METRICS_HOST": "127.0.0.1", **more}
    command = [sys.executable, "-m", "incidentbus", "serve", "watch"]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_as_a_process_it_serves_what_it_saw_and_leaves_when_told_to(county) -> None:
    watch = start(INCIDENTBUS_WATCH_PORT="0", INCIDENTBUS_WATCH_INTERVAL="1")
    try:
        assert watch.stderr is not None
        line = next(line for line in watch.stderr if "watch starts" in line)
        found = re.search(r'"port":\s*(\d+)', line)
        assert found is not None
        page, until = "", time.monotonic() + 60
        while f'incidentbus_agency_unread_seconds{{agency="{AGENCY}"}}' not in page and time.monotonic() < until:
            time.sleep(0.3)
            with urlopen(f"http://127.0.0.1:{found[1]}/metrics", timeout=5) as answer:
                page = answer.read().decode()
        assert f'incidentbus_agency_unread_seconds{{agency="{AGENCY}"}}' in page
        with urlopen(f"http://127.0.0.1:{found[1]}/readyz", timeout=5) as answer:
            assert answer.status == 200
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(20) == 0
    finally:
        watch.kill()
        watch.wait()
        assert watch.stderr is not None
        watch.stderr.close()


def test_a_port_that_is_taken_is_a_sentence_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        watch = start(INCIDENTBUS_WATCH_PORT=port, INCIDENTBUS_BOOTSTRAP_SERVERS="127.0.0.1:1")
        _, told = watch.communicate(timeout=60)
    assert watch.returncode == 2
    assert "INCIDENTBUS_WATCH_PORT" in told
    assert "METRICS_PORT" not in told


def test_while_no_broker_answers_it_goes_on_asking_and_says_so() -> None:
    watch = start(
        INCIDENTBUS_WATCH_PORT="0", INCIDENTBUS_WATCH_INTERVAL="1", INCIDENTBUS_BOOTSTRAP_SERVERS="127.0.0.1:1",
        INCIDENTBUS_RULESET_DIR=str(EXAMPLE),
    )  # fmt: skip
    try:
        assert watch.stderr is not None
        seen = 0
        for line in watch.stderr:
            seen += "agencies can't be looked at" in line
            if seen == 2:
                break
        assert watch.poll() is None
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(20) == 0
    finally:
        watch.kill()
        watch.wait()
        assert watch.stderr is not None
        watch.stderr.close()
