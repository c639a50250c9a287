"""Lint: all that can be said of a ruleset without running it: what `load` finds, and what depends on day and tests.

The day is an argument: a rule that ended, a year without a calendar. Tests are read here only for what they assert.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import is_test, load, unreasoned, unwaived
from routing_rules.engine.schema import Overlay, Route, Ruleset
from routing_rules.engine.source import Document, Listing, Node, Scalar, Table, read
from routing_rules.messages import Finding, Position

NEXT_YEAR_FROM: Final = 10  # October: by then the holiday notice is due (G45)
_ASSERTIVE: Final = ("lead", "route", "fallback")


def lint(files: Mapping[str, bytes], today: date) -> tuple[Finding, ...]:
    """Return all findings of a ruleset's files, in the files' order, waived ones left out. Compiles what loads."""
    loaded = load(files)
    tests = [read(file, files[file]) for file in sorted(files) if is_test(file)]
    waivers = [waiver for test in tests for waiver in test.waivers]
    found = [finding for test in tests for finding in test.findings] + unreasoned(waivers)
    cases = [case for test in tests for case in _cases(test)]
    found += _unasserting(cases)
    if loaded.ruleset is not None:
        compile_ruleset(loaded.ruleset)
        found += [*_ended(loaded.ruleset, today), *_without_calendar(loaded.ruleset, today)]
        found += _unasserted(loaded.ruleset, cases)
    return tuple(unwaived([*loaded.findings, *found], [*loaded.waivers, *waivers]))


def _ended(ruleset: Ruleset, today: date) -> Iterator[Finding]:
    for rule in ruleset.rules:
        until = rule.effective.until
        if until is not None and until < today:
            yield Finding("RR136", rule.at, {"id": rule.id, "date": str(until)})


def _without_calendar(ruleset: Ruleset, today: date) -> Iterator[Finding]:
    years = [today.year, today.year + 1] if today.month >= NEXT_YEAR_FROM else [today.year]
    for year in years:
        if (ruleset.calendar, year) not in ruleset.calendars:
            at = Position(f"calendars/{ruleset.calendar}-{year}.yaml", 1, 1)
            yield Finding("RR142", at, {"year": str(year)})


def _cases(document: Document) -> Iterator[Table]:
    listing = document.root.get("cases") if isinstance(document.root, Table) else None
    for case in listing.items if isinstance(listing, Listing) else ():
        if isinstance(case, Table):
            yield case


def _expectations(case: Table) -> Iterator[Table]:
    """Yield every `expect` of a case, its rounds' included."""
    rounds = case.get("rounds")
    for part in (case, *(rounds.items if isinstance(rounds, Listing) else ())):
        expect = part.get("expect") if isinstance(part, Table) else None
        if isinstance(expect, Table):
            yield expect


def _unasserting(cases: Iterable[Table]) -> Iterator[Finding]:
    for case in cases:
        asserted = any(expect.get(key) is not None for expect in _expectations(case) for key in _ASSERTIVE)
        if not asserted:
            name = case.get("name")
            yield Finding("RR151", case.at, {"name": name.value if isinstance(name, Scalar) else ""})


def _unasserted(ruleset: Ruleset, cases: list[Table]) -> Iterator[Finding]:
    """Yield the rules that no case names in `route` or `overlays` (G54); `fallback: true` names the fallback."""
    named = {code for case in cases for code in _named(case)}
    silent = any(expect.get("fallback") is not None for case in cases for expect in _expectations(case))
    for rule in ruleset.rules:
        if rule.id not in named and not (silent and isinstance(rule, Route) and rule.fallback):
            variant = "overlay" if isinstance(rule, Overlay) else ""
            yield Finding("RR150", rule.at, {"id": rule.id}, variant)


def _named(case: Table) -> Iterator[str]:
    table = case.get("table")
    rows = [row for row in table.items if isinstance(row, Table)] if isinstance(table, Listing) else []
    for expect in _expectations(case):
        for text in (*_texts(expect.get("route")), *_texts(expect.get("overlays"))):
            yield from _filled(text, rows)


def _filled(text: str, rows: Iterable[Table]) -> Iterator[str]:
    """Yield a text, or what a table's rows put into it where it is `{column}`."""
    yield text
    for row in rows:
        yield from _texts(row.get(text.strip("{}")))


def _texts(node: Node | None) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield node.value
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, Table):
        yield from _texts(node.get("includes"))
