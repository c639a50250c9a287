"""Gaps: sorts of report, by channel, category and place, of which some can't be taken by any route but the fallback.

A sort is told where no route may hold for it whatever its text says and whenever it comes, given some values of the
other fields of finitely many values; less what the fallback accepts. An exception that asks for words or moments may
fail to hold, so it takes nothing away here (G55).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from routing_rules.engine.compiler import Compiled
from routing_rules.tools.verify.boxes import Box, Budget, Cover, Cube, gaps
from routing_rules.tools.verify.domain import Domain
from routing_rules.tools.verify.regions import Regions

SHOWN: Final = 20
_FREE: Final = frozenset({"title", "text", "occurred_at", "received_at", "expr"})


@dataclass(slots=True)
class Gap:
    """How many sorts there are (`n`), the first of them as (channel, category, place), a box of one of them."""

    n: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    box: Box | None = None
    _seen: dict[tuple[int, int], int] = field(default_factory=dict)


def only_the_fallback(regions: Regions, compiled: Compiled, budget: Budget) -> Gap:
    """Return the sorts that only the fallback catches. Raises Exhausted."""
    domain = regions.domain
    covers = list(_covers(regions, compiled))
    gap, shown = Gap(), list[tuple[str, ...]]()
    category, channel, place = (domain.at[name] for name in ("category", "channel", "jurisdiction"))
    for n, code in enumerate(domain.values["category"]):
        box = domain.whole.within(Cube(((category, 1 << n),)))
        taking = [cover for cover in covers if box is not None and box.within(cover.cube) is not None]
        for m, name in enumerate(domain.values["channel"]):
            part = box.within(Cube(((channel, 1 << m),))) if box is not None else None
            places = 0
            while part is not None and (found := next(gaps(part, taking, budget, set()), None)) is not None:
                gap.box = gap.box or found
                places |= found.one[place]
                left = part.one[place] & ~places
                part = part.within(Cube(((place, left),))) if left else None
            gap.n += places.bit_count()
            if places and len(shown) < SHOWN:
                shown.append((name, code, domain.few("jurisdiction", places)[0]))
    gap.cells = tuple(shown)
    return gap


def _covers(regions: Regions, compiled: Compiled) -> Iterator[Cover]:
    free = _free(regions.domain)
    for each in regions.acting:
        if not regions.route(each.place).fallback:
            unless = tuple(cube for cube in each.unless if cube == _finite(cube, free))
            for cube in each.blocks:
                yield Cover(each.place, _finite(cube, free), unless)
    for block in compiled.fallback.accepts:
        accepted = regions.domain.cube(compiled, block)
        if accepted is not None:
            yield Cover(-1, _finite(accepted, free))


def _free(domain: Domain) -> int:
    return sum(bit for atom, bit in domain.bit.items() if atom.of in _FREE)


def _finite(cube: Cube, free: int) -> Cube:
    """Return a block without what may hold or not."""
    return cube._replace(no=cube.no & ~free, yes=tuple(clause for clause in cube.yes if not clause & free))
