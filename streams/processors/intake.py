"""Intake (集中受理、分析研判): a channel's native record in, an incident out, each external id once.

Everything is keyed by incident id from here on, on the partition that *we* compute: a record that a publisher put
elsewhere is passed on as it came (GATE, hole F). What was seen is remembered by digest, with the bodies it came with:
the same body again is counted, another body is a `report_updated` fact. A report that a directive wants understood anew
is, once, whatever was seen; what it then says is remembered as if it had been said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from contracts.codes import DirectiveKind, FactKind, Flag, ReasonCode
from contracts.envelope import RECEIVED, binary_headers, open_envelope, traceparent_of
from contracts.errors import Permanent, Temporary
from contracts.feedback import Feedback
from contracts.ids import content_digest, fact_id, incident_id
from contracts.incident import incident_bytes
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Codec, Emit, InboundRecord, RecordHandler, State
from contracts.report import Report, report_bytes
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.rulesets import RulesetInForce, RulesetSource

SOURCE: Final = "incidentbus/intake"
ORIGIN: Final = "incidentbus_origin"  # header of a record passed on: topic/partition/offset that it came from
REINTERPRET: Final = "incidentbus_reinterpret"  # id of the directive that wants it understood anew
_REINTERPRET_KIND: Final = DirectiveKind.REINTERPRET.value
_OURS: Final = frozenset({ORIGIN, RECEIVED, REINTERPRET})  # on a channel's own topic these are nobody's to say
_LAST_STAMP: Final = 4_102_444_800_000  # milliseconds: the year 2100
_DIGEST: Final = 16  # bytes; 8 would lose a report unseen, at one chance in five over 3 × 10^9 ids (GATE)
_BODIES_KEPT: Final = 32
_CLOCK_SLACK: Final = timedelta(minutes=10)


class _Arrival(NamedTuple):
    """Where a record first stood, whichever way it came to this task."""

    channel: str
    origin: str
    received_ms: int
    reinterpret: str | None


@dataclass(frozen=True)
class Intake:
    """The processor of one intake task. `channels` maps a reports topic to its channel's code."""

    task: int
    topics: Topics
    channels: Mapping[str, str]
    codecs: Mapping[str, Codec]
    rulesets: RulesetSource
    counts: TurnCounts

    def begin_turn(self) -> RecordHandler:
        """Return this turn's handler, which holds the ruleset that is in force now."""
        in_force = self.rulesets.current()
        if in_force is None:
            raise Temporary(ReasonCode.NO_RULESET, "no ruleset is in force yet", delay=0.5)
        self.counts.begin()

        def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
            return self._handle(record, state, in_force)

        return handle

    def _handle(self, record: InboundRecord, state: State, in_force: RulesetInForce) -> Sequence[Emit]:
        arrival = self._arrival(record)
        tally = self.counts.tally
        tally.count("incidentbus_reports_received_total", channel=arrival.channel)
        try:
            report = self._decode(record, arrival)
        except Permanent as error:
            reason = error.reason.value
            tally.count("incidentbus_reports_rejected_total", channel=arrival.channel, reason=reason)
            raise
        incident = incident_id(report.channel, report.external_id)
        partition = partition_of_id(incident, self.topics.spine)
        if partition != self.task:
            tally.count("incidentbus_reports_rekeyed_total", channel=arrival.channel)
            return (self._passed_on(record, arrival, incident, partition),)
        key = content_digest(report.channel, report.external_id)[:_DIGEST]
        body = content_digest(report_bytes(report))[:_DIGEST]
        bodies = state.get(key)
        if arrival.reinterpret is not None:
            if not self._first_asking(state, arrival.reinterpret, incident):
                return ()
            _remember(state, key, bodies, body)
        elif bodies is not None:
            return self._told_again(record, state, _Telling(key, body, bodies, report, incident, arrival))
        else:
            state.put(key, body)
        tally.count("incidentbus_reports_accepted_total", channel=arrival.channel)
        return (self._understood(record, report, incident, arrival, in_force),)

    def _arrival(self, record: InboundRecord) -> _Arrival:
        channel = self.channels.get(record.topic)
        if channel is not None:
            return _Arrival(channel, f"{record.topic}/{record.partition}/{record.offset}", record.timestamp, None)
        named = {name: raw.decode("utf-8", "replace") for name, raw in record.headers if raw is not None}
        origin, received = named.get(ORIGIN, ""), named.get(RECEIVED, "")
        channel = self.channels.get(origin.split("/")[0])
        if channel is None or not _is_stamp(received):
            raise Permanent(ReasonCode.UNKNOWN_CHANNEL, "a record passed on does not say where it came from")
        return _Arrival(channel, origin, int(received), named.get(REINTERPRET))

    def _decode(self, record: InboundRecord, arrival: _Arrival) -> Report:
        codec = self.codecs.get(arrival.channel)
        if codec is None:
            raise Permanent(ReasonCode.UNKNOWN_CHANNEL, f"no codec for {arrival.channel}")
        envelope = open_envelope(record.headers, record.value)
        if not envelope.data:
            raise Permanent(ReasonCode.EMPTY_PAYLOAD, "the record has no value")
        report = codec.decode(envelope.data, envelope.attributes)
        told: dict[str, object] = {}
        if report.channel != arrival.channel:  # a channel that sends another's native form
            told["channel"] = arrival.channel
        if not envelope.attributes:
            told["flags"] = (*report.flags, Flag.NO_ENVELOPE)
        return report.model_copy(update=told) if told else report

    def _passed_on(self, record: InboundRecord, arrival: _Arrival, incident: str, partition: int) -> Emit:
        if record.topic not in self.channels:  # ours already: passing it on again could go round for ever
            raise Permanent(ReasonCode.MALFORMED_ENVELOPE, "a record passed on came to the wrong partition")
        headers = [
            *((name, raw) for name, raw in record.headers if name not in _OURS),
            (ORIGIN, arrival.origin.encode()),
            (RECEIVED, str(arrival.received_ms).encode()),
        ]
        topic = self.topics.bus("rekeyed-reports")
        return Emit(topic, partition, incident.encode(), record.value, headers)

    def _told_again(self, record: InboundRecord, state: State, telling: "_Telling") -> Sequence[Emit]:
        channel = telling.report.channel
        if telling.body in _known(telling.bodies):
            self.counts.tally.count("incidentbus_reports_repeated_total", channel=channel, change="same")
            return ()
        self.counts.tally.count("incidentbus_reports_repeated_total", channel=channel, change="updated")
        _remember(state, telling.key, telling.bodies, telling.body)
        fact = Feedback(
            id=fact_id(telling.incident, FactKind.REPORT_UPDATED, telling.body.hex()),
            incident=telling.incident,
            fact=FactKind.REPORT_UPDATED,
            at=instant_of(telling.arrival.received_ms),
            body_digest=telling.body.hex(),
            raw=telling.arrival.origin,
            exercise=telling.report.exercise,
        )
        headers = binary_headers(
            id_=fact.id, source=SOURCE, type_="incidentbus.fact.v1", time=fact.at, subject=fact.incident,
            traceparent=traceparent_of(record.headers),
        )  # fmt: skip
        value = fact.model_dump_json(exclude_none=True).encode()
        return (Emit(self.topics.bus("feedback"), self.task, fact.incident.encode(), value, headers),)

    def _first_asking(self, state: State, directive: str, incident: str) -> bool:
        """Say whether a directive asks for the first time that this matter be understood anew, and note that it has."""
        key = content_digest("reinterpret", directive, incident)[:_DIGEST]
        first = state.get(key) is None
        if first:
            state.put(key, b"")
        self.counts.tally.count(
            "incidentbus_directives_total", kind=_REINTERPRET_KIND, result="acted" if first else "repeated"
        )
        return first

    def _understood(
        self, record: InboundRecord, report: Report, incident_id_: str, arrival: _Arrival, in_force: RulesetInForce
    ) -> Emit:
        received = instant_of(arrival.received_ms)
        incident = in_force.compiled.interpreter.understand(_of_now(report, received), incident_id_, received)
        if arrival.reinterpret is not None:
            incident = incident.model_copy(update={"flags": (*incident.flags, Flag.REINTERPRETED)})
        for flag in incident.flags:
            self.counts.tally.count("incidentbus_report_flags_total", channel=report.channel, flag=flag.value)
        headers = binary_headers(
            id_=arrival.reinterpret or incident.id, source=SOURCE, type_="incidentbus.incident.v1", time=received,
            subject=incident.id, traceparent=traceparent_of(record.headers),
        )  # fmt: skip
        return Emit(self.topics.bus("incidents"), self.task, incident.id.encode(), incident_bytes(incident), headers)


class _Telling(NamedTuple):
    """A report whose external id was seen before."""

    key: bytes
    body: bytes
    bodies: bytes
    report: Report
    incident: str
    arrival: _Arrival


def _is_stamp(told: str) -> bool:
    return told.isdecimal() and len(told) <= len(str(_LAST_STAMP)) and int(told) < _LAST_STAMP


def _of_now(report: Report, received: datetime) -> Report:
    """Return the report without an occurrence in the future: no rule may lean on it (kept as an attribute)."""
    occurred = report.occurred_at
    if occurred is None or occurred <= received + _CLOCK_SLACK:
        return report
    update = {
        "occurred_at": None,
        "attributes": report.attributes | {"occurred-at-as-given": occurred.isoformat()},
        "flags": report.flags if Flag.TIME_IN_FUTURE in report.flags else (*report.flags, Flag.TIME_IN_FUTURE),
    }
    return report.model_copy(update=update)


def _known(bodies: bytes) -> list[bytes]:
    return [bodies[i : i + _DIGEST] for i in range(0, len(bodies), _DIGEST)]


def _remember(state: State, key: bytes, bodies: bytes | None, body: bytes) -> None:
    """Keep a body with those that an external id came with; one that is known already changes nothing."""
    known = _known(bodies or b"")
    if body not in known:
        state.put(key, b"".join([*known, body][-_BODIES_KEPT:]))
