"""Deadlines told: each milestone's moment, who set it, and the days that were counted."""

from datetime import date, datetime, timedelta
from typing import Final

from contracts.codes import Milestone
from contracts.decision import Decision, Due
from routing_rules.tools.telling import Words

_BUSINESS: Final = "bd"
_MOST_DAYS: Final = 12  # longer counts are told by their end alone


def due_line(decision: Decision, words: Words) -> str:
    """Return all deadlines of a decision in one line; the month is told where it changes."""
    parts: list[str] = []
    last: date | None = None
    for due in decision.due:
        local = words.compiled.calendars.local(due.at)
        start = decision.state.first_dispatched_at or decision.now
        began = decision.now if due.milestone is Milestone.ACKNOWLEDGE else start
        parts.append(words.say(
            "due_one", milestone=words.word("milestone", due.milestone), at=_moment(local, last, words),
            setter=_setter(due, words), span=due.span, days=_counted(due, began, local, words) + _fixed(due, words),
        ))  # fmt: skip
        last = local.date()
    return words.say("gap").join(parts) or words.say("no_due")


def _moment(at: datetime, last: date | None, words: Words) -> str:
    told = words.say("date", month=at.month, day=at.day, time=at.strftime("%H:%M"))
    if last is not None and (last.year, last.month) == (at.year, at.month):
        return told.removeprefix(words.say("month", month=at.month))
    return told


def _fixed(due: Due, words: Words) -> str:
    return words.say("fixed") if due.fixed else ""


def _setter(due: Due, words: Words) -> str:
    """Return who set a deadline, from the decision's word for it: `rule:ID`, `by_kind:K` and so on."""
    name, _, code = due.from_.partition(":")
    if name == "overlay":
        return words.say("set_by_overlay", title=words.rule(code))
    if name in {"rule", "rule_by_kind"}:
        return words.say("set_by_rule")
    return words.say(name, kind=words.word("kind", code), urgency=words.word("urgency", code))


def _counted(due: Due, start: datetime, end: datetime, words: Words) -> str:
    calendars = words.compiled.calendars
    if not due.span.endswith(_BUSINESS):
        return ""
    first, last = calendars.local(start).date(), end.date()
    span = (first + timedelta(days=n + 1) for n in range((last - first).days))
    days = [str(day.day) for day in span if "workday" in calendars.words(day)]
    return words.say("counted", days=" ".join(days)) if len(days) <= _MOST_DAYS else ""
