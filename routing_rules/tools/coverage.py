"""Coverage (G54): what a ruleset's passing cases have shown, in counts of things, and what they haven't.

Nothing here matches rules: conditions are judged by the functions that decide, on the decisions that the cases made.
Shares are never rounded: a gate compares whole numbers, so 99.6 % is not 100 %.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from contracts.codes import HardRule, Kind, Milestone
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.reasons import Rule, alone, conditions, in_force, reopened
from routing_rules.engine.schema import Overlay, Route, Status
from routing_rules.messages import Language
from routing_rules.messages.coverage import say
from routing_rules.tools.telling import Words
from routing_rules.tools.testing import CaseResult, TestReport

T = TypeVar("T")
Seen = Callable[[int, int], None]

SHOWN: Final = 6
"""How many of what is missing a person is shown; the rest is counted, and `--json` lists all of it."""


class NearMiss(NamedTuple):
    """A condition that some case shows to matter: in block `block` (from 0) of the rule, `field` alone didn't hold."""

    rule: str
    block: int
    field: str


class Due(NamedTuple):
    """A deadline of one kind of report that some case asserts."""

    kind: Kind
    milestone: Milestone


@dataclass(frozen=True, slots=True)
class Count(Generic[T]):
    """Things there are (in the ruleset's order), and which of them the cases have met."""

    of: tuple[T, ...]
    met: frozenset[T]

    @property
    def done(self) -> int:
        """How many are met."""
        return len(self.of) - len(self.missing)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.of)

    @property
    def missing(self) -> tuple[T, ...]:
        """Those not met, in order."""
        return tuple(thing for thing in self.of if thing not in self.met)


@dataclass(frozen=True, slots=True)
class Gate:
    """A share that the ruleset asks of itself (`coverage:` in ruleset.yaml), in per cent."""

    name: str
    percent: int
    done: int
    total: int

    @property
    def met(self) -> bool:
        """Whether the share is reached; of nothing, any share is."""
        return self.done * 100 >= self.percent * self.total

    @property
    def needed(self) -> int:
        """The least number that reaches the share."""
        return -(-self.percent * self.total // 100)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The five counts of G54. `uncounted` are rules that can't act (on trial, off), which no case can assert."""

    rules: Count[str]
    near_misses: Count[NearMiss]
    hard_rules: Count[HardRule]
    leads: Count[str]
    dues: Count[Due]
    uncounted: tuple[str, ...]
    gates: tuple[Gate, ...]
    compiled: Compiled

    @property
    def passed(self) -> bool:
        """Whether every gate is met; a ruleset without gates has none that isn't."""
        return all(gate.met for gate in self.gates)

    def text(self, language: str = Language.ZH) -> str:
        """Return the counts, each with the first of what is missing, then the gates."""
        told = _Told(self, Words(self.compiled, language), language)
        return "\n".join([*told.counts(), *told.gates()])

    def record(self) -> dict[str, Any]:
        """Return the counts as a JSON object, all that is missing listed."""
        return {
            "rules": _record(self.rules, str),
            "near_misses": _record(self.near_misses, lambda miss: miss._asdict()),
            "hard_rules": _record(self.hard_rules, str),
            "leads": _record(self.leads, str),
            "dues": _record(self.dues, lambda due: due._asdict()),
            "uncounted": list(self.uncounted),
            "gates": [
                {"gate": each.name, "percent": each.percent, "done": each.done, "needed": each.needed,
                 "total": each.total, "met": each.met}
                for each in self.gates
            ],
        }  # fmt: skip


def coverage(report: TestReport, seen: Seen = lambda done, total: None) -> Coverage:
    """Count what the passing cases of a report show. `seen(done, total)` is told of each decision looked at."""
    compiled = report.compiled
    ruleset = compiled.ruleset
    rules: tuple[Rule, ...] = ruleset.rules
    acting = [rule for rule in rules if _acts(rule)]
    passing = _passing(report.results)
    shown: set[NearMiss] = set()
    for n, result in enumerate(passing, 1):
        shown.update(near_misses(result, acting, compiled))
        seen(n, len(passing))
    asked = (NearMiss(rule.id, *condition) for rule in acting for condition in conditions(rule))
    asserted = frozenset(rule for result in passing for rule in _named(result.expect, compiled))
    counted = Count(tuple(rule.id for rule in acting), asserted)
    near = Count(tuple(asked), frozenset(shown))
    decisions = [result.decision for result in passing if result.decision is not None]
    return Coverage(
        rules=counted,
        near_misses=near,
        hard_rules=Count(tuple(HardRule), frozenset(rule for made in decisions for rule in made.hard_rules)),
        leads=Count(tuple(ruleset.agencies), frozenset(made.lead for made in decisions)),
        dues=Count(
            tuple(Due(kind, milestone) for kind in Kind for milestone in Milestone),
            frozenset(due for result in passing for due in _dues(result)),
        ),
        uncounted=tuple(rule.id for rule in rules if not _acts(rule)),
        gates=_gates(ruleset.coverage, {"rules": counted, "near_miss": near}),
        compiled=compiled,
    )


def _gates(wanted: Mapping[str, int], counts: Mapping[str, Count[Any]]) -> tuple[Gate, ...]:
    return tuple(Gate(name, wanted[name], of.done, of.total) for name, of in counts.items() if name in wanted)


def _acts(rule: Rule) -> bool:
    """Say whether a rule can have an effect at all, on whatever day."""
    return rule.status is Status.ACTIVE or (isinstance(rule, Route) and rule.fallback)


def _passing(results: Iterable[CaseResult]) -> list[CaseResult]:
    """Return the decisions of the cases that passed in every round."""
    results = tuple(results)
    failed = {(result.file, result.name) for result in results if not result.passed}
    return [result for result in results if (result.file, result.name) not in failed]


def _named(expect: Mapping[str, Any], compiled: Compiled) -> Iterator[str]:
    """Yield the rules that a case names in `route` or `overlays`; `fallback: true` names the fallback."""
    if "route" in expect:
        yield expect["route"]
    overlays = expect.get("overlays", [])
    overlays = overlays["includes"] if isinstance(overlays, dict) else overlays
    yield from overlays if isinstance(overlays, list) else [overlays]
    if expect.get("fallback") == "true":
        yield compiled.fallback.id


def _dues(result: CaseResult) -> Iterator[Due]:
    if result.incident is not None:
        for milestone in result.expect.get("due", {}):
            yield Due(result.incident.kind, Milestone(milestone))


def near_misses(result: CaseResult, acting: Iterable[Rule], compiled: Compiled) -> Iterator[NearMiss]:
    """Yield the conditions that alone kept a rule from acting on a decision: without them it would have come out anew.

    A route that stands behind the one that won had no turn, so nothing is shown of it; nor of a rule out of its time.
    """
    if result.decision is None or result.incident is None:
        return
    case = reopened(result.decision, result.incident, compiled)
    won = compiled.rules[result.decision.route]
    for rule in acting:
        if in_force(rule, case) and (isinstance(rule, Overlay) or _before(rule, won)):
            yield from (NearMiss(rule.id, *condition) for condition in alone(case, rule))


def _before(route: Route, won: Rule) -> bool:
    return isinstance(won, Route) and route.order < won.order


def _record(count: Count[T], shown: Callable[[T], Any]) -> dict[str, Any]:
    return {"done": count.done, "total": count.total, "missing": [shown(thing) for thing in count.missing]}


class _Told:
    """A coverage in sentences of one language."""

    def __init__(self, covered: Coverage, words: Words, language: str) -> None:
        self._covered = covered
        self._words = words
        self._language = language

    def counts(self) -> Iterator[str]:
        """Yield a heading, then a line for each count; what an unmet gate will list is not listed twice."""
        covered = self._covered
        short = {gate.name for gate in covered.gates if not gate.met}
        aside = self._say("uncounted", n=len(covered.uncounted)) if covered.uncounted else ""
        yield self._say("heading")
        yield self._line("rules", covered.rules, "" if "rules" in short else self._rules(), aside)
        yield self._line("near_miss", covered.near_misses, "" if "near_miss" in short else self._near_misses())
        yield self._line("hard_rules", covered.hard_rules, self._listed(map(self._say, covered.hard_rules.missing)))
        yield self._line("leads", covered.leads, self._listed(map(self._words.agency, covered.leads.missing)))
        yield self._line("dues", covered.dues, self._listed(map(self._due, covered.dues.missing)))

    def gates(self) -> Iterator[str]:
        """Yield a sentence for each gate; an unmet one lists what is missing."""
        missing = {"rules": self._rules, "near_miss": self._near_misses}
        for gate in self._covered.gates:
            told = {"what": self._say(gate.name), "percent": gate.percent, "done": gate.done, "total": gate.total}
            if gate.met:
                yield self._say("met", **told)
            else:
                short = gate.needed - gate.done
                yield self._say("unmet", **told, needed=gate.needed, short=short, missing=missing[gate.name]())

    def _say(self, key: str, /, **params: object) -> str:
        return say(key, self._language, **params)

    def _line(self, key: str, count: Count[Any], missing: str, aside: str = "") -> str:
        line = self._say("line", what=self._say(key), done=count.done, total=count.total, aside=aside)
        return line + self._say("without", missing=missing) if missing else line

    def _listed(self, names: Iterable[str]) -> str:
        """Return the first of the names, the rest counted."""
        shown = list(names)
        rest = len(shown) - SHOWN
        return self._words.join(shown[:SHOWN]) + (self._say("rest", n=rest) if rest > 0 else "")

    def _rules(self) -> str:
        return self._listed(self._rule(code) for code in self._covered.rules.missing)

    def _near_misses(self) -> str:
        """Return the blocks that lack near misses, each with its fields: an author mends a block at a time."""
        blocks: dict[tuple[str, int], list[str]] = {}
        for miss in self._covered.near_misses.missing:
            blocks.setdefault((miss.rule, miss.block), []).append(self._words.word("field", miss.field))
        return self._listed(self._block(*block, fields) for block, fields in blocks.items())

    def _block(self, code: str, n: int, fields: Iterable[str]) -> str:
        way = self._say("way", n=n + 1) if len(self._words.compiled.rules[code].when) > 1 else ""
        return self._say("block", rule=self._rule(code), way=way, fields=self._say("fields").join(fields))

    def _rule(self, code: str) -> str:
        rule = self._words.compiled.rules[code]
        return self._say("rule", title=rule.title, at=self._words.at(rule))

    def _due(self, due: Due) -> str:
        kind, milestone = self._words.word("kind", due.kind), self._words.word("milestone", due.milestone)
        return self._say("due", kind=kind, milestone=milestone)
