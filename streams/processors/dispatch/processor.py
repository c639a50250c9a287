"""Dispatch (分流交办): an incident in, a decision and its assignments out, each once.

A case's first round is decided when its incident arrives; a directive asks for a later one. What later rounds need, the
incident as it stands and who has it, is the task's state under the incident's id. Every directive is recorded once on
the decisions topic, by id, acted on here or passed on to who follows the case.
"""

from collections.abc import Sequence
from typing import Final

from contracts.codes import DirectiveKind, Flag, ReasonCode
from contracts.decision import DecisionState
from contracts.envelope import data_of, open_envelope, traceparent_of
from contracts.errors import Permanent, Temporary
from contracts.incident import Incident, read_incident
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Emit, InboundRecord, RecordHandler, State
from contracts.serde import read
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.processors.dispatch.commands import Commands
from streams.processors.dispatch.deciding import Ask, Deciding, withdrawal
from streams.processors.dispatch.holding import ISSUER, STANDING, Holding
from streams.processors.dispatch.notices import Notices
from streams.processors.dispatch.state import CaseState, ended_by
from streams.rulesets import RulesetInForce, RulesetSource

_REINTERPRETED: Final = DirectiveKind.REINTERPRET.value


class Dispatch:
    """The processor of one dispatch task."""

    def __init__(self, task: int, topics: Topics, rulesets: RulesetSource, counts: TurnCounts) -> None:
        self.task: Final = task
        self.topics: Final = topics
        self.rulesets: Final = rulesets
        self.counts: Final = counts
        self._directives = topics.bus("directives")
        self._holding = Holding(task, topics)
        self._deciding = Deciding(task, topics, counts, self._holding, Notices(topics))
        self._commands = Commands(task, topics, counts, self._deciding, self._holding)

    def begin_turn(self) -> RecordHandler:
        """Return this turn's handler, which holds the ruleset and the modes that are in force now."""
        in_force = self.rulesets.current()
        if in_force is None:
            raise Temporary(ReasonCode.NO_RULESET, "no ruleset is in force yet", delay=0.5)
        self.counts.begin()

        def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
            ended = self._holding.ended(state, record.timestamp) if state.get(STANDING) is not None else None
            if record.topic == self._directives:
                emits: Sequence[Emit] = self._commands.take(_data(record), record, state, in_force)
            else:
                emits = self._incident(record, state, in_force)
            return [*ended, *emits] if ended else emits

        return handle

    def _incident(self, record: InboundRecord, state: State, in_force: RulesetInForce) -> Sequence[Emit]:
        raw = _data(record)
        incident = read_incident(raw)
        if partition_of_id(incident.id, self.topics.spine) != self.task:
            raise Permanent(ReasonCode.INVALID_VALUE, "an incident came on another partition than its id's")
        known = state.get(incident.id.encode())
        if known is not None:
            return self._known_again(record, state, read(Incident, raw), known, in_force)
        now = instant_of(record.timestamp)
        first = DecisionState(reporters=incident.reporters, reports=incident.reports, modes=in_force.modes)
        ask = Ask(incident, first, now, incident.id, traceparent_of(record.headers), record.timestamp, raw)
        return self._deciding.decided(ask, state, in_force)[2]

    def _known_again(
        self, record: InboundRecord, state: State, incident: Incident, known: bytes, in_force: RulesetInForce
    ) -> Sequence[Emit]:
        """Decide a case anew whose report was understood anew; any other repeat says nothing new."""
        if Flag.REINTERPRETED not in incident.flags:
            return ()
        if ended_by(known) is not None:
            self.counts.tally.count("incidentbus_directives_total", kind=_REINTERPRETED, result="refused")
            return ()
        case = CaseState.read(known)
        cause = str(open_envelope(record.headers, record.value).attributes.get("id", incident.id))
        now = instant_of(record.timestamp)
        trace = traceparent_of(record.headers)
        ask = Ask(incident, case.next_round(in_force.modes), now, cause, trace, record.timestamp)
        return self._deciding.again(ask, case, withdrawal(cause, now, ISSUER), None, state, in_force)[1]


def _data(record: InboundRecord) -> bytes:
    data = data_of(record.headers, record.value)
    if not data:
        raise Permanent(ReasonCode.EMPTY_PAYLOAD, "the record has no value")
    return data
