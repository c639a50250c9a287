"""Modes over real Kafka: declared with who, why and until when; shown; ended, and remembered."""

from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from connectors.kafka.clients import Connection
from incidentbus.cli import app
from incidentbus.clock import utc_now
from incidentbus.declaring import declared, standing_at
from incidentbus.settings import Settings, load_settings

RUN = CliRunner()
WHO = ["--by", "command-centre", "--reason", "防汛三级响应"]


@pytest.fixture
async def settings(broker: Any, fresh_name: Any, make_topics: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("INCIDENTBUS_BOOTSTRAP_SERVERS", broker.bootstrap)
    monkeypatch.setenv("INCIDENTBUS_TOPIC_PREFIX", f"{fresh_name('modes')}.")
    monkeypatch.setenv("INCIDENTBUS_PARTITIONS", "1")
    load_settings.cache_clear()
    made = load_settings()
    await make_topics(made.topics().bus("modes"), configs={"cleanup.policy": "compact"})
    yield made
    load_settings.cache_clear()


def call(*words: str) -> Any:
    import threading

    told: list[Any] = []
    thread = threading.Thread(target=lambda: told.append(RUN.invoke(app, ["modes", *words])))
    thread.start()
    thread.join()
    return told[0]


async def test_an_emergency_is_declared_shown_and_ended(settings: Settings) -> None:
    place = next(iter(settings_ruleset(settings).jurisdictions))
    done = call("set", "--jurisdiction", place, "--response", "flood", "--level", "3", "--until", "6h", *WHO, "--json")
    assert done.exit_code == 0, done.output
    told = orjson.loads(done.stdout)
    assert (told["place"], told["response"], told["level"], told["by"]) == (place, ["flood"], 3, "command-centre")
    assert [orjson.loads(line)["place"] for line in call("show", "--json").stdout.splitlines()] == [place]
    assert call("end", place, "--by", "command-centre", "--reason", "水位回落").exit_code == 0
    assert call("show", "--json").stdout == ""
    (kept,) = await declared(Connection(settings.bootstrap_servers), settings.topics())
    assert kept.reason == "水位回落"
    assert standing_at([kept], utc_now()) == []
    assert call("end", place, "--by", "x", "--reason", "y").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jurisdiction", "999999", "--until", "6h"], "999999"),
        (["--until", "6h"], "--jurisdiction"),
        (["--jurisdiction", "{place}", "--until", "31d"], "三十天"),
        (["--jurisdiction", "{place}", "--until", "soon"], "soon"),
        (["--jurisdiction", "{place}", "--until", "6h", "--response", "locusts"], "locusts"),
        (["--area", "nowhere", "--until", "6h"], "nowhere"),
    ],
)
async def test_wrong_words_are_answered_and_nothing_is_declared(
    settings: Settings, words: list[str], said: str
) -> None:
    place = next(iter(settings_ruleset(settings).jurisdictions))
    done = call("set", *(word.format(place=place) for word in words), *WHO)
    assert done.exit_code == 2
    assert said in done.output
    assert await declared(Connection(settings.bootstrap_servers), settings.topics()) == []


def settings_ruleset(settings: Settings) -> Any:
    from routing_rules.engine.loader import load_directory

    return load_directory(settings.ruleset_dir).ruleset
