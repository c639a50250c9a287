"""The embedded broker from the command line: started, refused twice, found, stopped; each with its exit code."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka.embedded import attach
from incidentbus.cli.broker import Fetching, app
from incidentbus.settings import load_settings


@pytest.fixture
def home(tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run directory of the test's own; whatever still runs in it at the end is stopped."""
    monkeypatch.setenv("INCIDENTBUS_RUN_DIR", str(tmp_path / "run 目录"))
    monkeypatch.setenv("INCIDENTBUS_CACHE_DIR", str(cache_dir))
    load_settings.cache_clear()
    directory = tmp_path / "run 目录" / "broker"
    yield directory
    load_settings.cache_clear()
    if left := attach(directory):
        left.stop()


def test_a_broker_is_started_found_and_stopped_and_a_second_start_is_refused_with_its_pid(home, invoke) -> None:
    command = [sys.executable, "-m", "incidentbus", "broker", "start", "--ephemeral", "--json"]
    started = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)  # and the broker lives on
    told = json.loads(started.stdout)
    assert told["running"] is True
    assert told["directory"] == str(home)
    again = invoke(app, "start")
    assert again.exit_code == 2
    assert f"pid {told['pid']}" in again.stderr
    status = invoke(app, "status", "--json")
    assert status.exit_code == 0
    assert json.loads(status.stdout) == {**{k: v for k, v in told.items() if k != "seconds"}, "ready": True}
    stopped = invoke(app, "stop", "--json")
    assert stopped.exit_code == 0
    assert json.loads(stopped.stdout)["clean"] is True
    assert attach(home) is None


def test_stopping_what_does_not_run_is_clean_and_its_status_is_a_finding(home, invoke) -> None:
    assert invoke(app, "stop").exit_code == 0
    status = invoke(app, "status", "--json")
    assert status.exit_code == 1
    assert json.loads(status.stdout) == {"running": False, "directory": str(home)}


def test_a_port_that_is_taken_is_refused_before_anything_is_started(home, invoke, broker) -> None:
    result = invoke(app, "start", "--port", str(broker.port))
    assert result.exit_code == 2
    assert str(broker.port) in result.stderr
    assert not home.exists()


def test_an_ephemeral_start_over_lasting_data_is_refused(home, invoke) -> None:
    (home / "data").mkdir(parents=True)
    result = invoke(app, "start", "--ephemeral")
    assert result.exit_code == 2
    assert "--ephemeral" in result.stderr


def test_kafka_that_cannot_be_fetched_is_an_unreachable_dependency(home, invoke, monkeypatch, tmp_path) -> None:
    from connectors.kafka import jars, maven

    monkeypatch.setenv("INCIDENTBUS_CACHE_DIR", str(tmp_path / "empty"))
    load_settings.cache_clear()
    nowhere = {"mirror": "http://127.0.0.1:1"}
    monkeypatch.setattr(jars, "repositories", lambda: nowhere)
    monkeypatch.setattr(jars, "default_maven_repo", lambda: tmp_path / "no-m2")
    assert maven.repositories() != nowhere
    result = invoke(app, "start")
    assert result.exit_code == 3
    assert "could not be fetched" in result.stderr


def test_in_the_foreground_it_stays_until_it_is_told_to_end(home) -> None:
    command = [sys.executable, "-m", "incidentbus", "broker", "start", "--foreground", "--ephemeral", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert attach(home) is not None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert attach(home) is None
    assert not (home / "data").exists()
    assert told["ephemeral"] is True


def test_progress_off_a_terminal_is_a_line_a_tenth(capsys) -> None:
    progress = Fetching()
    for done in range(1001):
        progress(done, 1000, "a.jar")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert "a.jar" in lines[-1]
