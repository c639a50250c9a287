"""What the doctor says when somebody changes a setting on a real topic, or an agency doesn't read."""

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from connectors.kafka.clients import admin, consumer
from connectors.kafka.incremental import set_topic_configs
from contracts.ports import Emit
from contracts.topics import DAY_MS
from incidentbus.agencylag import AgencyLag, show
from incidentbus.cli import topics as topics_cli
from incidentbus.cli.doctor import doctor
from incidentbus.settings import load_settings
from incidentbus.telemetry.prometheus import PrometheusMeter
from routing_rules.engine.loader import load_directory

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "rules" / "example"
app = typer.Typer()
app.command()(doctor)


@pytest.fixture
def county(deployment, invoke, monkeypatch: pytest.MonkeyPatch):
    """The example county's topics, made as the registry wants them."""
    monkeypatch.setenv("INCIDENTBUS_RULESET_DIR", str(EXAMPLE))
    load_settings.cache_clear()
    assert invoke(topics_cli.app, "apply").exit_code == 0
    return deployment


@pytest.fixture
def agency() -> str:
    ruleset = load_directory(EXAMPLE).ruleset
    assert ruleset is not None
    return sorted(ruleset.agencies)[0]


@pytest.fixture
def told(invoke):
    """`told()`: the doctor's answers by what they are about."""

    def ask() -> dict[str, dict[str, Any]]:
        return {row["about"]: row for row in map(orjson.loads, invoke(app, "--json").stdout.splitlines())}

    return ask


def set_on(deployment, topic: str, **configs: str) -> None:
    async def alter() -> None:
        async with admin(deployment.connection) as client:
            await set_topic_configs(client, {topic: {k.replace("_", "."): v for k, v in configs.items()}})

    deployment.run(alter())


@pytest.mark.parametrize(
    ("noun", "configs", "question", "cure"),
    [
        ("bus.incidents.v1", {"unclean_leader_election_enable": "true"}, "elections", "unclean.leader.election.enable"),
        ("bus.decisions.v1", {"min_insync_replicas": "2"}, "copies", "min.insync.replicas"),
        ("bus.intake-state.v1", {"retention_ms": str(30 * DAY_MS)}, "retention", "bus.intake-state.v1"),
        ("bus.incidents.v1", {"retention_bytes": "1048576"}, "retention", "retention.bytes"),
        ("bus.dispatch-state.v1", {"cleanup_policy": "compact,delete"}, "retention", "cleanup.policy=compact"),
        ("channel.hotline-12345.reports.v1", {"message_timestamp_type": "CreateTime"}, "stamps", "topics apply"),
    ],
)  # fmt: skip
def test_a_setting_changed_on_a_real_topic_is_found_by_its_own_question(county, told, noun, configs, question, cure):
    topic = f"{county.topics.prefix}{noun}"
    before = told()
    assert before[question]["right"], before[question]
    set_on(county, topic, **configs)
    after = told()
    assert not after[question]["right"]
    assert cure in after[question]["cure"]
    changed = {about for about, answer in after.items() if answer["right"] != before[about]["right"]}
    assert changed - {"topics"} == {question}


def put(deployment, agency: str, *ages_ms: int) -> list[int]:
    """Write assignments that are already so old: the topic has to take our stamps for that, not the broker's."""
    now = int(time.time() * 1000)
    topic = deployment.topics.agency_assignments(agency)
    set_on(deployment, topic, message_timestamp_type="CreateTime")
    return deployment.put(*(Emit(topic, 0, b"inc", b"an assignment", (), now - age) for age in ages_ms))


def commit(deployment, agency: str, offset: int) -> None:
    tp = TopicPartition(deployment.topics.agency_assignments(agency), 0)

    async def as_the_agency() -> None:
        async with consumer(deployment.connection, group_id=deployment.topics.agency_group(agency)) as client:
            client.assign([tp])
            await client.commit({tp: offset})

    deployment.run(as_the_agency())


def test_an_agency_is_told_before_half_of_what_its_topic_keeps_is_gone_and_not_sooner(county, told, agency, invoke):
    assert told()["agencies"]["right"]
    put(county, agency, 182 * DAY_MS)
    answers = told()
    assert answers["agencies"]["right"], answers["agencies"]
    assert f"{agency} " in answers["agencies"]["found"]
    assert f"agency {agency}" not in answers

    offsets = put(county, agency, 184 * DAY_MS)
    commit(county, agency, offsets[0])
    answers = told()
    assert not answers["agencies"]["right"]
    line = answers[f"agency {agency}"]
    assert (line["right"], line["cure"]) == (False, "docs/runbooks/IncidentbusAgencyExpiring.md")
    assert "184.0 天 d" in line["found"]
    assert invoke(app).exit_code == 1

    commit(county, agency, offsets[0] + 1)
    answers = told()
    assert answers["agencies"]["right"]
    assert f"agency {agency}" not in answers


def test_what_was_deleted_unread_is_told_even_when_nothing_waits_any_more(county, told, agency):
    put(county, agency, 3 * DAY_MS, 2 * DAY_MS, DAY_MS)
    commit(county, agency, 0)
    tp = TopicPartition(county.topics.agency_assignments(agency), 0)

    async def delete() -> None:
        async with admin(county.connection) as client:
            await client.delete_records({tp: RecordsToDelete(3)})

    county.run(delete())
    line = told()[f"agency {agency}"]
    assert line["cure"] == "docs/runbooks/IncidentbusAgencyLost.md"
    assert "3 条" in line["found"]


def test_gauges_show_what_was_measured_and_no_retention_where_all_is_kept() -> None:
    meter = PrometheusMeter()
    show(meter, [AgencyLag("police", 7, 3600.0, 86_400.0, 2, True)])
    show(meter, [AgencyLag("fire", 1, 0.0, None, 0, False)])
    shown = {(name, labels) for name, labels in meter.gauges}
    assert ("incidentbus_agency_unread_seconds", ("police",)) not in shown
    assert ("incidentbus_agency_unread_seconds", ("fire",)) in shown
    assert ("incidentbus_agency_retention_seconds", ("fire",)) not in shown
    assert meter.value("incidentbus_agency_place_kept", agency="fire") == 0


@pytest.mark.parametrize(
    ("waited", "kept", "removed", "right"),
    [
        (49.9, 100.0, 0, True), (50.0, 100.0, 0, False), (0.0, 100.0, 1, False), (1e12, None, 0, True),
        (1e12, None, 1, False),
    ],
)  # fmt: skip
def test_half_of_what_is_kept_is_where_danger_begins(waited, kept, removed, right):
    assert AgencyLag("police", 1, waited, kept, removed, placed=True).right is right
