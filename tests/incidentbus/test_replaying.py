"""Replay: what dispatch decided comes out again byte for byte, with any number of workers, stopped or not."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from contracts.codes import DirectiveKind, Mode
from contracts.decision import ModeRecord
from contracts.directive import Directive
from contracts.ids import incident_id
from contracts.incident import incident_bytes
from contracts.partition import partition_of_id
from contracts.report import Report
from contracts.topics import Topics
from incidentbus.cli.rules import app
from incidentbus.replaying import Tally, UnfitState, judged, pieces, replay
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.rulesets import HeldRuleset, RulesetInForce

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "rules" / "example"
TOPICS = Topics(spine=1)
WHEN = datetime(2026, 5, 12, 2, 3, 4, 567_000, tzinfo=UTC)
TEXTS = ("喇叭叫卖太吵", "广场舞太吵", "打烊以后还放喇叭叫卖", "有人在湖上电鱼", "一件说不清的事")
EMERGENCY = ModeRecord(
    mode=Mode.EMERGENCY, jurisdiction=None, response=("flood",), response_level=2, from_=WHEN - timedelta(days=1),
    until=WHEN + timedelta(days=9), set_by="centre", reason="汛情",
)  # fmt: skip
Line = dict[str, Any]


class _State(dict[bytes, bytes]):
    """A task's state without a broker beneath."""

    put = dict.__setitem__

    def delete(self, key: bytes) -> None:
        self.pop(key, None)


@pytest.fixture(scope="module")
def bundle() -> dict[str, bytes]:
    return read_bundle(EXAMPLE)


@pytest.fixture(scope="module")
def compiled(bundle: dict[str, bytes]) -> Compiled:
    loaded = load(bundle)
    assert loaded.ruleset is not None
    return compile_ruleset(loaded.ruleset)


def _record(topic: str, value: bytes, at: datetime) -> SimpleNamespace:
    stamp = round(at.timestamp() * 1000)
    return SimpleNamespace(topic=topic, partition=0, offset=0, timestamp=stamp, key=b"", value=value, headers=())


@pytest.fixture(scope="module")
def lines(compiled: Compiled) -> list[Line]:
    """60 cases through dispatch as it is, half of them in an emergency, every third dispatched once more."""
    made: list[Line] = []
    for n in range(60):
        modes = (dataclasses.replace(EMERGENCY, jurisdiction=compiled.ruleset.root),) if n % 2 else ()
        dispatch = Dispatch(0, TOPICS, HeldRuleset(RulesetInForce(compiled, modes)), TurnCounts())
        text = TEXTS[n % len(TEXTS)]
        report = Report(channel="hotline-12345", external_id=f"r{n}", title=text, text=f"{text}，第{n}次")
        id_, at, state = incident_id(report.channel, report.external_id), WHEN + timedelta(hours=n), _State()
        assert partition_of_id(id_, 1) == 0
        raw = incident_bytes(compiled.interpreter.understand(report, id_, at))
        told = list(dispatch.begin_turn()(_record(TOPICS.bus("incidents"), raw, at), state))  # type: ignore[arg-type]
        if n % 3 == 0:
            again = Directive(
                id=f"d{n}", kind=DirectiveKind.REDISPATCH, issued_at=at + timedelta(days=1), issued_by="centre",
                incident=id_,
            )  # fmt: skip
            record = _record(TOPICS.bus("directives"), again.model_dump_json().encode(), at + timedelta(days=1))
            told += dispatch.begin_turn()(record, state)  # type: ignore[arg-type]
        decided = [each.value for each in told if dict(each.headers)["ce_type"] == b"incidentbus.decision.v1"]
        made += [{"incident": orjson.loads(raw), "decision": orjson.loads(value or b"")} for value in decided]
    return made


def written(tmp_path: Path, lines: list[Line]) -> Path:
    file = tmp_path / "past.ndjson"
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return file


def test_what_dispatch_decided_comes_out_again_byte_for_byte(
    lines: list[Line], bundle: dict[str, bytes], tmp_path: Path
) -> None:
    assert {line["decision"]["round"] for line in lines} == {1, 2}
    assert {line["decision"]["mode"] for line in lines} == {"routine", "emergency"}
    assert len({line["decision"]["route"] for line in lines}) > 3
    assert all("subject" in line["decision"] for line in lines)
    tally = replay(bundle, written(tmp_path, lines))
    assert (tally.lines, tally.same) == (80, 80)


@pytest.mark.parametrize(
    ("field", "value"),
    [("lead", "petition"), ("due", []), ("tags", ["x"]), ("flags", ["x"]), ("overlays", ["nothing"]), ("route", "x")],
)
def test_a_decision_that_was_another_under_the_same_digest_is_told(
    lines: list[Line], compiled: Compiled, field: str, value: Any
) -> None:
    line = {**lines[0], "decision": {**lines[0]["decision"], field: value}}
    tally = judged(orjson.dumps(line), compiled)
    assert (tally.same, tally.broken) == (0, 1)
    (example,) = tally.broken_examples
    assert (example.line, example.incident, example.field) == (1, line["incident"]["id"], field)


def test_the_order_of_fields_is_part_of_the_bytes(lines: list[Line], compiled: Compiled) -> None:
    turned = dict(reversed(lines[0]["decision"].items()))
    tally = judged(orjson.dumps({**lines[0], "decision": turned}), compiled)
    assert [each.field for each in tally.broken_examples] == ["order"]


def _other(lines: list[Line], compiled: Compiled) -> Tally:
    """What the example came to, replayed through one where another agency leads on hawking."""
    files = read_bundle(EXAMPLE)
    name = "routes/20-topics.yaml"
    files[name] = files[name].replace(b"assign: {lead: urban}", b"assign: {lead: police-bureau}")
    loaded = load(files)
    assert loaded.ruleset is not None
    assert loaded.ruleset.hash != compiled.ruleset.hash
    return judged(b"\n".join(map(orjson.dumps, lines)), compile_ruleset(loaded.ruleset))


def test_under_another_digest_differences_are_grouped_and_nothing_is_broken(
    lines: list[Line], compiled: Compiled
) -> None:
    tally = _other(lines, compiled)
    then = [line["decision"] for line in lines if line["decision"]["route"] == "hawking"]
    assert len(then) > 5
    assert (tally.same, tally.broken, tally.moves.decided) == (0, 0, len(lines))
    ((group, counted),) = tally.moves.largest()
    assert (group.rule, group.before, group.after, counted.n) == ("hawking", "urban", "police-bureau", len(then))
    assert counted.examples == [decision["incident"] for decision in then][:3]


def test_amendments_are_counted_and_not_recomputed(lines: list[Line], compiled: Compiled) -> None:
    line = {**lines[0], "amends": True, "decision": {**lines[0]["decision"], "lead": "petition"}}
    tally = judged(orjson.dumps(line), compiled)
    assert (tally.amended, tally.same, tally.broken, tally.moves.decided) == (1, 0, 0, 0)


def test_an_incident_without_a_decision_is_decided_and_compared_with_nothing(
    lines: list[Line], compiled: Compiled
) -> None:
    tally = judged(orjson.dumps({"incident": lines[0]["incident"]}), compiled)
    assert (tally.lines, tally.alone, tally.unreadable) == (1, 1, 0)


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b'{"incident": 1}', b"\xff"])
def test_a_line_that_cannot_be_read_hides_no_other(lines: list[Line], compiled: Compiled, line: bytes) -> None:
    good = orjson.dumps(lines[0])
    tally = judged(b"\n".join([good, line, b"", good]), compiled)
    assert (tally.lines, tally.same, tally.unreadable) == (4, 2, 1)
    assert tally.unreadable_examples[0][0] == 2


def test_a_decision_of_another_incident_is_not_compared(lines: list[Line], compiled: Compiled) -> None:
    crossed = {"incident": lines[0]["incident"], "decision": lines[-1]["decision"]}
    assert judged(orjson.dumps(crossed), compiled).unreadable == 1


@pytest.mark.parametrize("size", [1, 100, 5_000, 1 << 20])
def test_pieces_are_whole_lines_and_lose_no_byte(lines: list[Line], tmp_path: Path, size: int) -> None:
    file = written(tmp_path, lines)
    found = list(pieces(file, 0, size))
    assert b"".join(found) == file.read_bytes()
    assert all(piece.endswith(b"\n") for piece in found)


def test_two_workers_come_to_what_one_comes_to(lines: list[Line], bundle: dict[str, bytes], tmp_path: Path) -> None:
    spoiled = [*lines]
    spoiled[41] = {**lines[41], "decision": {**lines[41]["decision"], "lead": "petition"}}
    file = written(tmp_path, spoiled)
    alone, together = (replay(bundle, file, workers=workers, piece=9_000) for workers in (1, 2))
    assert alone == together
    assert [each.line for each in alone.broken_examples] == [42]


def test_a_replay_that_was_stopped_goes_on_and_comes_to_the_same(
    lines: list[Line], bundle: dict[str, bytes], tmp_path: Path
) -> None:
    file, state = written(tmp_path, lines), tmp_path / "state"
    told: list[int] = []

    def stop(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(bundle, file, state=state, show=stop, piece=9_000)
    after: list[int] = []
    tally = replay(bundle, file, state=state, show=lambda done, _: after.append(done), piece=9_000)
    assert after[0] > told[-1]  # nothing that was done is done again
    assert after[-1] == file.stat().st_size
    assert tally == replay(bundle, file)


def test_a_finished_replay_decides_nothing_again(lines: list[Line], bundle: dict[str, bytes], tmp_path: Path) -> None:
    file, state = written(tmp_path, lines), tmp_path / "state"
    whole = replay(bundle, file, state=state)
    again: list[int] = []
    assert replay(bundle, file, state=state, show=lambda done, _: again.append(done)) == whole
    assert again == []


def test_what_was_counted_survives_the_state_file(lines: list[Line], compiled: Compiled, tmp_path: Path) -> None:
    files = read_bundle(EXAMPLE)
    name = "routes/20-topics.yaml"
    files[name] = files[name].replace(b"assign: {lead: urban}", b"assign: {lead: police-bureau}")
    file, state = written(tmp_path, [*lines, {"incident": 1}]), tmp_path / "state"
    whole = replay(files, file, state=state)
    assert whole.moves.differing > 0
    assert replay(files, file, state=state) == whole


def test_the_state_of_another_ruleset_or_file_is_refused(
    lines: list[Line], bundle: dict[str, bytes], tmp_path: Path
) -> None:
    file, state = written(tmp_path, lines), tmp_path / "state"
    replay(bundle, file, state=state)
    with pytest.raises(UnfitState):
        replay({**bundle, "routes/20-topics.yaml": bundle["routes/20-topics.yaml"] + b"#\n"}, file, state=state)
    written(tmp_path, lines[:-1])
    with pytest.raises(UnfitState):
        replay(bundle, file, state=state)
    state.write_bytes(b"[]")
    with pytest.raises(UnfitState):
        replay(bundle, file, state=state)


def command(*words: object) -> Result:
    return CliRunner().invoke(app, ["replay", *map(str, words)])


def test_the_command_ends_with_0_where_all_came_out_again(lines: list[Line], tmp_path: Path) -> None:
    result = command(EXAMPLE, "--file", written(tmp_path, lines))
    assert result.exit_code == 0
    assert result.stdout == "重放 80 行：一字不差 80，判得一样 0，判得不一样 0（换主办 0）\n"


def test_the_command_ends_with_1_where_one_did_not(lines: list[Line], tmp_path: Path) -> None:
    spoiled = [{**lines[0], "decision": {**lines[0]["decision"], "lead": "petition"}}, *lines[1:]]
    result = command(EXAMPLE, "--file", written(tmp_path, spoiled))
    assert result.exit_code == 1
    assert f"错：1 件摘要相同而判定不同，例：{lines[0]['incident']['id']}(1: lead)" in result.stdout
    told = orjson.loads(command(EXAMPLE, "--file", tmp_path / "past.ndjson", "--json").stdout)
    assert (told["of"], told["same"], told["broken"]) == ("replay", 79, 1)


def test_the_command_ends_with_2_where_it_is_asked_wrongly(lines: list[Line], tmp_path: Path) -> None:
    file = written(tmp_path, lines)
    (tmp_path / "bad").write_bytes(b"{")
    assert command(EXAMPLE, "--file", tmp_path / "nowhere").exit_code == 2
    assert command(tmp_path, "--file", file).exit_code == 2
    assert command(EXAMPLE, "--file", file, "--state", tmp_path / "bad").exit_code == 2
