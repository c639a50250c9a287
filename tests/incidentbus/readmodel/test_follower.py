"""`incidentbus serve readmodel`: the follower as a process, over PostgreSQL and SQLite, told to stop."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from contracts.case import Case, write_case
from contracts.codes import CaseStatus
from contracts.ids import incident_id
from contracts.partition import partition_of_id
from contracts.ports import Emit
from incidentbus.cli import app
from incidentbus.settings import load_settings

T0 = 1_780_000_000_000


def kept(deployment: Any, number: int) -> Emit:
    id_ = incident_id("hotline-12345", f"N{number}")
    case = Case(CaseStatus.DISPATCHED, channel="hotline-12345", external_id=f"N{number}", opened_at=T0, changed_at=T0)
    topics = deployment.topics
    return Emit(topics.bus("cases"), partition_of_id(id_, topics.spine), id_.encode(), write_case(case), [])


def page(log: Path, path: str) -> tuple[int, str]:
    facts = [orjson.loads(line) for line in log.read_bytes().splitlines() if line.startswith(b"{")]
    ports = [fact["port"] for fact in facts if "port" in fact]
    if not ports:
        return 0, ""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[-1]}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(true: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not within its time"
        time.sleep(0.2)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_follower_keeps_the_model_whole_tells_how_far_it_is_and_leaves(
    kind: str, deployment: Any, database_url: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCIDENTBUS_READMODEL_URL", database_url(kind))
    monkeypatch.setenv("INCIDENTBUS_READMODEL_PORT", "0")
    monkeypatch.setenv("INCIDENTBUS_LOG_FORMAT", "json")
    load_settings.cache_clear()
    topics = deployment.topics
    wanted = {topics.bus(noun) for noun in ("cases", "decisions", "lifecycle")}
    deployment.create(*(spec for spec in topics.specs((), ()) if spec.name in wanted))
    deployment.put(*(kept(deployment, number) for number in range(5)))
    log = tmp_path / "follower.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "incidentbus", "serve", "readmodel"],
            env=dict(os.environ),
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: page(log, "/readyz")[0] == 200)
        assert f'incidentbus_readmodel_behind_offsets{{topic="{topics.bus("cases")}"}} 0.0' in page(log, "/metrics")[1]
        deployment.put(kept(deployment, 5))

        def listed() -> int:
            result = CliRunner().invoke(app, ["cases", "list", "--no-catch-up", "--json"])
            assert result.exit_code == 0, result.output
            return len(result.stdout.splitlines())

        until(lambda: listed() == 6)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()


def test_a_database_that_cant_be_is_misuse(deployment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for url, said in (("mysql://h/d", "sqlite, postgresql"), ("nonsense", "READMODEL_URL")):
        monkeypatch.setenv("INCIDENTBUS_READMODEL_URL", url)
        load_settings.cache_clear()
        result = CliRunner().invoke(app, ["cases", "list"])
        assert result.exit_code == 2
        assert said in result.stderr
    monkeypatch.setenv("INCIDENTBUS_READMODEL_URL", "postgresql://nobody:secret@127.0.0.1:9/x")
    load_settings.cache_clear()
    result = CliRunner().invoke(app, ["cases", "list"])
    assert result.exit_code == 2
    assert "secret" not in result.stderr
