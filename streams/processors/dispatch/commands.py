"""Commands: what dispatch makes of a directive, each once by id, recorded on the decisions topic whatever comes of it.

Some have a case decided anew or amended, some hold assignments back or let them go; all others concern the case's life,
which is followed elsewhere: they are passed on, and the agency concerned is told. A case that is over takes none.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from contracts.codes import DirectiveKind, ReasonCode, Role
from contracts.decision import DecisionState, ModeRecord
from contracts.directive import Directive
from contracts.dispatch_record import DirectiveOutcome, DirectiveTaken
from contracts.envelope import EventHeaders, traceparent_of
from contracts.errors import Permanent
from contracts.ids import content_digest
from contracts.incident import Incident
from contracts.moments import instant_of
from contracts.ports import Emit, InboundRecord, State
from contracts.serde import read
from contracts.topics import Topics
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.correcting import amended, corrected
from streams.counts import TurnCounts
from streams.processors.dispatch.deciding import SOURCE, Ask, Deciding, withdrawal
from streams.processors.dispatch.holding import Holding, refusal_of_hold
from streams.processors.dispatch.notices import ENDS, Said, addressees
from streams.processors.dispatch.state import CaseState, ended_by, over
from streams.rulesets import RulesetInForce

_TAKEN: Final = b"incidentbus.directive-taken.v1"
_RESULTS: Final = {
    DirectiveOutcome.DECIDED: "acted",
    DirectiveOutcome.ACTED: "acted",
    DirectiveOutcome.PASSED_ON: "passed",
    DirectiveOutcome.REFUSED: "refused",
}
_ANEW: Final = frozenset({DirectiveKind.REDISPATCH, DirectiveKind.ADJUDICATE, DirectiveKind.APPROVE_RETURN})


class Result(NamedTuple):
    """What came of a directive."""

    outcome: DirectiveOutcome
    because: str = ""
    decision: str | None = None
    emits: tuple[Emit, ...] = ()


class _Turn(NamedTuple):
    """What one directive meets: itself, the state, the rules, and how it came."""

    directive: Directive
    state: State
    in_force: RulesetInForce
    at_ms: int
    traceparent: str | None

    @property
    def at(self) -> datetime:
        return instant_of(self.at_ms)


class Commands:
    """Takes the directives of one dispatch task."""

    def __init__(self, task: int, topics: Topics, counts: TurnCounts, deciding: Deciding, holding: Holding) -> None:
        self._task = task
        self._topics = topics
        self._counts = counts
        self._deciding = deciding
        self._holding = holding

    def take(self, raw: bytes, record: InboundRecord, state: State, in_force: RulesetInForce) -> list[Emit]:
        """Let a directive happen, the first time that its id is seen, and record it."""
        directive = read(Directive, raw)
        seen = seen_key(directive)
        if state.get(seen) is not None:
            self._count(directive, "repeated")
            return []
        state.put(seen, b"1")
        turn = _Turn(directive, state, in_force, record.timestamp, traceparent_of(record.headers))
        result = self._result(turn)
        self._count(directive, _RESULTS[result.outcome])
        taken = DirectiveTaken(
            directive=directive, kind=directive.kind, outcome=result.outcome, because=result.because,
            decision=result.decision, taken_at=turn.at,
        )  # fmt: skip
        headers = EventHeaders(source=SOURCE, time=turn.at, subject=directive.incident, traceparent=turn.traceparent)
        key = (directive.incident or directive.id).encode()
        value = taken.model_dump_json(exclude_none=True).encode()
        record_of_it = Emit(self._topics.bus("decisions"), self._task, key, value, headers.of(directive.id, _TAKEN))
        return [record_of_it, *result.emits]

    def _count(self, directive: Directive, result: str) -> None:
        self._counts.tally.count("incidentbus_directives_total", kind=directive.kind.value, result=result)

    def _result(self, turn: _Turn) -> Result:
        match turn.directive.kind:
            case DirectiveKind.HOLD:
                return self._hold(turn)
            case DirectiveKind.RELEASE:
                return self._release(turn)
            case DirectiveKind.REINTERPRET:  # intake does it; here it is recorded, with who and why
                return Result(DirectiveOutcome.PASSED_ON)
        raw = turn.state.get((turn.directive.incident or "").encode())
        if raw is None:
            raise Permanent(ReasonCode.UNKNOWN_INCIDENT, "a directive for an incident that was never decided here")
        ended = ended_by(raw)
        if ended is not None:
            return _refused(case_over(ended))
        return self._of_case(turn, CaseState.read(raw))

    def _of_case(self, turn: _Turn, case: CaseState) -> Result:
        kind = turn.directive.kind
        because = refusal_of(turn.directive, case, turn.in_force.compiled)
        if because:
            return _refused(because)
        if kind in _ANEW:
            return self._anew(turn, case)
        if kind is DirectiveKind.AMEND:
            return self._amend(turn, case)
        return self._pass_on(turn, case)

    def _anew(self, turn: _Turn, case: CaseState) -> Result:
        directive = turn.directive
        incident, state = asked_anew(directive, case, turn.in_force.modes)
        returned_by = _returned_by(directive, case)
        ask = self._ask(turn, incident, state)
        said = withdrawal(directive.id, turn.at, directive.issued_by, directive.reason)
        id_, emits = self._deciding.again(ask, case, said, returned_by, turn.state, turn.in_force)
        return Result(DirectiveOutcome.DECIDED, "", id_, tuple(emits))

    def _amend(self, turn: _Turn, case: CaseState) -> Result:
        directive = turn.directive
        incident = amended(case.incident, directive.correction)
        ask = self._ask(turn, incident, case.same_round(turn.in_force.modes, directive))
        said = Said.of(directive, turn.at)
        id_, emits = self._deciding.amended(ask, case, said, turn.state, turn.in_force)
        return Result(DirectiveOutcome.DECIDED, "", id_, tuple(emits))

    def _ask(self, turn: _Turn, incident: Incident, state: DecisionState) -> Ask:
        now = turn.directive.issued_at.astimezone(UTC)
        return Ask(incident, state, now, turn.directive.id, turn.traceparent, turn.at_ms)

    def _pass_on(self, turn: _Turn, case: CaseState) -> Result:
        directive = turn.directive
        incident = directive.incident or ""
        said = Said.of(directive, turn.at)
        if directive.kind in ENDS:
            emits = self._deciding.end(incident, case, said, turn.state, turn.traceparent)
            turn.state.put(incident.encode(), over(directive.kind, case.round))
        else:
            whom = addressees(directive, case, turn.in_force.compiled)
            emits = self._deciding.tell(said, incident, case, whom, turn.state, turn.traceparent)
        return Result(DirectiveOutcome.PASSED_ON, "", None, tuple(emits))

    def _hold(self, turn: _Turn) -> Result:
        because = refusal_of_hold(turn.directive, turn.in_force.compiled, turn.at_ms)
        if because:
            return _refused(because)
        self._holding.hold(turn.directive, turn.state)
        return Result(DirectiveOutcome.ACTED)

    def _release(self, turn: _Turn) -> Result:
        let_go = self._holding.release(turn.directive, turn.state, turn.at_ms)
        if isinstance(let_go, str):
            return _refused(let_go)
        if let_go.assignments:
            self._counts.tally.count("incidentbus_held_assignments_total", let_go.assignments, change="released")
        because = f"{let_go.assignments} let go" + ("; the rest follows by itself" if let_go.more else "")
        return Result(DirectiveOutcome.ACTED, because, None, tuple(let_go.emits))


def seen_key(directive: Directive) -> bytes:
    """Return the key under which dispatch's state remembers that a directive was seen."""
    return content_digest("directive", directive.id)[:16]


def case_over(ended: str) -> str:
    """Return why a case that `ended` takes no directive."""
    return f"the case is over: {ended}"


def asked_anew(directive: Directive, case: CaseState, modes: tuple[ModeRecord, ...]) -> tuple[Incident, DecisionState]:
    """Return what a decision anew is made from: the incident as the directive corrects it, and the next round."""
    ruled = directive.agency if directive.kind is DirectiveKind.ADJUDICATE else None
    state = case.next_round(modes, _returned_by(directive, case), ruled, directive)
    return corrected(case.incident, directive.correction), state


def _returned_by(directive: Directive, case: CaseState) -> str | None:
    if directive.kind is DirectiveKind.APPROVE_RETURN:
        return directive.returned_by or case.lead
    return directive.returned_by


def refusal_of(directive: Directive, case: CaseState, compiled: Compiled) -> str:
    """Return why a directive doesn't fit an open case as it stands, or nothing."""
    refusal = _REFUSALS.get(directive.kind)
    return refusal(directive, case, compiled) if refusal is not None else ""


def _refused(because: str) -> Result:
    return Result(DirectiveOutcome.REFUSED, because)


def _cannot_redispatch(directive: Directive, case: CaseState, compiled: Compiled) -> str:
    """Return why this case can't be decided anew, or nothing. Adjudication is final (G33)."""
    if case.adjudicated_to is not None:
        return "the case was adjudicated: its lead stands"
    if directive.returned_by is not None and directive.returned_by != case.lead:
        return "only the lead's return has the case decided anew"
    return ""


def _cannot_adjudicate(directive: Directive, case: CaseState, compiled: Compiled) -> str:
    if directive.agency is None or directive.agency not in compiled.ruleset.agencies:
        return "no such agency in the ruleset in force"
    return ""


def _cannot_merge(directive: Directive, case: CaseState, compiled: Compiled) -> str:
    return "" if directive.into and directive.into != directive.incident else "a merge names the other incident"


def _names_a_stranger(directive: Directive, case: CaseState, compiled: Compiled) -> str:
    """A word to an agency that has no part in the case would be a word about nothing."""
    known = directive.agency is None or case.role_of(directive.agency) is not None or not case.given
    return "" if known else "the agency has no part in the case"


def _names_no_co_handler(directive: Directive, case: CaseState, compiled: Compiled) -> str:
    helps = not case.given or case.role_of(directive.agency or "") is Role.CO_HANDLER
    return "" if helps and directive.agency else "only a co-handler of the case is excused"


_REFUSALS: Final[dict[DirectiveKind, Callable[[Directive, CaseState, Compiled], str]]] = {
    DirectiveKind.REDISPATCH: _cannot_redispatch,
    DirectiveKind.APPROVE_RETURN: _cannot_redispatch,
    DirectiveKind.ADJUDICATE: _cannot_adjudicate,
    DirectiveKind.MERGE: _cannot_merge,
    DirectiveKind.REMIND: _names_a_stranger,
    DirectiveKind.SUPERVISE: _names_a_stranger,
    DirectiveKind.ACKNOWLEDGE: _names_a_stranger,
    DirectiveKind.EXCUSE: _names_no_co_handler,
    DirectiveKind.GRANT_EXTENSION: _names_a_stranger,
    DirectiveKind.REFUSE_EXTENSION: _names_a_stranger,
    DirectiveKind.DEFER: _names_a_stranger,
    DirectiveKind.REOPEN: _names_a_stranger,
    DirectiveKind.REFUSE_RETURN: _names_a_stranger,
}
