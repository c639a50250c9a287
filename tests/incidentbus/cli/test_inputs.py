"""Paused inputs listed and resumed, on a real broker."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from contracts.inputs import InputState, InputStatus, PauseReason
from contracts.ports import Emit
from contracts.serde import write
from incidentbus.cli.inputs import app
from incidentbus.readmodel.inputs import input_states, paused_inputs


@pytest.fixture
def pause(deployment) -> Callable[..., InputState]:
    """Write what the runtime writes when it pauses an input."""
    topic = deployment.topics.bus("inputs")
    deployment.create(*(spec for spec in deployment.topics.specs([], []) if spec.name == topic))

    def put(name: str = "channel.petition.reports.v1", partition: int = 1, stage: str = "intake") -> InputState:
        state = InputState(
            stage=stage, topic=deployment.topics.prefix + name, partition=partition, status=InputStatus.PAUSED,
            reason=PauseReason.TOO_MANY_DEAD_LETTERS, detail="50 dead letters in a row", offset=7,
            at=1_763_980_000_000, by=stage,
        )  # fmt: skip
        deployment.put(state.emit(topic))
        return state

    return put


def rows(result) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_nothing_paused_is_clean(pause, invoke) -> None:
    assert invoke(app, "list").exit_code == 0
    assert rows(invoke(app, "list", "--json")) == []


def test_a_paused_input_is_a_finding_and_says_why_and_where(pause, invoke) -> None:
    state = pause()
    result = invoke(app, "list", "--json")
    assert result.exit_code == 1
    (row,) = rows(result)
    assert (row["topic"], row["partition"], row["offset"]) == (state.topic, 1, 7)
    assert (row["reason"], row["status"]) == ("too_many_dead_letters", "paused")
    assert row["time"].startswith("2025-11-24T10:26:40")
    assert "50 dead letters" in invoke(app, "list").stdout


JUNK = (
    {"partition": 1 << 80},
    {"partition": -1},
    {"at": 10**17},
    {"at": -1},
    {"offset": -5},
    {"topic": "\x1b[2Jnot a topic"},
    {"topic": "x" * 300},
    {"stage": "s\x1b]0;title\x07"},
    {"by": "b" * 5_000},
    {"detail": "d" * 5_000},
)


def test_junk_on_the_inputs_topic_is_counted_and_stops_no_command(deployment, pause, invoke) -> None:
    state = pause()
    board = deployment.topics.bus("inputs")
    for junk in JUNK:
        told = state.model_dump(mode="json") | junk
        key = f"{told['stage']}/{told['topic']}/{told['partition']}".encode()
        deployment.put(Emit(board, 0, key, json.dumps(told).encode()))
    deployment.put(Emit(board, 0, b"another/key/0", write(state.resumed(by="x", at_ms=state.at))))
    deployment.put(Emit(board, 0, b"junk", b"\xff{"))
    result = invoke(app, "list", "--json")
    assert [row["partition"] for row in rows(result)] == [1]
    assert f"{len(JUNK) + 2} records that can't be read" in result.stderr
    assert invoke(app, "list").exit_code == 1
    assert invoke(app, "resume", state.topic, "1", "--by", "b" * 300).exit_code == 2
    assert invoke(app, "resume", state.topic, "1").exit_code == 0
    assert invoke(app, "list", "--json").exit_code == 0
    assert deployment.run(paused_inputs(deployment.connection, deployment.topics)) == []


def test_resuming_is_the_last_word_and_touches_that_input_alone(deployment, pause, invoke) -> None:
    pause()
    pause(partition=0)
    result = invoke(app, "resume", "channel.petition.reports.v1", "1", "--by", "command-centre")
    assert result.exit_code == 0
    (left,) = deployment.run(paused_inputs(deployment.connection, deployment.topics))
    assert left.partition == 0
    resumed = next(
        state
        for state in deployment.run(input_states(deployment.connection, deployment.topics))
        if state.partition == 1
    )
    assert (resumed.status, resumed.by, resumed.offset) == (InputStatus.RESUMED, "command-centre", 7)
    assert len(rows(invoke(app, "list", "--json", "--all"))) == 2


def test_what_the_operator_allows_is_told_to_the_stage(deployment, pause, invoke) -> None:
    pause()
    assert invoke(app, "resume", "channel.petition.reports.v1", "1", "--allow", "5000").exit_code == 0
    (state,) = deployment.run(input_states(deployment.connection, deployment.topics))
    assert (state.status, state.allow) == (InputStatus.RESUMED, 5000)
    assert invoke(app, "resume", "channel.petition.reports.v1", "1", "--allow", "0").exit_code == 2


def test_an_input_paused_by_two_stages_is_resumed_for_the_one_that_was_named(deployment, pause, invoke) -> None:
    for stage in ("dispatch", "supervise"):
        pause("bus.directives.v1", 0, stage)
    assert invoke(app, "resume", "bus.directives.v1", "0", "--stage", "dispatch", "--json").exit_code == 0
    (left,) = deployment.run(paused_inputs(deployment.connection, deployment.topics))
    assert left.stage == "supervise"


def test_what_does_not_stand_still_cannot_be_resumed(pause, invoke) -> None:
    pause()
    assert invoke(app, "resume", "channel.petition.reports.v1", "1").exit_code == 0
    assert invoke(app, "resume", "channel.petition.reports.v1", "1").exit_code == 1
    assert invoke(app, "resume", "channel.police-110.reports.v1", "0").exit_code == 1


def test_a_word_that_cannot_be_read_and_a_tombstone_are_no_pauses(deployment, pause, invoke) -> None:
    state = pause()
    topic = deployment.topics.bus("inputs")
    deployment.put(Emit(topic, 0, b"x", b"no state"), Emit(topic, 0, state.key, None))
    assert invoke(app, "list").exit_code == 0
