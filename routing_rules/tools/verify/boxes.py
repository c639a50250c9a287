"""Boxes: sets of reports as one set of values a field and clauses over what may be several; the search in them.

A box is `one` (for each field of one value, the values left, as bits), `no` (atoms that don't hold) and `yes` (clauses:
of each at least one atom holds). An atom is one tag, one word in a title, one moment condition. Clauses have positive
atoms only, so a box is empty exactly where a field has no value left or a clause no atom; that keeps the search exact.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Cube(NamedTuple):
    """What a block asks: `one` as (field's number, values), the most telling first; `no` and `yes` as in a box."""

    one: tuple[tuple[int, int], ...] = ()
    no: int = 0
    yes: tuple[int, ...] = ()


class Box(NamedTuple):
    """A set of reports; never empty where this module made it."""

    one: tuple[int, ...]
    no: int = 0
    yes: tuple[int, ...] = ()

    def within(self, cube: Cube) -> "Box | None":
        """Return the part of the box that is in the cube; None where there is none."""
        one = self.one
        if cube.one:
            values = list(one)
            for field, mask in cube.one:
                values[field] &= mask
                if not values[field]:
                    return None
            one = tuple(values)
        no = self.no | cube.no
        yes = self.yes + tuple(clause for clause in cube.yes if clause not in self.yes) if cube.yes else self.yes
        for clause in yes:
            if not clause & ~no:
                return None
        return Box(one, no, yes)


class Cover(NamedTuple):
    """A block of a rule as it takes reports: what is in `cube`, less its exceptions. `owner` is the rule's place."""

    owner: int
    cube: Cube
    unless: tuple[Cube, ...] = ()


class Exhausted(Exception):
    """A search took more steps than it was given: nothing is proven."""


@dataclass(slots=True)
class Budget:
    """How many comparisons of a box with a block a proof may take, all in all and for one question.

    Some two million comparisons are a second of one core. What a bound cuts off is told as not proven.
    """

    total: int = 20_000_000
    each: int = 400_000
    spent: int = 0
    left: int = 0

    def begin(self) -> None:
        """Begin a question. Raises Exhausted where nothing is left for it."""
        self.left = min(self.each, self.total - self.spent)
        self.spend(0)

    def spend(self, steps: int) -> None:
        """Note steps taken. Raises Exhausted beyond the bound."""
        self.spent += steps
        self.left -= steps
        if self.left <= 0:
            raise Exhausted


def disjoint(box: Box, cube: Cube) -> bool:
    """Say whether no report of the box is in the cube."""
    one = box.one
    for field, mask in cube.one:
        if not one[field] & mask:
            return True
    no = box.no | cube.no
    return any(not clause & ~no for clause in cube.yes) or (
        cube.no & ~box.no != 0 and any(not clause & ~no for clause in box.yes)
    )


def inside(box: Box, cube: Cube) -> bool:
    """Say whether every report of the box is in the cube."""
    one = box.one
    for field, mask in cube.one:
        if one[field] & ~mask:
            return False
    return not cube.no & ~box.no and all(_follows(box, clause) for clause in cube.yes)


def _follows(box: Box, clause: int) -> bool:
    outside = ~(clause | box.no)
    return any(not known & outside for known in box.yes)


def without(box: Box, cube: Cube) -> Iterator[Box]:
    """Yield disjoint boxes that together are the box less the cube."""
    rest = box
    for literal, opposite in _literals(cube, box):
        if not inside(rest, literal):
            piece, left = rest.within(opposite), rest.within(literal)
            if piece is not None:
                yield piece
            if left is None:
                return
            rest = left


def _literals(cube: Cube, box: Box) -> Iterator[tuple[Cube, Cube]]:
    """Yield each condition of a cube with its opposite."""
    for field, mask in cube.one:
        yield Cube(((field, mask),)), Cube(((field, box.one[field] & ~mask),))
    for clause in cube.yes:
        yield Cube(yes=(clause,)), Cube(no=clause)
    if cube.no:
        yield Cube(no=cube.no), Cube(yes=(cube.no,))


def _weight(box: Box, cover: Cover) -> int:
    """Return into how many parts a cover parts a box."""
    cube = cover.cube
    parts = sum(1 for field, mask in cube.one if box.one[field] & ~mask)
    parts += sum(1 for clause in cube.yes if not _follows(box, clause)) + (cube.no & ~box.no != 0)
    return parts + len(cover.unless)


def uncovered(box: Box, covers: Sequence[Cover], budget: Budget, used: set[int]) -> Box | None:
    """Return a part of the box that no cover takes, or None: then the owners in `used` take all of it together.

    Raises Exhausted. Depth first: a part that nothing takes ends it. A part is proven taken by the first single cover
    that has the whole of it, so what `used` names is a covering set, if not the smallest.
    """
    return next(gaps(box, covers, budget, used), None)


def gaps(box: Box, covers: Iterable[Cover], budget: Budget, used: set[int]) -> Iterator[Box]:
    """Yield disjoint boxes that together are the box less all covers. Raises Exhausted."""
    crossing: list[Cover] = []
    covers = tuple(covers)
    budget.spend(1 + len(covers))
    for cover in covers:
        if disjoint(box, cover.cube):
            continue
        excepted = tuple([cube for cube in cover.unless if not disjoint(box, cube)]) if cover.unless else ()
        if excepted and any(inside(box, cube) for cube in excepted):
            continue
        if not excepted and inside(box, cover.cube):
            used.add(cover.owner)
            return
        crossing.append(cover._replace(unless=excepted))
    if not crossing:
        yield box
        return
    chosen = min(crossing, key=lambda cover: _weight(box, cover))
    others = [cover for cover in crossing if cover is not chosen]
    for piece in without(box, chosen.cube):
        yield from gaps(piece, others, budget, used)
    taken = box.within(chosen.cube)
    if taken is not None:
        used.add(chosen.owner)
        yield from _excepted(taken, chosen.unless, others, budget, used)


def _excepted(
    box: Box, unless: Sequence[Cube], covers: Sequence[Cover], budget: Budget, used: set[int]
) -> Iterator[Box]:
    """Yield the gaps of what exceptions leave over from a cover that has the whole box: each exception's part once."""
    for n, cube in enumerate(unless):
        part = box.within(cube)
        if part is not None:
            seen = [Cover(-1, earlier) for earlier in unless[:n]]
            yield from gaps(part, [*seen, *covers], budget, used)
