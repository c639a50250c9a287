"""Surge on Faust, without a broker: bodies that raise keep the record and go on; what is told is sent first."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from contracts.incident import incident_bytes
from contracts.partition import partition_of, partition_of_id
from contracts.telemetry import Tally
from contracts.topics import Topics
from streams.agents.surge import GRACE_MS, SurgeWatch
from streams.app import ObserverApp, create_app, credentials_of
from streams.processors.surge import UNKNOWN_FLOOR, Group, Sighting, Watched

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
WAGES = Group("320813106", "labour/wages", False)
TOPICS = Topics("hz.", spine=4)


class StoodClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at_ms = int(NOW.timestamp() * 1000)

    def now_ms(self) -> int:
        return self.at_ms


class Written(list[tuple[Any, ...]]):
    """A producer that takes everything, after refusing the first `refusing`."""

    refusing = 0

    async def send(self, *record: Any) -> Any:
        if self.refusing:
            self.refusing -= 1
            raise ConnectionError("no leader")
        self.append(record)

        async def done() -> None: ...

        return done()

    def on(self, topic: str) -> list[tuple[Any, ...]]:
        return [record for record in self if record[0] == topic]


class Stream:
    """Messages as a Faust stream's events."""

    def __init__(self, *messages: Any) -> None:
        self.messages = messages

    async def events(self) -> AsyncIterator[Any]:
        for message in self.messages:
            yield SimpleNamespace(message=message)


def message(topic: str, value: bytes | None, key: bytes = b"k", partition: int = 2) -> Any:
    return SimpleNamespace(
        topic=topic, partition=partition, offset=7, timestamp=NOW.timestamp(), key=key, value=value, headers=None
    )


@pytest.fixture
def observed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An app that isn't started, what it wrote, its meter and its clock."""
    meter, clock = Tally(), StoodClock()

    async def made() -> ObserverApp:
        return create_app("127.0.0.1:1", TOPICS, clock, meter, group_prefix="hz.", datadir=tmp_path / "faust")

    app = asyncio.run(made())
    written = Written()
    monkeypatch.setattr(type(app), "producer", written)
    app.watch.groups = {}
    monkeypatch.setattr("streams.agents.surge._RETRY_SECONDS", 0.0)
    return SimpleNamespace(app=app, watch=app.watch, written=written, meter=meter, clock=clock, path=tmp_path)


async def test_an_incident_goes_to_its_groups_partition_whatever_village_it_came_from(
    observed: Any, make_incident: Any
) -> None:
    incident = make_incident("A1", NOW, jurisdiction="320813106201", category="labour/wages/building")
    await observed.watch._regroup(Stream(message("hz.bus.incidents.v1", incident_bytes(incident))))
    ((topic, key, value, partition, _, _),) = observed.written
    assert (topic, key) == ("hz.bus.surge-sightings.v1", WAGES.key())
    assert partition == partition_of(WAGES.key(), 4)
    assert Sighting.read(value) == Sighting(observed.clock.at_ms, incident.id, critical=False)


async def test_what_cannot_be_read_is_kept_with_its_reason_and_the_next_is_taken(
    observed: Any, make_incident: Any
) -> None:
    good = incident_bytes(make_incident("A1", NOW))
    topic = "hz.bus.incidents.v1"
    await observed.watch._regroup(Stream(message(topic, b"{broken"), message(topic, None), message(topic, good)))
    kept = observed.written.on(f"{topic}.dlq")
    assert [dict(record[5])["dlq_reason"] for record in kept] == [b"unparsable", b"empty_payload"]
    assert {dict(record[5])["dlq_stage"] for record in kept} == {b"surge"}
    assert [record[3] for record in kept] == [2, 2]
    assert len(observed.written.on("hz.bus.surge-sightings.v1")) == 1


async def test_a_sighting_that_the_processor_fails_on_is_kept_and_its_group_goes_on(observed: Any) -> None:
    topic, key = "hz.bus.surge-sightings.v1", WAGES.key()
    observed.watch.groups[key] = b"no state"
    other = Group("320813001", "noise/road", False).key()
    good = Sighting(observed.clock.at_ms, "inc-1").to_bytes()
    await observed.watch._count(Stream(message(topic, good, key), message(topic, good, other)))
    ((_, kept_key, kept_value, _, _, headers),) = observed.written.on(f"{topic}.dlq")
    assert (kept_key, kept_value) == (key, good)
    assert dict(headers)["dlq_reason"] == b"processor_failed"
    assert Watched.read(observed.watch.groups[other]).seen.keys() == {"inc-1"}
    assert observed.meter.value("incidentbus_surge_sightings_total", result="rejected") == 1
    assert observed.meter.value("incidentbus_surge_sightings_total", result="counted") == 1


def burst(count: int = UNKNOWN_FLOOR) -> list[Any]:
    at = int(NOW.timestamp() * 1000)
    return [
        message("hz.bus.surge-sightings.v1", Sighting(at + n * 1000, f"inc-{n}").to_bytes(), WAGES.key())
        for n in range(count)
    ]


async def test_a_surge_is_told_once_and_each_case_is_amended_on_its_own_partition(observed: Any) -> None:
    await observed.watch._count(Stream(*burst(), *burst()))
    ((_, key, value, partition, _, headers),) = observed.written.on("hz.bus.surges.v1")
    surge = orjson.loads(value)
    assert (surge["status"], surge["count"], partition) == ("begun", UNKNOWN_FLOOR, 0)
    assert key == surge["id"].encode()
    assert dict(headers)["ce_type"] == b"incidentbus.surge.v1"
    directives = observed.written.on("hz.bus.directives.v1")
    assert sorted(record[1] for record in directives) == sorted(f"inc-{n}".encode() for n in range(UNKNOWN_FLOOR))
    for _, incident, raw, where, _, _ in directives:
        said = orjson.loads(raw)
        assert (said["kind"], said["correction"], said["issued_by"]) == ("amend", {"tags": ["surge"]}, "surge")
        assert where == partition_of_id(incident.decode(), 4)
    assert observed.meter.value("incidentbus_surges_total", status="begun", exercise="false") == 1


async def test_a_crash_between_what_is_told_and_the_table_tells_the_same_bytes_again(observed: Any) -> None:
    *before, last = burst()
    await observed.watch._count(Stream(*before))
    kept = dict(observed.watch.groups)
    await observed.watch._count(Stream(last))
    first = list(observed.written)
    observed.watch.groups = kept
    observed.written.clear()
    await observed.watch._count(Stream(last))
    assert sorted(observed.written, key=repr) == sorted(first, key=repr)
    assert len(first) == 1 + UNKNOWN_FLOOR


async def test_a_broker_that_refuses_is_waited_for_and_nothing_is_skipped(observed: Any) -> None:
    observed.written.refusing = 5
    await observed.watch._count(Stream(*burst()))
    assert len(observed.written) == 1 + UNKNOWN_FLOOR
    assert observed.written.on("hz.bus.surge-sightings.v1.dlq") == []


async def test_a_surge_that_nobody_adds_to_is_ended_by_the_clock_alone(observed: Any) -> None:
    await observed.watch._count(Stream(*burst()))
    await observed.watch.look_for_ends()
    assert observed.meter.value("incidentbus_surges_open") == 1
    assert observed.written.on("hz.bus.surge-sightings.v1") == []
    observed.clock.at_ms += int(timedelta(minutes=70).total_seconds() * 1000)
    await observed.watch.look_for_ends()
    ((_, key, value, partition, _, _),) = observed.written.on("hz.bus.surge-sightings.v1")
    assert partition == partition_of(WAGES.key(), 4)
    await observed.watch._count(Stream(message("hz.bus.surge-sightings.v1", value, key)))
    assert [orjson.loads(r[2])["status"] for r in observed.written.on("hz.bus.surges.v1")] == ["begun", "ended"]
    await observed.watch.look_for_ends()
    assert observed.meter.value("incidentbus_surges_open") == 0


async def test_no_surge_is_ended_while_old_incidents_are_still_being_read(observed: Any, make_incident: Any) -> None:
    await observed.watch._count(Stream(*burst()))
    observed.clock.at_ms += 70 * 60_000
    old = incident_bytes(make_incident("A9", NOW))
    await observed.watch._regroup(Stream(message("hz.bus.incidents.v1", old)))
    observed.written.clear()
    await observed.watch.look_for_ends()
    assert observed.written == []
    observed.clock.at_ms += GRACE_MS
    await observed.watch.look_for_ends()
    assert len(observed.written) == 1


async def test_faust_creates_no_topic_of_its_own_and_names_none(observed: Any) -> None:
    conf = observed.app.conf
    assert (conf.topic_allow_declare, conf.topic_disable_leader, conf.reply_create_topic) == (False, True, False)
    assert conf.web_enabled is False
    assert {table.changelog_topic_name for table in observed.app.tables.data.values()} == {"hz.bus.surge-state.v1"}
    declared = {spec.name for spec in TOPICS.specs((), ())}
    named = {topic for each in observed.app.agents.values() for topic in each.channel.topics}
    assert named == {"hz.bus.incidents.v1", "hz.bus.surge-sightings.v1"}
    assert named <= declared
    assert not observed.path.joinpath("faust").exists()


def test_a_connections_security_is_said_in_fausts_words() -> None:
    context = ssl.create_default_context()
    sasl = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "bus.surge", "sasl_plain_password": "x"}
    assert credentials_of({}) is None
    plain = credentials_of({"security_protocol": "SASL_PLAINTEXT", **sasl})
    assert (plain.protocol.value, plain.username, plain.mechanism.value) == (
        "SASL_PLAINTEXT", "bus.surge", "SCRAM-SHA-512"
    )  # fmt: skip
    assert (
        credentials_of({"security_protocol": "SASL_SSL", "ssl_context": context, **sasl}).protocol.value == "SASL_SSL"
    )
    assert credentials_of({"security_protocol": "SSL", "ssl_context": context}).protocol.value == "SSL"


async def test_under_fausts_own_test_context_a_surge_goes_through_agent_and_table(
    tmp_path: Path, monkeypatch: Any
) -> None:
    written = Written()
    app = create_app("127.0.0.1:1", TOPICS, StoodClock(), Tally(), group_prefix="hz.", datadir=tmp_path / "faust")
    monkeypatch.setattr(SurgeWatch, "_sent", lambda self, emit: _noted(written, emit))
    at = int(NOW.timestamp() * 1000)
    async with app.watch.count.test_context() as agent:
        for n in range(UNKNOWN_FLOOR):
            await agent.put(Sighting(at + n, f"inc-{n}").to_bytes(), key=WAGES.key())
        async with asyncio.timeout(5):
            while len((state := Watched.read(app.watch.groups.get(WAGES.key()))).seen) < UNKNOWN_FLOOR:
                await asyncio.sleep(0.01)
    app.consumer._thread.loop.close()  # made for a thread that this test does not start
    assert state.surge is not None
    assert len(written) == 1 + UNKNOWN_FLOOR


async def _noted(written: Written, emit: Any) -> None:
    written.append(tuple(emit))
