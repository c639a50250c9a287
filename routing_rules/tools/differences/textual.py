"""What changed between the texts of two rulesets, entry by entry and field by field, and which routes changed places.

Only the order of routes means anything (the first that holds leads), so only a route is ever `moved`; the fewest are
named that explain the new order.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, NamedTuple

from routing_rules.tools.differences.entries import Entry, Fields, Key, Value, entries

_ROUTES: Final = "routes"


class Happened(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class FieldChange(NamedTuple):
    """One field: as it was and as it is, None where it isn't written; of a list also what came and what went."""

    path: str
    old: Value | None
    new: Value | None

    @property
    def came(self) -> tuple[str, ...]:
        """Return the items of a list that are new, none where either side is no list."""
        return _without(self.new, self.old)

    @property
    def went(self) -> tuple[str, ...]:
        """Return the items of a list that are gone."""
        return _without(self.old, self.new)


class Change(NamedTuple):
    """What became of one entry. `after`: of a moved route, the one before it now, empty where it is the first."""

    happened: Happened
    key: Key
    title: str
    file: str
    fields: tuple[FieldChange, ...] = ()
    after: str = ""


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """Return what changed between two rulesets' files: what went, what came, what changed, which routes moved."""
    before, now = entries(old), entries(new)
    found = [_whole(Happened.REMOVED, entry) for key, entry in before.items() if key not in now]
    found += [_whole(Happened.ADDED, entry) for key, entry in now.items() if key not in before]
    for key, entry in now.items():
        if key in before and (fields := tuple(_fields(before[key], entry))):
            found.append(Change(Happened.CHANGED, key, entry.title or before[key].title, entry.file, fields))
    return [*found, *_moved(before, now)]


def _whole(happened: Happened, entry: Entry) -> Change:
    empty = entry._replace(fields={}, blocks={})
    sides = (entry, empty) if happened is Happened.REMOVED else (empty, entry)
    return Change(happened, entry.key, entry.title, entry.file, tuple(_fields(*sides)))


def _fields(old: Entry, new: Entry) -> Iterator[FieldChange]:
    yield from _differing("", old.fields, new.fields)
    for name in dict.fromkeys((*old.blocks, *new.blocks)):
        yield from _blocks(name, old.blocks.get(name, ()), new.blocks.get(name, ()))


def _differing(at: str, old: Fields, new: Fields) -> Iterator[FieldChange]:
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            yield FieldChange(f"{at}{path}", old.get(path), new.get(path))


def _blocks(name: str, old: Sequence[Fields], new: Sequence[Fields]) -> Iterator[FieldChange]:
    """Yield the fields of the blocks that are not on both sides alike; a block is numbered as it stands now, from 1."""
    one, other = ([repr(sorted(block.items())) for block in side] for side in (old, new))
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what == "equal":
            continue
        for n in range(max(i_end - i, j_end - j)):
            gone, come = i + n < i_end, j + n < j_end
            at = f"{name}[{(j if come else i) + n + 1}]."
            yield from _differing(at, old[i + n] if gone else {}, new[j + n] if come else {})


def _moved(before: Mapping[Key, Entry], now: Mapping[Key, Entry]) -> Iterator[Change]:
    order = [key for key in now if key.sort == _ROUTES]
    place = {key: n for n, key in enumerate(key for key in before if key.sort == _ROUTES)}
    common = [key for key in order if key in place]
    stay = _longest_rising([place[key] for key in common])
    for n, key in enumerate(common):
        if n not in stay:
            index = order.index(key)
            after = order[index - 1].of if index else ""
            yield Change(Happened.MOVED, key, now[key].title, now[key].file, after=after)


def _longest_rising(places: Sequence[int]) -> frozenset[int]:
    """Return the indexes of a longest subsequence that rises: those keep their order among themselves."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for n, place in enumerate(places):
        at = bisect_left(tails, place)
        before.append(ends[at - 1] if at else None)
        tails[at:] = [place, *tails[at + 1 :]]
        ends[at:] = [n, *ends[at + 1 :]]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return frozenset(kept)


def _without(side: Value | None, other: Value | None) -> tuple[str, ...]:
    if not isinstance(side, tuple) or not isinstance(other, tuple):
        return ()
    return tuple((Counter(side) - Counter(other)).elements())
