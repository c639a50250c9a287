"""The doctor on three real brokers: right as they should be, and what it says when a copy is one too few or a broker is
away. The one place where copies can be seen to count.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import typer

from connectors.kafka.clients import Connection, admin
from connectors.kafka.incremental import set_topic_configs
from incidentbus.cli import topics as topics_cli
from incidentbus.cli.doctor import doctor
from incidentbus.settings import load_settings
from tests.faults.cluster import ThreeBrokers

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "rules" / "example"
SETTINGS = ("copies", "elections", "transactions", "sessions", "retention", "stamps", "creation", "offsets")
app = typer.Typer()
app.command()(doctor)


@pytest.fixture
def three(tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreeBrokers]:
    cluster = ThreeBrokers(tmp_path, cache_dir=cache_dir)
    monkeypatch.setenv("INCIDENTBUS_BOOTSTRAP_SERVERS", cluster.bootstrap)
    monkeypatch.setenv("INCIDENTBUS_REPLICATION_FACTOR", "3")
    monkeypatch.setenv("INCIDENTBUS_PARTITIONS", "2")
    monkeypatch.setenv("INCIDENTBUS_RULESET_DIR", str(EXAMPLE))
    load_settings.cache_clear()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        load_settings.cache_clear()


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(240)
def test_three_brokers_are_right_until_a_copy_needs_not_be_in_sync_or_a_broker_is_away(three, invoke):
    def told() -> dict:
        return {row["about"]: row for row in map(orjson.loads, invoke(app, "--json").stdout.splitlines())}

    assert invoke(topics_cli.app, "apply").exit_code == 0
    sound = told()
    assert [(name, sound[name]["found"]) for name in SETTINGS if not sound[name]["right"]] == []
    assert "3" in sound["copies"]["found"]
    assert sound["broker"]["right"]

    async def loosen() -> None:
        async with admin(Connection(three.bootstrap)) as client:
            await set_topic_configs(client, {"bus.decisions.v1": {"min.insync.replicas": "1"}})

    asyncio.run(loosen())
    loose = told()
    assert "bus.decisions.v1" in loose["copies"]["found"]
    assert [name for name in SETTINGS if not loose[name]["right"]] == ["copies"]

    three.kill(3)
    until = time.monotonic() + 40  # the controller waits out the broker's session first
    while "short of copies" not in (away := told())["broker"]["found"] and time.monotonic() < until:
        time.sleep(0.5)
    assert not away["broker"]["right"]
    assert "short of copies" in away["broker"]["found"]
    assert [name for name in ("agencies", "elections", "retention", "ruleset") if not away[name]["reached"]] == []
