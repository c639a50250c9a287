"""What the doctor says of a sound deployment, of sick ones and of none."""

from typing import Any

import orjson
import pytest
import typer

from contracts.inputs import InputState, InputStatus, PauseReason
from contracts.ports import Emit
from contracts.ruleset import RulesetBundle, RulesetPointer, pack
from contracts.serde import write
from incidentbus.cli import topics as topics_cli
from incidentbus.cli.doctor import doctor
from incidentbus.clock import utc_now
from incidentbus.settings import load_settings
from routing_rules.engine.loader import load, read_bundle

app = typer.Typer()
app.command()(doctor)

ORDER = [
    "broker", "topics", "copies", "elections", "transactions", "sessions", "retention", "stamps", "creation", "offsets",
    "ruleset", "clock", "disk", "code", "inputs", "agencies",
]  # fmt: skip


def answers(result) -> dict[str, dict[str, Any]]:
    rows = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [row["about"] for row in rows] == ORDER
    return {row["about"]: row for row in rows}


def put_in_force(deployment, *, stored: bool = True) -> str:
    files = read_bundle(load_settings().ruleset_dir)
    ruleset = load(files).ruleset
    assert ruleset is not None
    bundle = RulesetBundle(
        id=ruleset.id, version=ruleset.version, hash=ruleset.hash, published_at=utc_now(), published_by="test",
        packed=pack(files),
    )  # fmt: skip
    pointer = RulesetPointer(hash=ruleset.hash, version=ruleset.version, set_at=utc_now(), set_by="test")
    if stored:
        deployment.put(Emit(deployment.topics.bus("rulesets"), 0, bundle.hash.encode(), write(bundle)))
    deployment.put(Emit(deployment.topics.bus("ruleset-in-force"), 0, b"in-force", write(pointer)))
    return ruleset.hash


def test_a_sound_deployment_is_right_in_every_line(deployment, invoke) -> None:
    assert invoke(topics_cli.app, "apply").exit_code == 0
    digest = put_in_force(deployment)
    result = invoke(app, "--json")
    told = answers(result)
    assert result.exit_code == 0, told
    assert all(each["right"] for each in told.values())
    assert digest[:12] in told["ruleset"]["found"]
    assert "ms" in told["clock"]["found"]
    lines = invoke(app).stdout.splitlines()
    assert len(lines) == len(ORDER)
    assert all(line.startswith("好 ok") for line in lines)


def test_a_new_cluster_lacks_topics_and_a_ruleset_and_each_line_names_its_cure(deployment, invoke) -> None:
    result = invoke(app, "--json")
    told = answers(result)
    assert result.exit_code == 1
    assert told["broker"]["right"]
    assert (told["topics"]["right"], told["topics"]["cure"]) == (False, "incidentbus topics apply")
    assert told["ruleset"]["cure"].startswith("incidentbus rules publish")
    assert not told["clock"]["right"]


def test_a_paused_input_and_a_pointer_to_nothing_are_named(deployment, invoke) -> None:
    specs = {spec.name: spec for spec in deployment.topics.specs([], [])}
    nouns = ("inputs", "rulesets", "ruleset-in-force", "probes")
    deployment.create(*(specs[deployment.topics.bus(noun)] for noun in nouns))
    put_in_force(deployment, stored=False)
    state = InputState(
        stage="intake", topic="channel.petition.reports.v1", partition=3, status=InputStatus.PAUSED,
        reason=PauseReason.TOO_MANY_DEAD_LETTERS, offset=1, at=1_763_980_000_000, by="intake",
    )  # fmt: skip
    deployment.put(state.emit(deployment.topics.bus("inputs")))
    told = answers(invoke(app, "--json"))
    assert told["clock"]["right"]
    assert "channel.petition.reports.v1/3" in told["inputs"]["found"]
    assert told["inputs"]["cure"] == "incidentbus inputs list"
    assert (told["ruleset"]["right"], told["topics"]["right"]) == (False, False)


def test_a_topic_that_the_broker_does_not_stamp_says_nothing_about_its_clock(deployment, invoke, make_topics) -> None:
    deployment.run(make_topics(deployment.topics.bus("probes")))
    told = answers(invoke(app, "--json"))
    assert (told["clock"]["right"], told["clock"]["cure"]) == (False, "incidentbus topics apply")


def test_a_ruleset_that_does_not_load_sends_to_lint(
    deployment, invoke, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCIDENTBUS_RULESET_DIR", str(tmp_path))
    load_settings.cache_clear()
    told = answers(invoke(app, "--json"))
    assert told["ruleset"]["cure"].startswith("incidentbus rules lint")
    assert not told["topics"]["right"]


def test_without_a_broker_what_can_be_said_is_said_and_the_exit_code_is_3(
    invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCIDENTBUS_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    load_settings.cache_clear()
    result = invoke(app, "--json")
    told = answers(result)
    assert result.exit_code == 3
    assert "incidentbus broker start" in told["broker"]["cure"]
    assert told["ruleset"]["right"]
    assert not told["clock"]["reached"]
    load_settings.cache_clear()
