"""One case while one thing happens to it: judged by the table, its effects carried out, what follows noted.

The case in hand is changed in place: whoever holds it keeps it only if nothing was refused. `facts` are what happened,
in order; `orders` what others are asked to do. Time is the broker's: nothing here reads a clock.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from contracts.case import Case, Part, Timer
from contracts.codes import (
    ENDED,
    CaseStatus,
    DirectiveKind,
    FactKind,
    Milestone,
    PartStatus,
    ReasonCode,
    Role,
    Satisfaction,
    TimerKind,
)
from contracts.errors import Permanent
from routing_rules.engine.schema import Lifecycle
from streams.lifecycle import DONE, PART_TABLE, Effect, Who, transition
from streams.processors.supervise.book import RECHECK, Book
from streams.processors.supervise.parts import lead_of, others_over, part_of, start, start_all, stop
from streams.processors.supervise.told import Order, Told

_SATISFIED: Final = frozenset({Satisfaction.SATISFIED, Satisfaction.BASICALLY_SATISFIED})
_MOST_REVIEWS: Final = 2
"""复查, 复核: afterwards the same facts are not taken up again (信访工作条例 35, 36)."""


class Happened(NamedTuple):
    """One fact as the case took it, with where it left it."""

    told: Told
    fact: FactKind
    status: CaseStatus
    round: int
    lead: str
    role: Role | None


class Life:
    """A case of one incident under one book of rules."""

    __slots__ = ("book", "case", "facts", "incident", "orders", "rules")

    def __init__(self, incident: str, case: Case, book: Book) -> None:
        self.incident = incident
        self.case = case
        self.book = book
        self.rules: Lifecycle = book.lifecycle(case.channel)
        self.facts: list[Happened] = []
        self.orders: list[Order] = []

    def take(self, told: Told) -> None:
        """Let it happen. Raises `Permanent` with the reason where the table or a limit does not let it."""
        if told.who is Who.CO_HANDLER:
            self._take_part(told)
        else:
            told = self._as_it_is_taken(told)
            found = transition(told.fact, told.who, self.case.status)
            if found is None:
                raise _illegal(f"{told.fact} by {_name(told.who)} while the case is {self.case.status}")
            guard = _GUARDS.get(told.fact)
            if guard is not None:
                guard(self, told)
            self.case.status = found.to
            later = [effect for effect in found.effects if effect in _AFTER]
            for effect in found.effects:
                if effect not in _AFTER and effect is not Effect.REGISTER:
                    _EFFECTS[effect](self, told)
            self.note(told)
            for effect in later:
                _EFFECTS[effect](self, told)
        self.case.changed_at = told.at
        self.keep_due(told.at)

    def note(self, told: Told) -> None:
        """Write down that it happened."""
        case = self.case
        part = part_of(case, told.agency) if told.agency else None
        role = part.role if part is not None else None
        self.facts.append(Happened(told, told.fact, case.status, case.round, case.lead, role))

    def _as_it_is_taken(self, told: Told) -> Told:
        """A return that needs its sender's approval is a request."""
        if told.fact is FactKind.RETURNED and self.rules.returns_need_approval:
            return told._replace(fact=FactKind.RETURN_REQUESTED)
        return told

    def _take_part(self, told: Told) -> None:
        part = part_of(self.case, told.agency)
        moves = PART_TABLE.get(told.fact, {})
        if part is None or part.status not in moves:
            where = part.status if part is not None else "no part"
            raise _illegal(f"{told.fact} by a co-handler whose part is {where}")
        if self.case.status in ENDED and told.fact is not FactKind.LINKED:
            raise _illegal(f"{told.fact} by a co-handler of a case that is {self.case.status}")
        part.status = moves[part.status]
        if told.fact is FactKind.LINKED:
            _link(self, told)
        else:
            _reach(self, part, told.fact, told.at)
        self.note(told)
        try_close(self, told)

    def keep_due(self, now: int) -> None:
        """See to it that an open case has something due: the last step of every ladder is not the end of it."""
        case = self.case
        if case.status in ENDED or case.clocks or case.timers:
            return
        again = self.book.after(RECHECK, now)
        case.timers.append(Timer(again, TimerKind.SUPERVISE, case.reminders + 1))


def _reach(life: Life, part: Part, fact: FactKind, at: int) -> None:
    """Note which milestones of a part a fact reaches; their clocks stop."""
    case = life.case
    part.acknowledged_at = part.acknowledged_at or at
    if fact is FactKind.RESPONDED:
        part.responded_at = part.responded_at or at
        stop(case, part.agency, Milestone.ACKNOWLEDGE, Milestone.RESPOND)
    elif part.status in (PartStatus.DONE, PartStatus.RETURNED, PartStatus.EXCUSED):
        part.done_at = at
        stop(case, part.agency)
    else:
        stop(case, part.agency, Milestone.ACKNOWLEDGE)


# what may stand in the way


def _may_return(life: Life, told: Told) -> None:
    part = lead_of(life.case)
    if life.case.final:
        raise _illegal("a return after the command centre's ruling")
    if part is not None and part.return_until and told.at > part.return_until:
        raise Permanent(ReasonCode.TOO_LATE, "a return after the time in which a case may be handed back")


def _may_ask_time(life: Life, told: Told) -> None:
    part, limits = lead_of(life.case), life.rules.extension
    due = part.resolve_by if part is not None else 0
    if not due or told.until <= due:
        raise _illegal("an extension that asks for no later date than the deadline's")
    if told.at > due:
        raise Permanent(ReasonCode.TOO_LATE, "an extension is asked for before the deadline has passed")
    if life.case.extensions >= limits.max:
        raise _illegal(f"more than {limits.max} extensions")
    if told.until > life.book.after(limits.longest, due):
        raise _illegal(f"an extension by more than {limits.longest}")


def _may_be_followed_up(life: Life, told: Told) -> None:
    if told.satisfaction is None:
        raise Permanent(ReasonCode.MISSING_FIELD, "satisfaction")
    case = life.case
    early = life.rules.follow_up.on == "time_limit" and Milestone.RESOLVE in case.overdue
    if case.status not in DONE and not early:
        raise _illegal(f"a follow-up while the case is {case.status}")
    if life.rules.verify and case.status is CaseStatus.RESOLVED:
        raise _illegal("a follow-up before the verification")


def _needs_date(life: Life, told: Told) -> None:
    if told.until <= told.at:
        raise Permanent(ReasonCode.INVALID_VALUE, "until: a date in the future")


def _needs_case(life: Life, told: Told) -> None:
    if not told.into or told.into == life.incident:
        raise Permanent(ReasonCode.INVALID_VALUE, "into: another incident")


def _may_be_reviewed(life: Life, told: Told) -> None:
    if life.case.reviews >= _MOST_REVIEWS:
        raise _illegal("a review after the last one")
    if life.book.above(life.case.lead, 1) is None:
        raise _illegal("a review where nobody stands above the agency")


def _is_co_handler(life: Life, told: Told) -> None:
    part = part_of(life.case, told.agency)
    if part is None or part.role is not Role.CO_HANDLER or part.status not in PART_TABLE[FactKind.EXCUSED]:
        raise _illegal("only a co-handler at work is excused")


_GUARDS: Final[Mapping[FactKind, Callable[[Life, Told], None]]] = {
    FactKind.RETURNED: _may_return,
    FactKind.RETURN_REQUESTED: _may_return,
    FactKind.EXTENSION_REQUESTED: _may_ask_time,
    FactKind.EXTENSION_GRANTED: _needs_date,
    FactKind.DEFERRED: _needs_date,
    FactKind.FOLLOWED_UP: _may_be_followed_up,
    FactKind.MERGED: _needs_case,
    FactKind.REVIEW_REQUESTED: _may_be_reviewed,
    FactKind.EXCUSED: _is_co_handler,
}


# what comes of it


def _acknowledge(life: Life, told: Told) -> None:
    part = part_of(life.case, told.agency or life.case.lead)
    if part is not None:
        part.status = PartStatus.IN_PROGRESS if told.fact is FactKind.IN_PROGRESS else PartStatus.ACKNOWLEDGED
        _reach(life, part, told.fact, told.at)


def _respond(life: Life, told: Told) -> None:
    part = lead_of(life.case)
    if part is not None:
        if part.status is PartStatus.ASSIGNED:
            part.status = PartStatus.ACKNOWLEDGED
        _reach(life, part, told.fact, told.at)


def _finish(life: Life, told: Told) -> None:
    part = lead_of(life.case)
    life.case.return_asked = False
    if part is not None:
        part.status = PartStatus.DONE
        part.responded_at = part.responded_at or told.at
        _reach(life, part, told.fact, told.at)


def _return(life: Life, told: Told) -> None:
    case = life.case
    if told.fact is FactKind.RETURN_REQUESTED:
        case.return_asked = True
        return
    _count_return(life, told.at)
    order = Order(DirectiveKind.REDISPATCH, told.cause, agency=case.lead, returned_by=case.lead)
    life.orders.append(order._replace(return_reason=told.return_reason))


def _count_return(life: Life, at: int) -> None:
    part = lead_of(life.case)
    life.case.returns += 1
    life.case.return_asked = False
    if part is not None:
        part.status = PartStatus.RETURNED
        _reach(life, part, FactKind.RETURNED, at)


def _heed_return(life: Life, told: Told) -> None:
    case, part = life.case, lead_of(life.case)
    case.return_asked = False
    if part is not None and part.status is PartStatus.RETURNED:
        part.status, part.done_at = PartStatus.ACKNOWLEDGED, 0
        case.returns -= 1
        case.timers = []
        start_all(case, life.book, part, told.at)


def _ask_time(life: Life, told: Told) -> None:
    life.case.asked_until = told.until


def _give_time(life: Life, told: Told) -> None:
    life.case.extensions += 1
    _move_deadline(life, told)


def _refuse_time(life: Life, told: Told) -> None:
    life.case.asked_until = 0


def _defer(life: Life, told: Told) -> None:
    life.case.plan_until = told.until
    _move_deadline(life, told)


def _move_deadline(life: Life, told: Told) -> None:
    case, part = life.case, lead_of(life.case)
    case.asked_until = 0
    if part is not None:
        part.resolve_by = told.until
        case.overdue = [milestone for milestone in case.overdue if milestone is not Milestone.RESOLVE]
        case.timers = [timer for timer in case.timers if timer.kind is not TimerKind.FOLLOW_UP]
        start(case, life.book, part, Milestone.RESOLVE, told.at, told.at)
        plan_time_limit(life)


def plan_time_limit(life: Life) -> None:
    """Where 回访 falls due with the time limit and not with the resolution, plan it."""
    part = lead_of(life.case)
    if life.rules.follow_up.on == "time_limit" and part is not None and part.resolve_by:
        life.case.timers.append(Timer(part.resolve_by, TimerKind.FOLLOW_UP))


def _plan_follow_up(life: Life, told: Told) -> None:
    """Plan what comes after a resolution: the verification's date, 回访, or that it stands."""
    case, rules, book = life.case, life.rules, life.book
    if rules.follow_up.on == "time_limit" and any(timer.kind is TimerKind.FOLLOW_UP for timer in case.timers):
        return
    case.timers = []
    if rules.verify and case.status is CaseStatus.RESOLVED:
        case.timers.append(
            Timer(book.follow_up_at(case.channel, told.at) or book.after(RECHECK, told.at), TimerKind.PLAN)
        )
    elif rules.follow_up.on == "resolved":
        case.timers.append(Timer(book.follow_up_at(case.channel, told.at), TimerKind.FOLLOW_UP))
    else:
        _plan_close(life, told.at)


def _plan_close(life: Life, at: int) -> None:
    then = life.book.close_at(life.case.channel, at)
    if then > at:
        life.case.timers.append(Timer(then, TimerKind.CLOSE))
    else:
        life.case.stands = True


def _follow_up(life: Life, told: Told) -> None:
    case = life.case
    case.satisfaction = told.satisfaction
    case.timers = [timer for timer in case.timers if timer.kind is not TimerKind.FOLLOW_UP]
    if told.satisfaction in _SATISFIED:
        case.stands = case.status in DONE
        try_close(life, told)
    elif told.satisfaction is Satisfaction.UNREACHED:
        if case.status in DONE and not any(timer.kind is TimerKind.CLOSE for timer in case.timers):
            _plan_close(life, told.at)
            try_close(life, told)
    else:
        _dissatisfied(life, told)


def _dissatisfied(life: Life, told: Told) -> None:
    """发回重办, counted; beyond the rules' figure the command centre supervises it."""
    again = told._replace(who=Who.BUS, agency=life.case.lead, satisfaction=None, by="")
    often = life.case.reopened >= life.rules.reopen.max
    if life.case.status in DONE:
        life.take(again._replace(fact=FactKind.REOPENED))
    if often:
        life.take(again._replace(fact=FactKind.SUPERVISED))
        life.orders.append(
            Order(DirectiveKind.SUPERVISE, told.cause, agency=life.case.lead, milestone=Milestone.RESOLVE)
        )


def _reopen(life: Life, told: Told) -> None:
    case, part = life.case, lead_of(life.case)
    case.reopened += 1
    case.stands = False
    case.timers = []
    case.overdue = [milestone for milestone in case.overdue if milestone is not Milestone.RESOLVE]
    if part is None:
        return
    part.status, part.done_at = PartStatus.ACKNOWLEDGED, 0
    part.resolve_by = life.book.redo_by(case.channel, part.agency, told.at) or part.resolve_by
    start(case, life.book, part, Milestone.RESOLVE, told.at, told.at)
    plan_time_limit(life)
    if told.who is not Who.COMMAND:
        life.orders.append(Order(DirectiveKind.REOPEN, told.cause, agency=part.agency, until=part.resolve_by))


def _review(life: Life, told: Told) -> None:
    case = life.case
    case.reviews += 1
    case.timers = []
    case.stands = False
    life.orders.append(
        Order(DirectiveKind.ADJUDICATE, told.cause, agency=life.book.above(case.lead, 1) or "", reason="review")
    )


def _climb(life: Life, told: Told) -> None:
    """The lead's matter goes a level up; a helper that is late is its own superior's affair."""
    if told.agency in ("", life.case.lead):
        life.case.level += 1


def _remind(life: Life, told: Told) -> None:
    life.case.reminders += 1


def _mark_overdue(life: Life, told: Told) -> None:
    if told.milestone is not None and told.milestone not in life.case.overdue:
        life.case.overdue.append(told.milestone)


def _hold(life: Life, told: Told) -> None:
    part = part_of(life.case, told.agency)
    if part is not None:
        part.status, part.held_since = PartStatus.HELD, told.at
        stop(life.case, told.agency)


def _release(life: Life, told: Told) -> None:
    """What was held back begins now: its time limits move by as long as it waited."""
    part = part_of(life.case, told.agency)
    if part is None or part.status is not PartStatus.HELD:
        return
    waited = max(0, told.at - part.held_since)
    part.status = PartStatus.INFORMED if part.role is Role.INFORMED else PartStatus.ASSIGNED
    part.given_at, part.held_since = told.at, 0
    part.acknowledge_by = _later(part.acknowledge_by, waited)
    part.respond_by = _later(part.respond_by, waited)
    part.resolve_by = _later(part.resolve_by, waited)
    part.return_until = life.book.return_until(life.case.channel, part.agency, told.at)
    if part.role is not Role.INFORMED:
        start_all(life.case, life.book, part, told.at)


def _later(moment: int, by: int) -> int:
    return moment + by if moment else 0


def _link(life: Life, told: Told) -> None:
    if not told.system or not told.number:
        raise Permanent(ReasonCode.MISSING_FIELD, "system and number")
    life.case.numbers[told.system] = told.number


def _excuse(life: Life, told: Told) -> None:
    part = part_of(life.case, told.agency)
    if part is not None:
        part.status = PartStatus.EXCUSED
        _reach(life, part, told.fact, told.at)


def _merge(life: Life, told: Told) -> None:
    life.case.into = told.into


def _end(life: Life, told: Told) -> None:
    case = life.case
    case.ended_at = told.at
    case.clocks, case.timers, case.early = [], [], []
    case.asked_until = 0
    if told.fact is FactKind.CLOSED and told.who is Who.BUS:
        life.orders.append(Order(DirectiveKind.CLOSE, told.cause))


def _tell_agencies(life: Life, told: Told) -> None:
    life.orders.append(Order(DirectiveKind.WITHDRAW, told.cause))


def try_close(life: Life, told: Told) -> None:
    """Close the case if its resolution stands and no co-handler holds it open."""
    case = life.case
    checked = case.status is CaseStatus.VERIFIED or (case.status is CaseStatus.RESOLVED and not life.rules.verify)
    if checked and case.stands and others_over(case):
        life.take(Told(FactKind.CLOSED, Who.BUS, told.at, told.cause))


_EFFECTS: Final[Mapping[Effect, Callable[[Life, Told], None]]] = {
    Effect.ACKNOWLEDGE: _acknowledge,
    Effect.RESPOND: _respond,
    Effect.FINISH: _finish,
    Effect.RETURN: _return,
    Effect.HEED_RETURN: _heed_return,
    Effect.ASK_TIME: _ask_time,
    Effect.GIVE_TIME: _give_time,
    Effect.REFUSE_TIME: _refuse_time,
    Effect.DEFER: _defer,
    Effect.PLAN_FOLLOW_UP: _plan_follow_up,
    Effect.FOLLOW_UP: _follow_up,
    Effect.REOPEN: _reopen,
    Effect.REVIEW: _review,
    Effect.CLIMB: _climb,
    Effect.REMIND: _remind,
    Effect.MARK_OVERDUE: _mark_overdue,
    Effect.HOLD: _hold,
    Effect.RELEASE: _release,
    Effect.LINK: _link,
    Effect.EXCUSE: _excuse,
    Effect.MERGE: _merge,
    Effect.END: _end,
    Effect.TRY_CLOSE: try_close,
    Effect.TELL_AGENCIES: _tell_agencies,
}
_AFTER: Final = frozenset({Effect.FOLLOW_UP, Effect.TRY_CLOSE})
"""What may make further facts happen: the fact itself is written down first."""


def _illegal(detail: str) -> Permanent:
    return Permanent(ReasonCode.ILLEGAL_TRANSITION, detail)


def _name(who: Who) -> str:
    return (who.name or "nobody").lower().replace("_", " ")
