"""`topics plan|apply|check|files` on a real broker, with the example county."""

import asyncio
import json
from pathlib import Path

import pytest

from connectors.kafka.clients import admin
from connectors.kafka.incremental import set_topic_configs
from incidentbus.cli.topics import app

EXAMPLE = str(Path(__file__).resolve().parents[3] / "docs" / "rules" / "example")


def told(result) -> dict:
    return json.loads(result.stdout)


def test_a_cluster_is_planned_applied_checked_and_its_drift_is_found(deployment, invoke) -> None:
    planned = invoke(app, "plan", "--ruleset", EXAMPLE, "--json")
    assert planned.exit_code == 0
    wanted = {each["topic"] for each in told(planned)["differences"]}
    assert deployment.topics.bus("incidents") in wanted
    assert {each["change"] for each in told(planned)["differences"]} == {"create"}
    assert invoke(app, "check", "--ruleset", EXAMPLE).exit_code == 1

    applied = invoke(app, "apply", "--ruleset", EXAMPLE, "--json")
    assert applied.exit_code == 0
    assert {each["topic"] for each in told(applied)["applied"]} == wanted
    assert "no drift" in invoke(app, "check", "--ruleset", EXAMPLE).stdout
    assert "nothing to change" in invoke(app, "plan", "--ruleset", EXAMPLE).stdout
    assert "0 created, 0 altered" in invoke(app, "apply", "--ruleset", EXAMPLE).stdout

    asyncio.run(_set(deployment, {"segment.ms": "600000"}))
    drifted = invoke(app, "check", "--ruleset", EXAMPLE)
    assert drifted.exit_code == 1
    assert "segment.ms" in drifted.stdout
    left = invoke(app, "apply", "--ruleset", EXAMPLE)
    assert left.exit_code == 1
    assert "by hand" in left.stdout


async def _set(deployment, configs: dict[str, str]) -> None:
    """Set something on a topic as a person would, and wait until the broker shows it."""
    from connectors.kafka.admin import find_topics

    name = deployment.topics.bus("incidents")
    async with admin(deployment.connection) as client:
        await set_topic_configs(client, {name: configs})
    for _ in range(100):
        found = await find_topics(deployment.connection, deployment.topics.prefix)
        if configs.items() <= found[name].configs.items():
            return
        await asyncio.sleep(0.1)
    pytest.fail("the broker never showed the setting")


def test_a_ruleset_that_does_not_load_is_misuse(deployment, invoke, tmp_path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        result = invoke(app, "plan", "--ruleset", str(directory))
        assert result.exit_code == 2
        assert "rules lint" in result.stderr


def test_no_cluster_there_is_an_unreachable_dependency(deployment, invoke, monkeypatch) -> None:
    from incidentbus.settings import load_settings

    monkeypatch.setenv("INCIDENTBUS_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    load_settings.cache_clear()
    result = invoke(app, "check", "--ruleset", EXAMPLE)
    assert result.exit_code == 3
    assert "Kafka" in result.stderr


def test_files_are_written_and_checked(deployment, invoke, tmp_path) -> None:
    target = tmp_path / "kafka"
    assert invoke(app, "files", str(target), "--ruleset", EXAMPLE, "--check").exit_code == 1
    assert not target.exists()
    assert invoke(app, "files", str(target), "--ruleset", EXAMPLE).exit_code == 0
    names = [each["name"] for each in json.loads((target / "topics.json").read_text(encoding="utf-8"))]
    assert deployment.topics.bus("incidents") in names
    assert invoke(app, "files", str(target), "--ruleset", EXAMPLE, "--check").exit_code == 0
    (target / "acls.txt").write_text("stale\n")
    assert invoke(app, "files", str(target), "--ruleset", EXAMPLE, "--check").exit_code == 1


def test_a_folder_that_cannot_be_made_is_a_misuse_and_a_sentence(invoke) -> None:
    result = invoke(app, "files", "/proc/nowhere")
    assert result.exit_code == 2
    assert "/proc/nowhere" in result.stderr
