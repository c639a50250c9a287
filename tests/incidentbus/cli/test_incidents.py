"""One report followed across the topics: the records are those that the real processors make of a real sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from connectors import samples
from connectors.kafka.publisher import report
from connectors.registry import codecs
from contracts.codes import DirectiveKind
from contracts.deadletter import dead_letter
from contracts.directive import Directive
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.partition import partition_of_id
from contracts.ports import Emit, Headers
from contracts.ruleset import RulesetBundle, pack
from contracts.serde import write
from incidentbus.cli.incidents import app
from incidentbus.clock import utc_now
from incidentbus.settings import load_settings
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load_directory, read_bundle
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.processors.intake import Intake
from streams.rulesets import HeldRuleset, RulesetInForce

CHANNEL = "hotline-12345"


@dataclass(frozen=True)
class Record:
    """A record as a consumer hands it over."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = 1_763_980_000_000


class Memory(dict[bytes, bytes]):
    """A task's state."""

    def put(self, key: bytes, value: bytes) -> None:
        self[key] = value

    def delete(self, key: bytes) -> None:
        self.pop(key, None)


@pytest.fixture(scope="module")
def held() -> HeldRuleset:
    loaded = load_directory(load_settings().ruleset_dir)
    assert loaded.ruleset is not None
    return HeldRuleset(RulesetInForce(compile_ruleset(loaded.ruleset)))


class Flow:
    """The stages without a runtime: each record goes through the real processor of its task and onto the broker."""

    def __init__(self, deployment, held: HeldRuleset) -> None:
        self.deployment, self.held = deployment, held
        self.topics = deployment.topics
        self.memories: dict[tuple[str, int], Memory] = {}
        specs = self.topics.specs([CHANNEL], list(held.in_force.compiled.ruleset.agencies))
        nouns = ("incidents", "decisions", "directives", "feedback", "rekeyed-reports")
        named = {self.topics.bus(noun) for noun in nouns} | {f"{self.topics.bus('directives')}.dlq"}
        mine = [s for s in specs if s.name in named or s.name.startswith(f"{self.topics.prefix}channel.")]
        deployment.create(*mine)
        self.made = {spec.name for spec in mine}
        self.specs = {spec.name: spec for spec in specs}

    def publish(self, payload: bytes, external_id: str, partition: int) -> str:
        """Publish a report where a publisher chose to, and take it through both stages."""
        out = report(self.topics, CHANNEL, external_id, payload, utc_now(), partition=partition)
        self.take("intake", Emit(out.topic, partition, out.key, out.value, out.headers))
        return incident_id(CHANNEL, external_id)

    def take(self, stage: str, emit: Emit) -> None:
        """Put a record on its topic and what it gives rise to after it."""
        (offset,) = self.deployment.put(emit)
        record = Record(emit.topic, emit.partition, offset, emit.key, emit.value, emit.headers)
        try:
            given = self.processor(stage, emit.partition).begin_turn()(record, self.memory(stage, emit.partition))
        except Permanent as error:
            given = [dead_letter(record, error.reason, error.detail, stage=stage, at_ms=record.timestamp)]
        self.pass_on(given)

    def pass_on(self, given: Sequence[Emit]) -> None:
        missing = {emit.topic for emit in given} - self.made
        self.deployment.create(*(self.specs[name] for name in missing))
        self.made |= missing
        nexts = {self.topics.bus("incidents"): "dispatch", self.topics.bus("rekeyed-reports"): "intake"}
        for emit in given:
            if emit.topic in nexts:
                self.take(nexts[emit.topic], emit)
            else:
                self.deployment.put(emit)

    def memory(self, stage: str, task: int) -> Memory:
        return self.memories.setdefault((stage, task), Memory())

    def processor(self, stage: str, task: int) -> Any:
        if stage == "dispatch":
            return Dispatch(task, self.topics, self.held, TurnCounts())
        channels = {self.topics.channel_reports(CHANNEL): CHANNEL}
        return Intake(task, self.topics, channels, codecs(), self.held, TurnCounts())


@pytest.fixture
def flow(deployment, held: HeldRuleset) -> Flow:
    return Flow(deployment, held)


def sample(number: int = 0) -> tuple[bytes, str, tuple[str, ...]]:
    """Return a payload, its external id, and what of it must never show."""
    payload = samples.reports(CHANNEL)[number]
    told = codecs()[CHANNEL].decode(payload, {})
    secrets = (told.title, told.text, told.address, told.reporter.name, told.reporter.phone)
    return payload, told.external_id, tuple(secret for secret in secrets if secret)


def steps(result) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_a_report_is_followed_from_its_channel_to_its_agencies(flow: Flow, invoke) -> None:
    payload, external_id, secrets = sample()
    id_ = flow.publish(payload, external_id, partition=partition_of_id(incident_id(CHANNEL, external_id), 2))
    result = invoke(app, "trace", id_, "--json")
    assert result.exit_code == 0
    told = steps(result)
    kinds = [step["step"] for step in told]
    assert sorted(kinds[:3]) == ["decision", "incident", "report"]
    assert kinds.count("decision") == 1
    decision = next(step for step in told if step["step"] == "decision")
    given = {(step["agency"], step["role"]) for step in told if step["step"] == "assignment"}
    assert given == {(role["agency"], role["role"]) for role in decision["decision"]["roles"]}
    assert (decision["lead"], "lead") in given
    assert len(secrets) >= 4
    for text in (result.stdout, invoke(app, "trace", id_).stdout):
        assert not [secret for secret in secrets if secret in text]


def test_it_is_found_by_its_number_at_its_channel_too(flow: Flow, invoke) -> None:
    payload, external_id, _ = sample()
    id_ = flow.publish(payload, external_id, partition=partition_of_id(incident_id(CHANNEL, external_id), 2))
    by_number = invoke(app, "trace", "--external-id", external_id, "--channel", CHANNEL, "--json")
    assert by_number.stdout == invoke(app, "trace", id_, "--json").stdout


def test_a_report_on_the_wrong_partition_shows_where_it_was_passed_on_from(flow: Flow, invoke) -> None:
    payload, external_id, _ = sample()
    wrong = 1 - partition_of_id(incident_id(CHANNEL, external_id), 2)
    id_ = flow.publish(payload, external_id, partition=wrong)
    told = steps(invoke(app, "trace", id_, "--json"))
    came = next(step for step in told if step["step"] == "report")
    passed = next(step for step in told if step["step"] == "rekeyed")
    assert came["partition"] == wrong
    assert passed["from"] == f"{came['topic']}/{came['partition']}/{came['offset']}"


def test_a_report_told_again_and_a_directive_are_on_the_way_too(flow: Flow, invoke) -> None:
    changed = samples.corrected(CHANNEL)[0]
    external_id = codecs()[CHANNEL].decode(changed, {}).external_id
    every = {codecs()[CHANNEL].decode(payload, {}).external_id: payload for payload in samples.reports(CHANNEL)}
    right = partition_of_id(incident_id(CHANNEL, external_id), 2)
    id_ = flow.publish(every[external_id], external_id, partition=right)
    flow.publish(changed, external_id, partition=right)
    directive = Directive(
        id="dir-1", kind=DirectiveKind.REDISPATCH, issued_at=utc_now(), issued_by="command-centre", incident=id_
    )
    flow.take("dispatch", Emit(flow.topics.bus("directives"), right, id_.encode(), write(directive)))
    told = steps(invoke(app, "trace", id_, "--json"))
    kinds = [step["step"] for step in told]
    assert kinds.count("report") == 2
    assert [step["fact"] for step in told if step["step"] == "fact"] == ["report_updated"]
    assert kinds.count("decision") == 2
    assert kinds.count("directive") == kinds.count("directive_taken") == 1


def test_a_report_that_never_became_an_incident_is_found_among_the_dead_letters(flow: Flow, invoke) -> None:
    id_ = flow.publish(b'{"broken": ', "never-1", partition=0)
    for words in ((id_,), ("--external-id", "never-1", "--channel", CHANNEL)):
        result = invoke(app, "trace", *words, "--json")
        assert result.exit_code == 0
        report_, letter = steps(result)
        assert (report_["step"], letter["step"], letter["reason"]) == ("report", "dead_letter", "unparsable")
        assert letter["record"] == f"{report_['topic']}/{report_['partition']}/{report_['offset']}"


def test_a_report_without_key_and_attributes_is_found_by_reading_it(flow: Flow, invoke) -> None:
    payload, external_id, _ = sample()
    flow.take("intake", Emit(flow.topics.channel_reports(CHANNEL), 0, None, payload))
    told = steps(invoke(app, "trace", "--external-id", external_id, "--channel", CHANNEL, "--json"))
    assert told[0]["step"] == "report"
    assert {step["step"] for step in told} >= {"incident", "decision", "assignment"}


def test_another_report_s_records_are_not_mixed_in(flow: Flow, invoke) -> None:
    first, second = sample(0), sample(1)
    ids = [flow.publish(payload, external_id, partition=0) for payload, external_id, _ in (first, second)]
    told = [steps(invoke(app, "trace", id_, "--json")) for id_ in ids]
    places = [{(step["topic"], step["partition"], step["offset"]) for step in each} for each in told]
    assert not places[0] & places[1]
    assert all({step["incident"] for step in each} == {id_} for each, id_ in zip(told, ids, strict=True))


def test_the_explanation_is_in_the_language_that_was_asked(flow: Flow, invoke) -> None:
    payload, external_id, _ = sample()
    id_ = flow.publish(payload, external_id, partition=partition_of_id(incident_id(CHANNEL, external_id), 2))
    chinese, english = (invoke(app, "trace", id_, "--lang", language).stdout for language in ("zh", "en"))
    assert "判定" in chinese
    assert "主办" in chinese.split("\n\n")[1]
    assert "decided" in english
    assert "判定" not in english
    assert english.split("\n\n")[1] != chinese.split("\n\n")[1]


def test_a_decision_is_explained_by_the_ruleset_that_made_it_wherever_the_machine_s_own_has_gone(
    flow: Flow, invoke, tmp_path, monkeypatch
) -> None:
    payload, external_id, _ = sample()
    id_ = flow.publish(payload, external_id, partition=partition_of_id(incident_id(CHANNEL, external_id), 2))
    before = invoke(app, "trace", id_).stdout.split("\n\n", 1)[1]
    files = read_bundle(load_settings().ruleset_dir)
    ruleset = flow.held.in_force.compiled.ruleset
    bundle = RulesetBundle(
        id=ruleset.id, version=ruleset.version, hash=ruleset.hash, published_at=utc_now(), published_by="test",
        packed=pack(files),
    )  # fmt: skip
    rulesets = flow.topics.bus("rulesets")
    flow.deployment.create(flow.specs[rulesets])
    flow.deployment.put(Emit(rulesets, 0, ruleset.hash.encode(), write(bundle)))
    monkeypatch.setenv("INCIDENTBUS_RULESET_DIR", str(tmp_path))
    load_settings.cache_clear()
    assert invoke(app, "trace", id_).stdout.split("\n\n", 1)[1] == before


def test_what_is_unknown_is_a_finding_and_what_cannot_be_meant_a_misuse(flow: Flow, invoke) -> None:
    assert invoke(app, "trace", "inc-aaaaaaaaaaaaaaaaaaaaaaaa").exit_code == 1
    for words in ((), ("dec-1",), ("--external-id", "x"), ("inc-a", "--external-id", "x", "--channel", "c")):
        assert invoke(app, "trace", *words).exit_code == 2
    assert invoke(app, "trace", "inc-a", "--lang", "fr").exit_code == 2
