"""Regions: what each route of a ruleset takes, what is left to it, and which reports change hands between two rulesets.

Which cells change between A and B, and from which route to which:

    domain = Domain([a, b], since=today)                   # one domain for both
    for move in moves(Regions(a, domain), Regions(b, domain), Budget()):
        move.before, move.after                             # routes (`Route`) that win in A and in B
        move.box                                            # reports that do so: a part of them, never empty
        sample(domain, b, move.box)                         # one of them, to decide by both and show

`moves` yields each pair of routes that differ in id or in what they write, once, where some report goes from the one to
the other; a pair it does not yield has no such report. Raises `Exhausted` where the budget ends before the proof does.
`Regions.winners(box)` names the routes that can win within a box, e.g. `domain.whole` cut by `Box.within`.

A route's region is exact in fields of finitely many values and in words; moments, expressions and samples may hold or
not as they please, so "never" is proven, and "can" is to be confirmed by deciding a sample.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import Block, Overlay, Route, Status
from routing_rules.messages import NOWHERE
from routing_rules.tools.verify.boxes import Box, Budget, Cover, Cube, disjoint, gaps, inside, uncovered
from routing_rules.tools.verify.domain import Domain
from routing_rules.tools.verify.witness import Sample, sample

_EVERYTHING = (Block(),)


class Region(NamedTuple):
    """What a rule asks: reports in one of `blocks` and in none of `unless`, on the days on which it is judged."""

    place: int
    rule: Route | Overlay
    blocks: tuple[Cube, ...]
    unless: tuple[Cube, ...]

    @property
    def acts(self) -> bool:
        """Whether it has effect: it is not on trial."""
        return self.rule.status is Status.ACTIVE or getattr(self.rule, "fallback", False)

    def covers(self) -> Iterator[Cover]:
        """Yield its blocks as covers."""
        for cube in self.blocks:
            yield Cover(self.place, cube, self.unless)

    def excepted(self) -> Iterator[Cover]:
        """Yield its exceptions as covers of its own."""
        for cube in self.unless:
            yield Cover(self.place, cube)


class Move(NamedTuple):
    """Reports that one route wins in A and another in B: `box` is a part of them."""

    before: Route
    after: Route
    box: Box


def region(domain: Domain, compiled: Compiled, place: int, rule: Route | Overlay) -> Region:
    """Return what a rule asks, as boxes see it."""
    cubes = [domain.cube(compiled, block) for block in rule.when or _EVERYTHING]
    unless = [domain.cube(compiled, block) for block in rule.unless]
    days, field = domain.days(rule), domain.at["day"]
    always = days == (1 << len(domain.values["day"])) - 1
    judged = [cube if always else cube._replace(one=(*cube.one, (field, days))) for cube in cubes if cube is not None]
    return Region(place, rule, tuple(judged) if days else (), tuple(cube for cube in unless if cube is not None))


class Regions:
    """The routes of one ruleset over a domain, in the order in which they are tried."""

    def __init__(self, compiled: Compiled, domain: Domain) -> None:
        self.compiled = compiled
        self.domain = domain
        self.routes = tuple(region(domain, compiled, n, route) for n, route in enumerate(compiled.ruleset.routes))
        self.acting = tuple(each for each in self.routes if each.acts and each.blocks)
        self._before: dict[tuple[int, int], list[Cover]] = {}

    def route(self, place: int) -> Route:
        """Return the route at a place."""
        return self.compiled.ruleset.routes[place]

    def before(self, box: Box, place: int) -> list[Cover]:
        """Return what stands before a place and takes something of a box."""
        found: list[Cover] = []
        for each in self.acting:
            if each.place >= place:
                break
            found += [cover for cover in each.covers() if not disjoint(box, cover.cube)]
        return found

    def ahead(self, place: int, block: int) -> list[Cover]:
        """Return what stands before a route and takes something of one of its blocks; kept, for it is asked again."""
        key = (place, block)
        if key not in self._before:
            box = self.domain.whole.within(self.routes[place].blocks[block])
            own = self.routes[place].excepted()
            self._before[key] = [] if box is None else [*own, *self.before(box, place)]
        return self._before[key]

    def won(self, place: int, within: Box, budget: Budget, used: set[int] | None = None) -> Iterator[Box]:
        """Yield boxes that together are all reports within a box that the route at a place wins; they may overlap."""
        for n, cube in enumerate(self.routes[place].blocks):
            box = within.within(cube)
            if box is not None:
                yield from gaps(box, self.ahead(place, n), budget, set() if used is None else used)

    def wins(self, place: int, within: Box, budget: Budget, used: set[int] | None = None) -> Box | None:
        """Return reports within a box that the route at a place wins, or None: then `used` has who takes them all."""
        return next(self.won(place, within, budget, used), None)

    def winners(self, within: Box, budget: Budget) -> tuple[Route, ...]:
        """Return the routes that can win within a box, in their order."""
        found = []
        for each in self.acting:
            budget.begin()
            if self.wins(each.place, within, budget) is not None:
                found.append(self.route(each.place))
        return tuple(found)


def moves(a: Regions, b: Regions, budget: Budget) -> Iterator[Move]:
    """Yield each pair of routes between which some report moves, once, in the order of A. Raises Exhausted."""
    for old in a.acting:
        for new in b.acting:
            before, after = a.route(old.place), b.route(new.place)
            if _alike(before, after) or not _meet(a.domain, old, new):
                continue
            budget.begin()
            box = _taken(a, b, old, new, budget)
            if box is not None:
                yield Move(before, after, box)


def _taken(a: Regions, b: Regions, old: Region, new: Region, budget: Budget) -> Box | None:
    """Return reports that one region wins in A and the other in B."""
    for n, cube in enumerate(old.blocks):
        for m, other in enumerate(new.blocks):
            box = a.domain.whole.within(cube)
            both = box.within(other) if box is not None else None
            if both is not None:
                later = [cover._replace(owner=-1) for cover in b.ahead(new.place, m)]
                found = uncovered(both, [*a.ahead(old.place, n), *later], budget, set())
                if found is not None:
                    return found
    return None


def _meet(domain: Domain, a: Region, b: Region) -> bool:
    boxes = [box for cube in a.blocks if (box := domain.whole.within(cube)) is not None]
    return any(not disjoint(box, cube) for box in boxes for cube in b.blocks)


def _alike(a: Route, b: Route) -> bool:
    """Say whether two routes give the same to whom they take: what they ask is for their regions to say."""
    plain = {"at": NOWHERE, "order": 0, "when": (), "unless": (), "accepts": ()}
    return replace(a, **plain) == replace(b, **plain)  # type: ignore[arg-type]


__all__ = [
    "Box", "Budget", "Cube", "Domain", "Move", "Region", "Regions", "Sample", "inside", "moves", "region", "sample",
]  # fmt: skip
