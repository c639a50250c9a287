"""Make the golden messages of contracts/examples anew: the real processors over the bundled samples, at a fixed time.

    python tests/contracts/make_examples.py

A golden message is what was once promised. It is not remade when rules or samples change, only when a topic is new or
gets another major; `test_examples.py` holds that today's code still reads it and writes it byte for byte.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from connectors import samples
from connectors.kafka.publisher import report
from connectors.registry import codecs
from contracts.case import Case, Clock, Part, Timer, write_case
from contracts.codes import (
    CaseStatus,
    DirectiveKind,
    FactKind,
    Milestone,
    Mode,
    PartStatus,
    ReasonCode,
    ReturnReason,
    Role,
    TimerKind,
)
from contracts.deadletter import dead_letter
from contracts.decision import ModeRecord, mode_wire
from contracts.directive import Directive
from contracts.envelope import binary_headers
from contracts.errors import Permanent
from contracts.feedback import Feedback
from contracts.handling import DeadLetterHandling, HandlingAction
from contracts.ids import assignment_id, directive_id, fact_id, incident_id
from contracts.inputs import InputState, InputStatus, PauseReason
from contracts.lifecycle import LifecycleFact, lifecycle_bytes
from contracts.outcome import Outcome
from contracts.partition import partition_of, partition_of_id
from contracts.ports import Emit, Headers
from contracts.probe import Probe
from contracts.ruleset import RulesetBundle, RulesetPointer, pack
from contracts.rulesetact import Act, Effect, RulesetAct
from contracts.serde import write
from contracts.surge import Surge
from contracts.topics import Topics
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load, load_directory, read_bundle
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.processors.intake import Intake
from streams.processors.surge import HOUR_MS, Group, Sighting, Watched, observe
from streams.rulesets import HeldRuleset, RulesetInForce
from streams.shadows import Shadow

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "contracts" / "examples"
TOPICS = Topics()
NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
CHANNEL = "hotline-12345"


@dataclass(frozen=True)
class Record:
    """A record as a consumer hands it over."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    offset: int = 41
    timestamp: int = int(NOW.timestamp() * 1000)

    @classmethod
    def of(cls, emit: Emit) -> "Record":
        return cls(emit.topic, emit.partition, emit.key, emit.value, emit.headers)


class Memory(dict[bytes, bytes]):
    """A task's state."""

    def put(self, key: bytes, value: bytes) -> None:
        self[key] = value

    def delete(self, key: bytes) -> None:
        self.pop(key, None)


Golden = tuple[str, str, Emit]
"""The folder, the name, and the message."""


class Stages:
    """Both stages over one ruleset, each task with its memory."""

    def __init__(self) -> None:
        ruleset = load_directory(ROOT / "routing_rules" / "rulesets" / "hongze").ruleset
        assert ruleset is not None
        self.held = HeldRuleset(RulesetInForce(compile_ruleset(ruleset)))
        self.memories: dict[tuple[str, int], Memory] = {}

    def run(self, stage: str, emit: Emit) -> Sequence[Emit]:
        channels = {TOPICS.channel_reports(channel): channel for channel in codecs()}
        memory = self.memories.setdefault((stage, emit.partition), Memory())
        if stage == "intake":
            made = Intake(emit.partition, TOPICS, channels, codecs(), self.held, TurnCounts())
        else:
            made = Dispatch(emit.partition, TOPICS, self.held, TurnCounts())
        return made.begin_turn()(Record.of(emit), memory)


def published(channel: str, payload: bytes, partition: int | None = None) -> Emit:
    external_id = codecs()[channel].decode(payload, {}).external_id
    out = report(TOPICS, channel, external_id, payload, NOW - timedelta(minutes=1))
    there = partition_of_id(incident_id(channel, external_id), TOPICS.spine) if partition is None else partition
    return Emit(out.topic, there, out.key, out.value, out.headers)


def flow(stages: Stages) -> Iterator[Golden]:
    """Yield what one case leaves on every topic that it passes."""
    for channel in codecs():
        yield "reports", channel, published(channel, samples.reports(channel)[0])
    payload, incident = richest(stages)
    elsewhere = published(CHANNEL, payload, (incident.partition + 1) % TOPICS.spine)
    (rekeyed,) = stages.run("intake", elsewhere)
    yield "rekeyed-reports", CHANNEL, rekeyed
    yield "incidents", CHANNEL, incident
    given = stages.run("dispatch", incident)
    yield "decisions", "first-round", given[0]
    for role in ("lead", "co_handler", "informed"):
        yield "assignments", role.replace("_", "-"), next(e for e in given[1:] if orjson.loads(e.value)["role"] == role)
    yield from later(stages, incident, given[0])


def richest(stages: Stages) -> tuple[bytes, Emit]:
    """Return the first sample whose assignments have all three roles, with its incident; decided in a trial run."""
    for payload in samples.reports(CHANNEL):
        trial = Stages()
        (incident,) = trial.run("intake", published(CHANNEL, payload))
        roles = {orjson.loads(emit.value)["role"] for emit in trial.run("dispatch", incident)[1:]}
        if roles == {"lead", "co_handler", "informed"}:
            (incident,) = stages.run("intake", published(CHANNEL, payload))
            return payload, incident
    raise LookupError("no sample has all three roles")


def later(stages: Stages, incident: Emit, decision: Emit) -> Iterator[Golden]:
    """Yield a return by the lead, its new decision, and what is told of the case."""
    id_, lead = incident.key.decode(), orjson.loads(decision.value)["lead"]
    directive = Directive(
        id=directive_id("redispatch", id_, "1"), kind=DirectiveKind.REDISPATCH, issued_at=NOW + timedelta(hours=2),
        issued_by="command-centre", incident=id_, reason="非本单位职责", returned_by=lead,
        return_reason=ReturnReason.NOT_OUR_DUTY,
    )  # fmt: skip
    headers = headers_of(directive.id, "operators", "directive", directive.issued_at, id_)
    emit = Emit(TOPICS.bus("directives"), incident.partition, incident.key, write(directive), headers)
    yield "directives", "redispatch", emit
    taken, again, *_ = stages.run("dispatch", emit)
    yield "decisions", "directive-taken", taken
    yield "decisions", "second-round", again
    yield "dispatch-state", "case", state_of(stages, "dispatch", incident.partition, incident.key)
    every = stages.memories["intake", incident.partition]
    yield "intake-state", "seen", state_of(stages, "intake", incident.partition, next(iter(every)))
    yield from told(id_, lead, incident.partition)
    corrected = samples.corrected(CHANNEL)[0]
    external_id = codecs()[CHANNEL].decode(corrected, {}).external_id
    before = next(p for p in samples.reports(CHANNEL) if codecs()[CHANNEL].decode(p, {}).external_id == external_id)
    stages.run("intake", published(CHANNEL, before))
    (fact,) = stages.run("intake", published(CHANNEL, corrected))
    yield "feedback", "report-updated", fact


def state_of(stages: Stages, stage: str, partition: int, key: bytes) -> Emit:
    headers = (("state_version", b"1"),)
    return Emit(TOPICS.bus(f"{stage}-state"), partition, key, stages.memories[stage, partition][key], headers)


def held_and_told() -> Iterator[Golden]:
    """Yield a decision whose lead's assignment waits, its release, and a reminder."""
    stages = Stages()
    _, incident = richest(stages)
    id_, lead = incident.key.decode(), next(
        orjson.loads(e.value)["agency"] for e in Stages().run("dispatch", incident)[1:]
        if orjson.loads(e.value)["role"] == Role.LEAD
    )  # fmt: skip

    def command(kind: DirectiveKind, of: str | None, **more: str) -> list[Emit]:
        made = Directive(
            id=directive_id(kind, of or lead, "1"), kind=kind, issued_at=NOW, issued_by="command-centre", incident=of,
            **more,
        )  # fmt: skip
        headers = headers_of(made.id, "operators", "directive", NOW, of)
        key = (of or made.id).encode()
        return list(
            stages.run("dispatch", Emit(TOPICS.bus("directives"), incident.partition, key, write(made), headers))
        )

    command(DirectiveKind.HOLD, None, agency=lead)
    yield "decisions", "held", stages.run("dispatch", incident)[0]
    yield "decisions", "assignment-released", command(DirectiveKind.RELEASE, None, agency=lead)[1]
    yield "assignments", "notice", command(DirectiveKind.REMIND, id_, milestone=Milestone.RESPOND)[1]


def told(id_: str, lead: str, partition: int) -> Iterator[Golden]:
    at = NOW + timedelta(hours=1)
    fact = Feedback(
        id=fact_id(id_, FactKind.ACKNOWLEDGED, "1"), incident=id_, fact=FactKind.ACKNOWLEDGED, at=at, agency=lead
    )
    value = fact.model_dump_json(exclude_none=True).encode()
    headers = headers_of(fact.id, lead, "fact", at, id_)
    key = id_.encode()
    yield "agency-feedback", "acknowledged", Emit(TOPICS.agency_feedback(lead), 0, key, value, headers)
    yield "lifecycle", "acknowledged", lifecycle(fact, lead, partition)
    yield "cases", "acknowledged", kept(fact, lead, partition)
    external_id = "20260512-000001"
    outcome = Outcome(
        id=fact_id(id_, FactKind.DISPATCHED, "1"), incident=id_, channel=CHANNEL, external_id=external_id,
        fact=FactKind.DISPATCHED, at=at, lead=lead,
    )  # fmt: skip
    emit = Emit(
        TOPICS.channel_outcomes(CHANNEL),
        partition,
        key,
        write(outcome),
        headers_of(outcome.id, "supervise", "outcome", at, id_),
    )
    yield "outcomes", "dispatched", emit


def lifecycle(fact: Feedback, lead: str, partition: int) -> Emit:
    taken = LifecycleFact(
        id=fact_id(fact.incident, FactKind.ACKNOWLEDGED, fact.id), incident=fact.incident, fact=fact.fact, at=fact.at,
        status=CaseStatus.ACKNOWLEDGED, round=1, lead=lead, cause=fact.id, agency=lead, role=Role.LEAD,
        assignment=assignment_id(fact.incident, lead, 1, Role.LEAD), milestone=Milestone.ACKNOWLEDGE,
    )  # fmt: skip
    headers = headers_of(taken.id, "supervise", "lifecycle-fact", fact.at, fact.incident)
    return Emit(TOPICS.bus("lifecycle"), partition, fact.incident.encode(), lifecycle_bytes(taken), headers)


def kept(fact: Feedback, lead: str, partition: int) -> Emit:
    at = int(fact.at.timestamp() * 1000)
    part = Part(
        agency=lead, role=Role.LEAD, round=1, status=PartStatus.ACKNOWLEDGED,
        given_at=at - 3_600_000, acknowledge_by=at + 1, acknowledged_at=at,
    )  # fmt: skip
    case = Case(
        status=CaseStatus.ACKNOWLEDGED, channel=CHANNEL, external_id="20260512-000001", round=1, lead=lead,
        parts=[part], clocks=[Clock(lead, Milestone.RESOLVE, [at + 86_400_000, at + 90_000_000], "ro")],
        timers=[Timer(at + 172_800_000, TimerKind.PLAN)],
    )  # fmt: skip
    headers = (("state_version", b"1"),)
    return Emit(TOPICS.bus("cases"), partition, fact.incident.encode(), write_case(case), headers)


def headers_of(id_: str, source: str, noun: str, at: datetime, subject: str) -> Headers:
    return binary_headers(
        id_=id_, source=f"incidentbus/{source}", type_=f"incidentbus.{noun}.v1", time=at, subject=subject
    )


def operators() -> Iterator[Golden]:
    """Yield what operators and the runtime tell each other."""
    ms = int(NOW.timestamp() * 1000)
    files = read_bundle(ROOT / "docs" / "rules" / "example")
    ruleset = load(files).ruleset
    assert ruleset is not None
    bundle = RulesetBundle(
        id=ruleset.id, version=ruleset.version, hash=ruleset.hash, published_at=NOW, published_by="command-centre",
        packed=pack(files),
    )  # fmt: skip
    yield "rulesets", "example", Emit(TOPICS.bus("rulesets"), 0, ruleset.hash.encode(), write(bundle))
    pointer = RulesetPointer(
        hash=ruleset.hash, version=ruleset.version, set_at=NOW, set_by="command-centre", reason="试行"
    )
    yield "ruleset-in-force", "example", Emit(TOPICS.bus("ruleset-in-force"), 0, b"in-force", write(pointer))
    effect = Effect(against="0" * 64, added=("night-works",), changed=("noise",))
    act = RulesetAct(
        act=Act.LIVE, ruleset=ruleset.id, version=ruleset.version, hash=ruleset.hash, at=NOW, by="rules-office",
        reason="夜间施工", approved_by="command-centre", before="0" * 64, effect=effect, seen="diff",
    )  # fmt: skip
    yield "ruleset-acts", "live", Emit(TOPICS.bus("ruleset-acts"), 0, ruleset.hash.encode(), write(act))
    mode = ModeRecord(
        mode=Mode.EMERGENCY, jurisdiction="320813", response=("flood",), response_level=3, from_=NOW,
        until=NOW + timedelta(days=2), set_by="command-centre", reason="防汛三级响应",
    )  # fmt: skip
    yield "modes", "flood", Emit(TOPICS.bus("modes"), 0, b"320813", write(mode_wire(mode)))
    paused = InputState(
        stage="intake", topic=TOPICS.channel_reports("petition"), partition=3, status=InputStatus.PAUSED,
        reason=PauseReason.TOO_MANY_DEAD_LETTERS, detail="50 dead letters in a row", offset=120, at=ms, by="intake",
    )  # fmt: skip
    yield "inputs", "paused", paused.emit(TOPICS.bus("inputs"))
    yield "inputs", "resumed", paused.resumed(by="command-centre", at_ms=ms + 60_000).emit(TOPICS.bus("inputs"))
    yield "probes", "doctor", Emit(TOPICS.bus("probes"), 0, b"doctor", write(Probe(at=ms)))
    yield "dead-letters", "unparsable", damaged(ms)
    letter = f"{TOPICS.channel_reports(CHANNEL)}.dlq/3/0"
    topic = TOPICS.bus("dead-letter-handling")
    for action, why in ((HandlingAction.REDRIVEN, ""), (HandlingAction.DISCARDED, "渠道误发")):
        handling = DeadLetterHandling(letter=letter, action=action, by="command-centre", at=ms, why=why)
        yield "dead-letter-handling", action.value, handling.emit(topic)


def surges() -> Iterator[Golden]:
    """Yield a surge from its beginning to its end, a sighting and the state of its group, thirty unpaid workers."""
    group, state = Group("320813106", "labour/wages", exercise=False), Watched()
    ms = int(NOW.timestamp() * 1000)
    told: list[Surge] = []
    for n in range(30):
        sighting = Sighting(ms + n * 80_000, incident_id(CHANNEL, f"20260512-{n:06}"))
        told += observe(group, state, sighting).surges
    where = partition_of(group.key(), TOPICS.spine)
    yield "surge-sightings", "wages", Emit(TOPICS.bus("surge-sightings"), where, group.key(), sighting.to_bytes())
    yield "surge-state", "wages", Emit(TOPICS.bus("surge-state"), where, group.key(), state.to_bytes())
    told += observe(group, state, Sighting(ms + 3 * HOUR_MS)).surges
    for surge in told:
        headers = headers_of(f"{surge.id}-{surge.status.value}-{surge.count}", "surge", "surge", surge.at, surge.id)
        yield "surges", surge.status.value, Emit(TOPICS.bus("surges"), 0, surge.id.encode(), write(surge), headers)


def shadowed() -> Iterator[Golden]:
    """Yield what a ruleset in shadow would have decided otherwise: one that sends everything to the command centre."""
    stages = Stages()
    _, incident = richest(stages)
    files = read_bundle(ROOT / "routing_rules" / "rulesets" / "hongze")

    text = b"owner: command\nroutes:\n- id: all-central\n  title: all\n  when: {reporters: {at_least: 1}}\n"
    files["routes/11-all.yaml"] = text + b"  assign: {lead: command-centre}\n"
    loaded = load(files)
    assert loaded.ruleset is not None, loaded.errors
    stages.held.put_in_shadow(Shadow(compile_ruleset(loaded.ruleset), lambda: 0.0))
    stages.memories.clear()
    emits = stages.run("dispatch", incident)
    yield "shadow-decisions", "moved", next(e for e in emits if e.topic == TOPICS.bus("shadow-decisions"))


def damaged(ms: int) -> Emit:
    bad = next(each for each in samples.malformed(CHANNEL) if each.reason is ReasonCode.UNPARSABLE)
    out = report(TOPICS, CHANNEL, "20260512-000002", bad.payload, NOW - timedelta(minutes=1))
    record = Record(out.topic, 3, out.key, out.value, out.headers)
    try:
        codecs()[CHANNEL].decode(bad.payload, {})
    except Permanent as error:
        return dead_letter(record, error.reason, error.detail, stage="intake", at_ms=ms + 5)
    raise AssertionError("the damaged sample was read")


def save(folder: str, name: str, emit: Emit) -> None:
    """Write a message: its value as it is on the wire, and beside it topic, partition, key and headers."""
    where = EXAMPLES / folder
    where.mkdir(parents=True, exist_ok=True)
    value = emit.value or b""
    ending = "bin" if folder.endswith("-state") or folder in ("cases", "dead-letters") else "json"
    (where / f"{name}.{ending}").write_bytes(value)
    about = {
        "topic": emit.topic,
        "partition": emit.partition,
        "key": text(emit.key),
        "headers": {header: text(raw) for header, raw in emit.headers},
    }
    (where / f"{name}.record.json").write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def text(raw: bytes | None) -> str | None:
    """Return bytes as text; what is no text as base 64 after a word that says so."""
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(raw).decode()}"


if __name__ == "__main__":
    for each in (*flow(Stages()), *held_and_told(), *operators(), *surges(), *shadowed()):
        save(*each)
