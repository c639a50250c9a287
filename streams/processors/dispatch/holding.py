"""Holds (暂缓): assignments that wait for a release, kept whole in the task's state, in order, and let go once each.

One key has the holds that stand; each has a queue, whose places name assignments, and an assignment is kept under its
own id: to keep one, to drop one when its case is decided anew, and to let one go each cost the same however many wait.
A release lets go so many and no more, and asks itself to go on: the next part is a directive whose id comes from the
hold and the place it has reached. While a queue is not empty, what is new joins its end.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from contracts.codes import DirectiveKind, Role
from contracts.decision import Decision
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased
from contracts.envelope import EventHeaders
from contracts.ids import assignment_id, directive_id, fact_id
from contracts.incident import Incident
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Emit, State
from contracts.serde import write
from contracts.topics import Topics
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import Route
from routing_rules.engine.views import Written

STANDING: Final = b"holds"
"""Where the holds that stand are kept: absent while there are none, which is all that an ordinary record asks."""

ISSUER: Final = "dispatch"
MOST_RELEASED: Final = 2_000
MOST_BYTES: Final = 4 * 1024 * 1024
"""How much one directive lets go: a part of what one turn may write (`streams.gate.Limits`)."""

_RELEASED: Final = b"incidentbus.assignment-released.v1"
_DIRECTIVE: Final = b"incidentbus.directive.v1"
_ASSIGNMENT: Final = b"incidentbus.assignment.v1"


@dataclass
class Hold:
    """One hold: whom it is on, the directive, until when (ms, 0: no end), its queue's first place and the next free.

    `going`: it is being let go; what is new still joins the queue, or it would overtake.
    """

    on: str
    directive: str
    until: int = 0
    first: int = 0
    next: int = 0
    going: bool = False


@dataclass
class Holds:
    """The holds of a task, by whom they are on."""

    by: dict[str, Hold] = field(default_factory=dict)

    @classmethod
    def read(cls, state: State) -> "Holds":
        """Return the holds that stand."""
        raw = state.get(STANDING)
        return cls() if raw is None else cls({each["on"]: Hold(**each) for each in orjson.loads(raw)})

    def keep(self, state: State) -> None:
        """Write them back; none leaves nothing behind."""
        if self.by:
            state.put(STANDING, orjson.dumps(list(self.by.values())))
        else:
            state.delete(STANDING)

    def over(self, agency: str, route: str, but: str = "") -> Hold | None:
        """Return the hold that an assignment falls under: the agency's before the rule's, never `but`."""
        for on in (on_agency(agency), on_rule(route)):
            if on != but and on in self.by:
                return self.by[on]
        return None


class Kept(NamedTuple):
    """An assignment that waits: what is needed to send it as it would have been sent."""

    incident: str
    agency: str
    role: str
    round: int
    route: str
    decided_at: str
    held_at: int
    traceparent: str | None
    value: bytes


class LetGo(NamedTuple):
    """What a part of a release comes to: the records, how many assignments, and whether any are left."""

    emits: list[Emit]
    assignments: int
    more: bool


def on_agency(agency: str) -> str:
    """Return the name of a hold on an agency."""
    return f"agency:{agency}"


def on_rule(rule: str) -> str:
    """Return the name of a hold on the decisions by a route."""
    return f"rule:{rule}"


def subject_of(directive: Directive) -> str | None:
    """Return what a hold or a release is on: an agency or a rule; None where it says neither or both."""
    if (directive.agency is None) == (directive.rule is None) or directive.incident is not None:
        return None
    return on_agency(directive.agency) if directive.agency is not None else on_rule(directive.rule or "")


def refusal_of_hold(directive: Directive, compiled: Compiled, now_ms: int) -> str:
    """Return why this can't be held, or nothing."""
    if subject_of(directive) is None:
        return "a hold names an agency or a rule, one of the two, and no case"
    if directive.agency is not None and directive.agency not in compiled.ruleset.agencies:
        return "no such agency in the ruleset in force"
    if directive.rule is not None and not isinstance(compiled.rules.get(directive.rule), Route):
        return "no such route in the ruleset in force"
    if directive.until is not None and _ms(directive.until) <= now_ms:
        return "the hold would have ended before it began"
    return ""


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass(frozen=True)
class Holding:
    """Holds and releases of one task."""

    task: int
    topics: Topics

    def hold(self, directive: Directive, state: State) -> None:
        """Let a hold stand, from now on; one that stands already has a new end, and is no longer let go."""
        holds, on = Holds.read(state), subject_of(directive) or ""
        until = _ms(directive.until) if directive.until is not None else 0
        before = holds.by.get(on)
        if before is None:
            holds.by[on] = Hold(on, directive.id, until)
        else:
            before.directive, before.until, before.going = directive.id, until, False
        holds.keep(state)

    def keep_back(
        self,
        state: State,
        decision: Decision,
        incident: Incident,
        given: Iterable[Written],
        traceparent: str | None,
        now_ms: int,
    ) -> tuple[list[Written], tuple[str, ...]]:
        """Keep those assignments that fall under a hold; return the others, and the agencies that wait."""
        holds = Holds.read(state)
        free: list[Written] = []
        held: list[str] = []
        for each in given:
            hold = holds.over(each.agency, decision.route)
            if hold is None:
                free.append(each)
                continue
            at = decision.now.isoformat()
            kept = Kept(
                incident.id, each.agency, each.role.value, decision.round, decision.route, at, now_ms, traceparent,
                each.value,
            )  # fmt: skip
            _join(state, hold, each.id, kept)
            held.append(each.agency)
        if held:
            holds.keep(state)
        return free, tuple(held)

    def waits(self, state: State, incident: str, agency: str, round_: int, role: Role) -> bool:
        """Say whether this assignment is held: then nobody has been told of it yet."""
        return state.get(STANDING) is not None and (
            state.get(_kept_under(assignment_id(incident, agency, round_, role))) is not None
        )

    def drop(self, state: State, incident: str, agency: str, round_: int, role: Role) -> bool:
        """Forget an assignment that waits, never to be sent; say whether there was one."""
        if not self.waits(state, incident, agency, round_, role):
            return False
        state.delete(_kept_under(assignment_id(incident, agency, round_, role)))
        return True

    def ended(self, state: State, now_ms: int) -> list[Emit]:
        """Begin to let go what waited for a hold whose end has come."""
        holds, emits = Holds.read(state), []
        ended = [hold for hold in holds.by.values() if hold.until and hold.until <= now_ms and not hold.going]
        for hold in ended:
            if hold.first == hold.next:
                del holds.by[hold.on]
            else:
                hold.going = True
                emits.append(self._go_on(hold, now_ms, "the hold has ended"))
        if ended:
            holds.keep(state)
        return emits

    def release(self, directive: Directive, state: State, now_ms: int) -> LetGo | str:
        """Let go, in order, what waits for a hold; or return why not. More than one part's worth goes on by itself."""
        holds, on = Holds.read(state), subject_of(directive)
        hold = holds.by.get(on) if on is not None else None
        if hold is None:
            return "nothing is held for it"
        if directive.issued_by == ISSUER and not (hold.going and directive.id == _part_id(self.task, hold)):
            return "it is held again since, or was let go further"
        emits, count, size = [], 0, 0
        while hold.first < hold.next and count < MOST_RELEASED and size < MOST_BYTES:
            place = _place(hold.on, hold.first)
            id_ = (state.get(place) or b"").decode()
            state.delete(place)
            hold.first += 1
            raw = state.get(_kept_under(id_))
            if raw is None:
                continue  # dropped: its case was decided anew, or is over
            kept = _read(raw)
            other = holds.over(kept.agency, kept.route, but=hold.on)
            if other is not None:
                _join(state, other, id_, kept)
                continue
            state.delete(_kept_under(id_))
            emits += self._sent(id_, kept, directive.id, now_ms)
            count, size = count + 1, size + len(kept.value)
        more = hold.first < hold.next
        if more:
            hold.going = True
            emits.append(self._go_on(hold, now_ms, directive.reason))
        else:
            del holds.by[hold.on]
        holds.keep(state)
        return LetGo(emits, count, more)

    def _sent(self, id_: str, kept: Kept, directive: str, now_ms: int) -> list[Emit]:
        key = kept.incident.encode()
        released_at = instant_of(now_ms)
        value = _later(kept.value, timedelta(milliseconds=max(0, now_ms - kept.held_at)))
        headers = EventHeaders(
            source="incidentbus/dispatch", time=datetime.fromisoformat(kept.decided_at), subject=kept.incident,
            traceparent=kept.traceparent,
        )  # fmt: skip
        released = AssignmentReleased(
            directive=directive, incident=kept.incident, assignment=id_, agency=kept.agency,
            held_at=instant_of(kept.held_at), released_at=released_at,
        )  # fmt: skip
        record = EventHeaders(source="incidentbus/dispatch", time=released_at, subject=kept.incident)
        topic, partition = (
            self.topics.agency_assignments(kept.agency),
            partition_of_id(kept.incident, self.topics.agency),
        )
        return [
            Emit(
                self.topics.bus("decisions"), self.task, key, write(released),
                record.of(fact_id(kept.incident, "released", id_), _RELEASED),
            ),
            Emit(topic, partition, key, value, headers.of(id_, _ASSIGNMENT)),
        ]  # fmt: skip

    def _go_on(self, hold: Hold, now_ms: int, reason: str) -> Emit:
        """Return the directive by which this task tells itself to let go more."""
        kind, _, name = hold.on.partition(":")
        at = instant_of(now_ms)
        directive = Directive(
            id=_part_id(self.task, hold), kind=DirectiveKind.RELEASE, issued_at=at, issued_by=ISSUER, reason=reason,
            agency=name if kind == "agency" else None, rule=name if kind == "rule" else None,
        )  # fmt: skip
        headers = EventHeaders(source="incidentbus/dispatch", time=at, subject=None)
        topic, key = self.topics.bus("directives"), directive.id.encode()
        return Emit(topic, self.task, key, write(directive), headers.of(directive.id, _DIRECTIVE))


def _part_id(task: int, hold: Hold) -> str:
    return directive_id(DirectiveKind.RELEASE, hold.on, f"{task}/{hold.directive}/{hold.first}")


def _place(on: str, number: int) -> bytes:
    return f"held/{on}/{number}".encode()


def _kept_under(assignment: str) -> bytes:
    return f"held/{assignment}".encode()


def _join(state: State, hold: Hold, id_: str, kept: Kept) -> None:
    """Put an assignment at the end of a hold's queue."""
    state.put(_place(hold.on, hold.next), id_.encode())
    state.put(_kept_under(id_), orjson.dumps(kept[:-1]) + b"\n" + kept.value)
    hold.next += 1


def _read(raw: bytes) -> Kept:
    head, _, value = raw.partition(b"\n")
    incident, agency, role, round_, route, decided_at, held_at, traceparent = orjson.loads(head)
    return Kept(incident, agency, role, round_, route, decided_at, held_at, traceparent, value)


def _later(value: bytes, waited: timedelta) -> bytes:
    """Return an assignment with its deadlines as much later as it waited: nobody is late for what nobody gave him."""
    told: dict[str, Any] = orjson.loads(value)
    for due in told["due"]:
        due["at"] = datetime.fromisoformat(due["at"]) + waited
    return write(told)


__all__ = ["ISSUER", "MOST_BYTES", "MOST_RELEASED", "STANDING", "Hold", "Holding", "Holds", "LetGo", "refusal_of_hold"]
