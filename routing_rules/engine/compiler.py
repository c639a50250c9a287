"""The compiler: a ruleset made ready to decide. Made once when a ruleset comes in force; what it remembers is bounded.

A *row* is one block of one rule, in the order in which rules are tried. The fallback has one row without conditions.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from contracts.decision import ConditionEvidence, RulesetStamp
from contracts.incident import RulesetRef
from routing_rules.engine.calendars import Calendars
from routing_rules.engine.catalogue import Catalogue, holds_on
from routing_rules.engine.conditions import TESTS, Shows, Test, remaining, shown_by, words_asked
from routing_rules.engine.expressions import Expression
from routing_rules.engine.facts import Facts, Terms
from routing_rules.engine.index import INDEXED, SPAN, Index, Mask, mask_of, split
from routing_rules.engine.infer.understand import Interpreter
from routing_rules.engine.memo import keep
from routing_rules.engine.normal import Words
from routing_rules.engine.schema import Block, Overlay, Route, Ruleset, Status

R = TypeVar("R", Route, Overlay)

_EVERYTHING = (Block(),)
_FEW_ASKING: Final = 6
"""Rows asking for words, in one window, that are sooner asked one by one than by the masks of all words found."""

_FIELDS: Final = attrgetter(*TESTS)


class Row(Generic[R]):
    """One block of a rule: what it can show of an incident, what the index leaves to ask, what subtracts the rule.

    All that a decision looks at is in the row itself: with thousands of rules, each further object is far away.
    """

    def __init__(
        self, rule: R, block: int, shows: Shows, rest: tuple[Test, ...], unless: tuple[tuple[Test, ...], ...]
    ) -> None:
        self.rule: R = rule
        self.id = rule.id
        self.on_trial = rule.status is Status.TRIAL and not getattr(rule, "fallback", False)
        self.block = block if rule.when else None
        self.shows = shows
        self.rest = rest
        self.unless = unless

    def holds(self, facts: Facts) -> bool:
        """Say whether the rule holds by this block, the index having answered its part."""
        for test in self.rest:
            if not test(facts):
                return False
        return not self.unless or not excepted(self.unless, facts)


def excepted(unless: tuple[tuple[Test, ...], ...], facts: Facts) -> bool:
    """Say whether an exception can be shown to hold (G5, G6)."""
    for block in unless:
        for test in block:
            if not test(facts):
                break
        else:
            return True
    return False


class Table(Generic[R]):
    """The rows of all routes, or of all overlays, with their index."""

    def __init__(self, rules: Sequence[R]) -> None:
        alike: dict[Shows, Shows] = {}
        self.rows: tuple[Row[R], ...] = tuple(row for rule in rules for row in _rows(rule, alike))
        changing = not all(map(_always_live, rules))
        self.index = Index(
            [block for rule in rules for block in rule.when or _EVERYTHING], self._live if changing else None
        )
        self._days: dict[date, Mask] = {}
        self._of: dict[str, list[Row[R]]] | None = None

    def rows_of(self, id_: str) -> list[Row[R]]:
        """Return the rows of one rule, in their order; sorted out when first asked for."""
        if self._of is None:
            self._of = {}
            for row in self.rows:
                self._of.setdefault(row.id, []).append(row)
        return self._of.get(id_, [])

    def holding(self, facts: Facts, on: date) -> Iterator[Row[R]]:
        """Yield, in order, one row of each rule that holds, on trial or active, on the local date."""
        if not self.rows:
            return
        few, category, place = self.index.masks(facts, on)
        window, rest = few[0] & category[0] & place[0], None
        start, done = 0, None
        for words in self.index.words:
            asking = words.asking
            while window:
                bit = window & -window
                if asking and bit & asking:
                    if (window & asking).bit_count() > _FEW_ASKING:
                        window &= words.standing(facts)
                    asking = 0
                    continue
                window ^= bit
                row = self.rows[start + bit.bit_length() - 1]
                if row.id != done and row.holds(facts):
                    done = row.id
                    yield row
            window, rest = split(few[1] & category[1] & place[1] if rest is None else rest)
            start += SPAN

    def _live(self, on: date) -> Mask:
        """Return the rows of rules that are on trial or active on a date; the fallback always is."""
        found = self._days.get(on)
        return keep(self._days, on, self._mask_on(on)) if found is None else found

    def _mask_on(self, on: date) -> Mask:
        return mask_of((i for i, row in enumerate(self.rows) if live(row.rule, on)), len(self.rows))


def live(rule: Route | Overlay, on: date) -> bool:
    """Say whether a rule is judged at all on a local date. The fallback always is."""
    if isinstance(rule, Route) and rule.fallback:
        return True
    return rule.status is not Status.OFF and holds_on(rule.effective, on)


def _always_live(rule: Route | Overlay) -> bool:
    return rule.status is not Status.OFF and rule.effective.start is None and rule.effective.until is None


def _rows(rule: R, alike: dict[Shows, Shows]) -> Iterator[Row[R]]:
    unless = tuple(remaining(block, rule=rule.id) for block in rule.unless)
    for n, block in enumerate(rule.when or _EVERYTHING):
        fields = tuple([asked for asked in zip(TESTS, _FIELDS(block), strict=True) if asked[1] is not None])
        answered = all(name in INDEXED for name, _ in fields)
        shows = shown_by(fields)
        rest = () if answered else remaining(block, INDEXED, rule.id)
        yield Row(rule, n, alike.setdefault(shows, shows), rest, unless)


class Moment(NamedTuple):
    """The moment of decisions: the broker's stamp, of which a whole batch of records has one.

    `on` is its local date, `period` the one in which no agency comes or goes.
    """

    now: datetime
    on: date
    period: int


class Compiled:
    """A ruleset ready to decide, and to understand reports. Stateless towards its caller."""

    def __init__(self, ruleset: Ruleset) -> None:
        blocks = ruleset.blocks
        self.ruleset = ruleset
        self.stamp = RulesetStamp(ruleset.id, ruleset.version, ruleset.hash)
        self.calendars = Calendars(ruleset)
        self.catalogue = Catalogue(ruleset)
        self.terms = Terms(
            self.calendars, self.catalogue, Words(words_asked(blocks)), _expressions(blocks), ruleset.hash
        )
        self.routes: Table[Route] = Table(ruleset.routes)
        self.overlays: Table[Overlay] = Table(ruleset.overlays)
        self.fallback = next(route for route in ruleset.routes if route.fallback)
        self.rules = {rule.id: rule for rule in ruleset.rules}
        self.leads: dict[Any, Any] = {}  # what `leading` remembers,
        self.deadline_plans: dict[Any, tuple[Any, ...]] = {}  # and `deadlines`, for rules and milestones,
        self.plans: dict[Any, Any] = {}
        self.asks: dict[str, tuple[Any, Any]] = {}  # and `merging`, for a rule,
        self.grounds: dict[tuple[str, str], ConditionEvidence] = {}  # and `conditions`,
        self.ladders: dict[Any, Any] = {}  # and `ladder`, for a milestone's deadline,
        self._moment: Moment | None = None
        self._interpreter: Interpreter | None = None
        self.towns: dict[str, str] = {}  # and `views`
        self.own_parts: dict[tuple[str, int], dict[tuple[str, str, str], tuple[bytes, bytes]]] = {}

    @property
    def interpreter(self) -> Interpreter:
        """What understands reports under this ruleset; made when first asked for, and kept."""
        if self._interpreter is None:  # no `cached_property`: on a compiled class it keeps nothing
            self._interpreter = Interpreter(self.ruleset, self.catalogue)
        return self._interpreter

    @property
    def ref(self) -> RulesetRef:
        """Return the ruleset's identity as an incident carries it."""
        return RulesetRef(id=self.stamp.id, version=self.stamp.version, hash=self.stamp.hash)

    def local_date(self, now: datetime) -> date:
        """Return the local date on which rules and agencies must be in force."""
        return self.calendars.local(now).date()

    def at(self, now: datetime) -> Moment:
        """Return what there is to know of the moment of a decision; the last one is kept."""
        moment = self._moment
        if moment is None or moment.now != now:
            on = self.local_date(now)
            moment = self._moment = Moment(now, on, self.catalogue.period(on))
        return moment


def compile_ruleset(ruleset: Ruleset) -> Compiled:
    """Make a ruleset ready. It must have loaded without an error: one fallback, every name known."""
    return Compiled(ruleset)


def _expressions(blocks: Iterable[Block]) -> dict[str, Expression]:
    return {block.expr: Expression(block.expr) for block in blocks if block.expr is not None}
