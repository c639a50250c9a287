"""What falls due in a case: a step of a ladder, a follow-up, a closing. Each happens once and says how late it was."""

from typing import Final

from contracts.case import STEPS, Clock, Timer
from contracts.codes import CaseStatus, DirectiveKind, FactKind, TimerKind
from streams.lifecycle import DONE, Who, transition
from streams.processors.supervise.life import Life, try_close
from streams.processors.supervise.told import Order, Told

_FACTS: Final = {
    TimerKind.REMIND: FactKind.REMINDED,
    TimerKind.OVERDUE: FactKind.OVERDUE,
    TimerKind.SUPERVISE: FactKind.SUPERVISED,
    TimerKind.ESCALATE: FactKind.ESCALATED,
    TimerKind.PLAN: FactKind.SUPERVISED,
}
_ORDERS: Final = {
    FactKind.REMINDED: DirectiveKind.REMIND,
    FactKind.SUPERVISED: DirectiveKind.SUPERVISE,
    FactKind.ESCALATED: DirectiveKind.ESCALATE,
}


def fire(life: Life, due: int, now: int) -> None:
    """Let everything happen that falls due at `due` or before; `now` is when it is judged."""
    case = life.case
    for clock in list(case.clocks):
        while clock.at and clock.at[0] <= due and clock in case.clocks:
            _step(life, clock, now)
    case.clocks = [clock for clock in case.clocks if clock.at]
    for timer in [each for each in case.timers if each.at <= due]:
        if timer in case.timers:
            case.timers.remove(timer)
            _timer(life, timer, now)
    life.keep_due(now)


def _step(life: Life, clock: Clock, now: int) -> None:
    at, kind = clock.at.pop(0), STEPS[clock.do[0]]
    clock.do = clock.do[1:]
    step = 0 if kind is TimerKind.OVERDUE else clock.step + 1
    clock.step = max(clock.step, step)
    fact = _FACTS[kind]
    # two rungs may share moment and kind; a round that gives the same agency the same deadline has steps of its own
    cause = f"{_turn(life)}:{clock.agency}:{clock.milestone}:{at}:{kind}:{step}"
    told = Told(
        fact, Who.BUS, now, cause, agency=clock.agency, milestone=clock.milestone, step=step, late_ms=max(0, now - at)
    )
    _happen(life, told)


def _turn(life: Life) -> str:
    """Return which turn of the case a step belongs to: its round, and how often it was sent back to be done again."""
    return f"timer:{life.case.round}.{life.case.reopened}"


def _timer(life: Life, timer: Timer, now: int) -> None:
    case = life.case
    cause = f"{_turn(life)}:{timer.kind}:{timer.at}:{timer.step}"
    told = Told(FactKind.SUPERVISED, Who.BUS, now, cause, agency=case.lead, late_ms=max(0, now - timer.at))
    match timer.kind:
        case TimerKind.FOLLOW_UP:
            life.take(told._replace(fact=FactKind.FOLLOW_UP_DUE))
            then = life.book.close_at(case.channel, now)
            if case.status in DONE:
                case.timers.append(Timer(max(then, now + 1), TimerKind.CLOSE))
        case TimerKind.CLOSE:
            if case.status in DONE:
                case.stands = True
                try_close(life, told)
        case TimerKind.REMIND | TimerKind.OVERDUE | TimerKind.SUPERVISE | TimerKind.ESCALATE | TimerKind.PLAN:
            _happen(life, told._replace(fact=_FACTS[timer.kind], step=timer.step))
        case TimerKind.EARLY:
            pass  # whoever holds the records deals with them


def _happen(life: Life, told: Told) -> None:
    """Take a step of the bus's own, if it means anything where the case stands, and tell whom it concerns."""
    if transition(told.fact, Who.BUS, life.case.status) is None:
        return
    life.take(told)
    kind = _ORDERS.get(told.fact)
    if kind is None or life.case.status is CaseStatus.EXPECTED:
        return
    order = Order(kind, told.cause, agency=told.agency, milestone=told.milestone, step=told.step, late_ms=told.late_ms)
    if told.fact is FactKind.ESCALATED:
        level = life.case.level if told.agency == life.case.lead else 1
        order = order._replace(agency=life.book.above(told.agency, level) or told.agency, whose=told.agency)
    life.orders.append(order)
