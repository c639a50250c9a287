"""What is deployed: compose, image and permissions say what the code says."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.kafka import acl, serverconfig
from connectors.kafka.jars import KAFKA_VERSION
from contracts.topics import STAGES, Topics

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


def test_compose_is_what_the_compose_specification_allows():
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    ended = subprocess.run([*command, str(COMPOSE)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_that_check_can_fail(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text(encoding="utf-8").replace("command: [topics, apply]", "comand: [topics, apply]"))
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    assert subprocess.run([*command, str(wrong)], capture_output=True, check=False).returncode == 1


def test_compose_runs_the_same_kafka_with_the_same_settings(compose):
    kafka = compose["services"]["kafka"]
    assert kafka["image"] == f"apache/kafka:{KAFKA_VERSION}"
    embedded = serverconfig.properties(Path("/data"), 9092, 9093)
    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in kafka["environment"].items()
        if name.startswith("KAFKA_")
    }
    # a laptop's own: addresses, folders, and how quickly a single node comes back
    places = {
        "listeners",
        "advertised.listeners",
        "listener.security.protocol.map",
        "controller.quorum.voters",
        "log.dirs",
    }
    same = given.keys() - places
    assert {name: given[name] for name in same} == {name: embedded[name] for name in same}
    assert {"auto.create.topics.enable", "transaction.state.log.min.isr", "group.min.session.timeout.ms"} <= same


def test_the_cluster_id_is_one_that_kafka_takes(compose):
    told = compose["services"]["kafka"]["environment"]["CLUSTER_ID"]
    assert len(base64.urlsafe_b64decode(told + "==")) == 16


def test_every_worker_waits_for_the_ruleset_which_waits_for_the_topics(compose):
    services = compose["services"]
    assert services["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert services["ruleset"]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    for stage in STAGES:
        worker = services[stage]
        assert worker["depends_on"] == {"ruleset": {"condition": "service_completed_successfully"}}
        assert worker["command"] == ["serve", "streams", "--stage", stage]
        assert "/healthz" in worker["healthcheck"]["test"][-1]
        assert worker["read_only"] is True
        assert worker["cap_drop"] == ["ALL"]


def test_observer_read_model_and_watch_run_beside_and_are_asked_on_their_own_ports(compose):
    from incidentbus.settings import Settings

    for name, port in (("watch", "watch_port"), ("surge", "surge_port"), ("readmodel", "readmodel_port")):
        service = compose["services"][name]
        assert service["command"] == ["serve", name]
        assert f":{Settings.model_fields[port].default}/healthz" in service["healthcheck"]["test"][-1]
        assert service["read_only"] is True
        assert service["environment"]["INCIDENTBUS_RUN_DIR"] in {*service["tmpfs"], "/data"}
    assert compose["services"]["readmodel"]["volumes"] == ["readmodel-data:/data"]


def test_nothing_listens_beyond_loopback(compose):
    for name, service in compose["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_every_command_and_setting_in_compose_exists(compose):
    from typer.main import get_command

    from incidentbus.cli import app
    from incidentbus.settings import Settings

    settings = {f"INCIDENTBUS_{name.upper()}" for name in Settings.model_fields}
    for name, service in compose["services"].items():
        if service["image"].startswith("incidentbus"):
            assert set(service["environment"]) <= settings, name
            found: Any = get_command(app)
            for word in service["command"][:2]:
                assert word in found.commands, service["command"]
                found = found.commands[word]


def test_the_image_is_not_root_and_takes_only_locked_packages():
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert re.findall(r"^USER (.+)$", text, re.M) == ["10001:10001"]
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) == {"python:3.11-slim"}
    assert "--require-hashes -r requirements/runtime.txt" in text
    assert "HEALTHCHECK" in text


def test_what_the_image_copies_is_there_and_let_through():
    text = DOCKERFILE.read_text(encoding="utf-8")
    ignored = (DOCKERFILE.with_name("Dockerfile.dockerignore")).read_text(encoding="utf-8")
    let_through = {line[1:] for line in ignored.splitlines() if line.startswith("!")}
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    sources = {source for line in copied for source in line}
    assert sources == let_through
    assert all((ROOT / source).exists() for source in sources)


def test_the_files_for_a_cluster_are_what_the_registry_makes_them():
    from incidentbus.cli.topics import deployment_specs, rendered_files
    from incidentbus.settings import Settings

    settings = Settings.model_construct(**{name: field.default for name, field in Settings.model_fields.items()})
    for name, text in rendered_files(settings, deployment_specs(settings)).items():
        assert (ROOT / "deploy" / "kafka" / name).read_text(encoding="utf-8") == text, (
            f"deploy/kafka/{name} is stale: incidentbus topics files deploy/kafka"
        )


def test_permissions_are_literal_and_complete():
    topics = Topics("hongze.", spine=2, agency=1, feedback=1)
    specs = topics.specs(["petition"], ["police"])
    grants = {*acl.topic_grants(specs, "hongze."), *acl.stage_grants(topics, "hongze.")}
    grants |= set(acl.operator_grants(specs))
    grants |= set(acl.outsider_grants(["petition"], ["police"], "hongze."))
    grants |= set(acl.watch_grants(topics, ["police"]))
    assert not any("*" in part for grant in grants for part in grant)
    assert acl.Grant("User:agency.police", "Read", "topic", "hongze.agency.police.assignments.v1") in grants
    assert acl.Grant("User:agency.police", "Read", "group", "hongze.agency.police") in grants
    assert acl.Grant("User:bus.dispatch", "Write", "transactional-id", "hongze.dispatch-1") in grants
    assert {g.name for g in grants if g.kind == "group"} >= {f"hongze.{stage}" for stage in STAGES}
    assert acl.Grant("User:operators", "Write", "topic", "hongze.channel.petition.reports.v1") in grants  # redrive
    assert acl.Grant("User:operators", "Write", "topic", "hongze.agency.police.assignments.v1") not in grants
    of_police = {(g.operation, g.name) for g in grants if g.principal == "User:agency.police" and g.kind == "topic"}
    assert of_police == {
        ("Read", "hongze.agency.police.assignments.v1"), ("Describe", "hongze.agency.police.assignments.v1"),
        ("Write", "hongze.agency.police.feedback.v1"), ("Describe", "hongze.agency.police.feedback.v1"),
    }  # fmt: skip
    groups = {(g.principal, g.operation) for g in grants if g.kind == "group" and g.name == "hongze.agency.police"}
    assert groups == {
        ("User:agency.police", "Read"), ("User:agency.police", "Describe"), ("User:operators", "Describe"),
    }  # fmt: skip
    assert acl.Grant("User:operators", "DescribeConfigs", "cluster", "kafka-cluster").arguments().endswith(" --cluster")
    lines = acl.render(grants).splitlines()
    assert len(lines) == len(set(lines)) == len(grants)


def test_every_topic_is_in_the_file_once():
    told = json.loads((ROOT / "deploy" / "kafka" / "topics.json").read_text(encoding="utf-8"))
    names = [each["name"] for each in told]
    assert len(set(names)) == len(names) > 100
