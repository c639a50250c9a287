"""The golden messages: today's code reads them, finds them as its schemas say, and writes them byte for byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from connectors import samples
from connectors.registry import codecs
from contracts.assignment import Assignment
from contracts.case import due_of, read_case, write_case
from contracts.codes import Role
from contracts.deadletter import DeadLetter, original
from contracts.decision import Decision, ModeRecord, decision_wire, mode_wire
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased, DirectiveTaken
from contracts.envelope import open_envelope
from contracts.feedback import Feedback
from contracts.handling import DeadLetterHandling
from contracts.ids import assignment_id, decision_id, incident_id
from contracts.incident import Incident, incident_bytes
from contracts.inputs import InputState
from contracts.lifecycle import LifecycleFact, lifecycle_bytes
from contracts.notice import AssignmentNotice
from contracts.outcome import Outcome
from contracts.partition import partition_of_id
from contracts.probe import Probe
from contracts.ruleset import RulesetBundle, RulesetPointer
from contracts.rulesetact import RulesetAct
from contracts.serde import read, write
from contracts.shadow import ShadowDecision
from contracts.surge import Surge
from contracts.topics import Topics
from contracts.wire import INTERNAL, file_name, native_name
from incidentbus.schemafiles import DIRECTORY
from routing_rules.engine.loader import load
from streams.processors.dispatch.state import CaseState

EXAMPLES = DIRECTORY.parent / "examples"
TOPICS = Topics()
SPECS = {spec.name: spec for spec in TOPICS.specs(codecs(), ["any"])}
FACT = lambda fact: fact.model_dump_json(exclude_none=True).encode()  # noqa: E731
_BARE = {
    "inputs", "rulesets", "ruleset-in-force", "ruleset-acts", "modes", "probes", "dead-letter-handling", "dead-letters",
    "surge-sightings", "surge-state",  # between an observer and itself: the version stands in the value
}  # fmt: skip

_BESIDE = {"directive-taken", "assignment-released", "assignment-notice"}
WAYS: dict[str, tuple[Any, Callable[[Any], bytes]]] = {
    "agency-feedback": (Feedback, FACT),
    "assignment-notice": (AssignmentNotice, write),
    "assignment-released": (AssignmentReleased, write),
    "assignments": (Assignment, write),
    "dead-letter-handling": (DeadLetterHandling, write),
    "decisions": (Decision, lambda decision: write(decision_wire(decision))),
    "directive-taken": (DirectiveTaken, FACT),
    "directives": (Directive, write),
    "feedback": (Feedback, FACT),
    "incidents": (Incident, incident_bytes),
    "inputs": (InputState, write),
    "lifecycle": (LifecycleFact, lifecycle_bytes),
    "modes": (ModeRecord, lambda record: write(mode_wire(record))),
    "outcomes": (Outcome, write),
    "probes": (Probe, write),
    "ruleset-acts": (RulesetAct, write),
    "ruleset-in-force": (RulesetPointer, write),
    "rulesets": (RulesetBundle, write),
    "shadow-decisions": (ShadowDecision, write),
    "surges": (Surge, write),
}
"""How a message of each kind is read, and how whoever sends it writes it."""


class Golden(NamedTuple):
    """A golden message, in the shape of a record."""

    noun: str
    topic: str
    partition: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp: int = 0
    offset: int = 0

    @property
    def kind(self) -> str:
        """The folder, but for what lies beside decisions and assignments."""
        told = (dict(self.headers).get("ce_type") or b"").decode().removeprefix("incidentbus.").removesuffix(".v1")
        return told if told in _BESIDE else self.noun

    def read(self) -> Any:
        return read(WAYS[self.kind][0], self.value)


def golden(path: Path) -> Golden:
    about = json.loads(path.with_suffix(".record.json").read_text(encoding="utf-8"))
    headers = tuple((name, None if raw is None else raw.encode()) for name, raw in about["headers"].items())
    return Golden(
        path.parent.name, about["topic"], about["partition"], about["key"].encode(), path.read_bytes(), headers
    )


MESSAGES = {
    f"{path.parent.name}/{path.stem}": golden(path)
    for path in sorted(EXAMPLES.rglob("*"))
    if path.is_file() and not path.name.endswith(".record.json")
}
READABLE = [name for name, message in MESSAGES.items() if message.kind in WAYS]
NATIVE = [name for name, message in MESSAGES.items() if message.noun in ("reports", "rekeyed-reports")]


def validate(instance: Any, file: str) -> None:
    schema = json.loads((DIRECTORY / file).read_text(encoding="utf-8"))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(instance)


def test_every_topic_of_the_registry_has_a_golden_message_and_nothing_else_has() -> None:
    assert {message.noun for message in MESSAGES.values()} == {spec.example for spec in SPECS.values()}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_lies_in_the_folder_of_its_topic_and_within_its_limit(name: str) -> None:
    message = MESSAGES[name]
    general = [
        f"agency.any.{message.topic.split('.', 2)[2]}" if message.topic.startswith("agency.") else message.topic,
        f"{message.topic}.dlq",
    ]
    spec = next(SPECS[each] for each in general if each in SPECS)
    assert spec.example == message.noun
    assert len(message.value) < spec.max_message_bytes
    assert 0 <= message.partition < TOPICS.partitions_of(spec)


@pytest.mark.parametrize("name", READABLE)
def test_it_is_read_and_written_again_byte_for_byte(name: str) -> None:
    message = MESSAGES[name]
    assert WAYS[message.kind][1](message.read()) == message.value


@pytest.mark.parametrize("name", READABLE)
def test_it_is_as_its_json_schema_says(name: str) -> None:
    message = MESSAGES[name]
    validate(json.loads(message.value), file_name(WAYS[message.kind][0].__name__))


@pytest.mark.parametrize("name", READABLE)
def test_a_message_with_an_unknown_field_more_is_read_still(name: str) -> None:
    message = MESSAGES[name]
    newer = json.dumps({**json.loads(message.value), "of_a_later_release": [1]}).encode()
    assert read(WAYS[message.kind][0], newer) == message.read()


@pytest.mark.parametrize("name", NATIVE)
def test_a_native_payload_is_as_its_channel_s_schema_says_and_its_codec_reads_it(name: str) -> None:
    message = MESSAGES[name]
    channel = name.rsplit("/", 1)[1]
    validate(json.loads(message.value), file_name(native_name(channel)))
    envelope = open_envelope(message.headers, message.value)
    report = codecs()[channel].decode(message.value, envelope.attributes)
    assert report.external_id == envelope.attributes["id"]
    right = partition_of_id(incident_id(channel, report.external_id), TOPICS.spine)
    assert message.noun == "reports" or message.partition == right


@pytest.mark.parametrize("channel", codecs())
def test_every_sound_sample_is_as_its_channel_s_schema_says(channel: str) -> None:
    for payload in (*samples.reports(channel), *samples.corrected(channel)):
        validate(json.loads(payload), file_name(native_name(channel)))


@pytest.mark.parametrize("name", [name for name, message in MESSAGES.items() if message.noun not in _BARE])
def test_the_flow_speaks_cloudevents(name: str) -> None:
    message = MESSAGES[name]
    if SPECS.get(message.topic) and SPECS[message.topic].schema.startswith(INTERNAL):
        assert message.headers == (("state_version", b"1"),)
        return
    attributes = open_envelope(message.headers, message.value).attributes
    assert attributes["type"].startswith("incidentbus.")
    assert attributes["specversion"] == "1.0"
    if message.noun not in ("reports", "rekeyed-reports"):
        assert attributes["subject"].encode() == message.key


def test_the_messages_of_one_case_belong_together_by_content() -> None:
    incident: Incident = MESSAGES["incidents/hotline-12345"].read()
    decision: Decision = MESSAGES["decisions/first-round"].read()
    assert incident.id == decision.incident == incident_id(incident.report.channel, incident.report.external_id)
    for role in Role:
        given: Assignment = MESSAGES[f"assignments/{role.value.replace('_', '-')}"].read()
        assert given.id == assignment_id(incident.id, given.agency, 1, role)
        assert given.decision == decision_id(incident.id, 1, incident.id)
        assert (given.reporter is not None) == (role is Role.LEAD)
    taken: DirectiveTaken = MESSAGES["decisions/directive-taken"].read()
    again: Decision = MESSAGES["decisions/second-round"].read()
    assert taken.decision == decision_id(incident.id, 2, taken.directive.id)
    assert decision.lead not in {role.agency for role in again.roles}


def test_what_waited_is_told_of_once_it_went_out_and_belongs_to_its_decision() -> None:
    decision: Decision = MESSAGES["decisions/held"].read()
    released: AssignmentReleased = MESSAGES["decisions/assignment-released"].read()
    notice: AssignmentNotice = MESSAGES["assignments/notice"].read()
    assert decision.held == (decision.lead,) == (released.agency,)
    assert decision.subject is not None
    assert incident_id(decision.subject.channel, decision.subject.external_id) == decision.incident
    lead = assignment_id(decision.incident, decision.lead, decision.round, Role.LEAD)
    assert lead == released.assignment == notice.assignment


def test_a_dead_letter_is_read_back_and_gives_up_its_record() -> None:
    message = MESSAGES["dead-letters/unparsable"]
    letter = DeadLetter.of(message)
    validate(
        json.loads(letter.model_dump_json(exclude={"value", "key", "headers"})) | {"key": None, "value": None},
        "dead-letter.v1.json",
    )
    record = original(letter)
    assert (record.topic, record.key, record.value) == (letter.topic, message.key, message.value)
    assert open_envelope(record.headers, record.value).attributes["id"] == "20260512-000002"


def test_state_that_was_kept_is_read_by_today_s_stages() -> None:
    case = MESSAGES["dispatch-state/case"]
    state = CaseState.read(case.value)
    assert state.write() == case.value
    assert state.incident.id.encode() == case.key
    assert (state.round, len(state.returned_by)) == (2, 1)
    kept = MESSAGES["cases/acknowledged"]
    assert write_case(read_case(kept.value)) == kept.value
    assert due_of(kept.value) == read_case(kept.value).clocks[0].at[0]
    seen = MESSAGES["intake-state/seen"]
    assert len(seen.value) % 16 == 0
    assert seen.value


def test_a_ruleset_that_was_published_still_loads_to_its_hash() -> None:
    bundle: RulesetBundle = MESSAGES["rulesets/example"].read()
    pointer: RulesetPointer = MESSAGES["ruleset-in-force/example"].read()
    loaded = load(bundle.files()).ruleset
    assert loaded is not None
    assert loaded.hash == bundle.hash == pointer.hash
    assert MESSAGES["rulesets/example"].key == bundle.hash.encode()
