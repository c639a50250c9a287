"""Differences told to a person line by line, or to a program as JSON objects. The words are `messages.differing`'s."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from routing_rules.engine.compiler import Compiled
from routing_rules.messages.differing import say, term
from routing_rules.tools.differences.dates import Shifted
from routing_rules.tools.differences.entries import Value
from routing_rules.tools.differences.history import Counted, Group, Moves
from routing_rules.tools.differences.textual import Change, FieldChange, Happened

MOST_GROUPS: Final = 20
_MOST_RULES: Final = 3
_MINUTES: Final = "minutes"


class Titles:
    """What people call the codes of two rulesets; the newer one's title wins."""

    def __init__(self, old: Compiled, new: Compiled) -> None:
        sides = (old.ruleset, new.ruleset)
        self._agencies = {code: agency.title for side in sides for code, agency in side.agencies.items()}
        self._categories = {code: category.title for side in sides for code, category in side.categories.items()}
        self._rules = {rule.id: rule.title for side in sides for rule in side.rules}

    def agency(self, code: str) -> str:
        """Return an agency's title."""
        return self._agencies.get(code, code)

    def rule(self, id_: str) -> str:
        """Return a rule's title."""
        return self._rules.get(id_, id_)

    def beside(self, code: str) -> str:
        """Return a value as written, with the title of the agency or category that it names."""
        title = self._agencies.get(code) or self._categories.get(code)
        return f"{code}({title})" if title else code


def text_lines(found: Iterable[Change], titles: Titles, language: str) -> Iterator[str]:
    """Yield the changes, each entry with its fields, after a line that counts them."""
    told = list(found)
    if not told:
        yield say("text-same", language)
        return
    counted = Counter(change.happened for change in told)
    yield say("text", language, **{each.value: counted[each] for each in Happened})
    for change in told:
        title = say("title", language, title=change.title) if change.title else ""
        yield say(
            "entry", language, happened=say(change.happened, language), sort=term(change.key.sort, language),
            of=change.key.of, file=change.file, title=title,
        )  # fmt: skip
        if change.happened is Happened.CHANGED:
            for field in change.fields:
                yield from _field(field, titles, language)
        elif change.happened is Happened.MOVED:
            yield say("after", language, after=change.after) if change.after else say("first", language)


def _field(field: FieldChange, titles: Titles, language: str) -> Iterator[str]:
    path = field.path or "="
    if field.came or field.went:
        for key, items in (("came", field.came), ("went", field.went)):
            if items:
                joined = say("and", language).join(titles.beside(item) for item in items)
                yield say(key, language, path=path, items=joined)
        return
    old, new = (_value(side, titles, language) for side in (field.old, field.new))
    yield say("field", language, path=path, old=old, new=new)


def _value(value: Value | None, titles: Titles, language: str) -> str:
    if value is None:
        return say("unwritten", language)
    if isinstance(value, tuple):
        return "[" + say("and", language).join(titles.beside(item) for item in value) + "]"
    return titles.beside(value)


def change_record(change: Change) -> dict[str, Any]:
    """Return a change as a JSON object."""
    fields = [{"field": each.path, "old": each.old, "new": each.new} for each in change.fields]
    record = {
        "of": "text", "change": change.happened.value, "sort": change.key.sort, "id": change.key.of,
        "title": change.title, "file": change.file, "fields": fields,
    }  # fmt: skip
    return record | ({"after": change.after or None} if change.happened is Happened.MOVED else {})


def date_lines(found: Iterable[Shifted], language: str) -> Iterator[str]:
    """Yield what changed calendars do to deadlines."""
    for each in found:
        yield say(
            "dates", language, calendar=each.calendar, span=each.span, starts=each.starts, of=each.of,
        )  # fmt: skip
        for example in each.examples:
            start, old, new = (
                moment.replace(tzinfo=None).isoformat(" ", _MINUTES)
                for moment in (example.start, example.old, example.new)
            )
            yield say("date", language, start=start, old=old, new=new)


def date_record(each: Shifted) -> dict[str, Any]:
    """Return what a calendar does to one span as a JSON object."""
    examples = [
        {"start": one.start.isoformat(), "old": one.old.isoformat(), "new": one.new.isoformat()}
        for one in each.examples
    ]
    head = {"of": "dates", "calendar": each.calendar, "span": str(each.span), "starts": each.starts, "days": each.of}
    return head | {"examples": examples}


def names_only(language: str) -> str:
    """Return what is said where digests differ and nothing told does."""
    return say("names-only", language)


def history_lines(moves: Moves, unreadable: int, titles: Titles, language: str) -> Iterator[str]:
    """Yield how many past reports differ, and the largest groups."""
    head = say("history", language, decided=moves.decided, differing=moves.differing, moving=moves.moving)
    yield head + (say("unreadable", language, n=unreadable) if unreadable else "")
    yield from group_lines(moves, titles, language)


def group_lines(moves: Moves, titles: Titles, language: str) -> Iterator[str]:
    """Yield the largest groups, a line each."""
    groups = moves.largest()
    yield from (_group(group, counted, titles, language) for group, counted in groups[:MOST_GROUPS])
    if len(groups) > MOST_GROUPS:
        yield say("more", language, n=len(groups) - MOST_GROUPS)


def _group(group: Group, counted: Counted, titles: Titles, language: str) -> str:
    joint = say("and", language)
    others = _most(counted.by, group.rule)
    told = joint.join(titles.rule(rule) for rule in others)
    return say(
        "group" if group.before != group.after else "group-stays", language, n=counted.n,
        before=titles.agency(group.before), after=titles.agency(group.after),
        rule=say("title", language, title=titles.rule(group.rule)).strip(),
        old_rules=say("old-rules", language, rules=told) if others else "",
        differs=joint.join(term(what, language) for what in counted.differs),
        examples=joint.join(counted.examples),
    )  # fmt: skip


def _most(by: Mapping[str, int], but: str) -> list[str]:
    """Return the old rules with most cases, the rule itself apart."""
    return [rule for rule in sorted(by, key=lambda each: (-by[each], each)) if rule != but][:_MOST_RULES]
