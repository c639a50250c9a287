"""The bitmap index (D5): bit *i* of every mask says whether block *i* can still hold.

Each (field, value) has one mask that has the blocks without that field in it too, so a decision is a few `&`: the masks
of the fields of few values come folded into one, remembered by their combination; those of the trees come with a code
and all above it folded in, remembered by code. Words of a text are looked up once (Aho-Corasick) and only when a block
that asks for words is still standing. What a bitmap can't say (times, numbers, attributes, expressions) is left to
`conditions`, on the survivors.

An `&` over 10,000 blocks is a tenth of a microsecond and more, finding the lowest bit of such a mask or gathering masks
of words several times that. So a mask is a pair, the first `SPAN` blocks and the rest, and the rest is asked only when
nothing in the first window held, which for routes is seldom; it too is gone through in windows. Whatever the number of
rules, a window's masks are as quick as those of a small ruleset.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Final

from routing_rules.engine.conditions import TESTS
from routing_rules.engine.facts import Facts
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Block

Mask = int

Split = tuple[Mask, Mask]
"""The mask of the first window, and of all blocks after it."""

SPAN: Final = 1440
"""Blocks of one window: a multiple of the 30 bits that an int's digit has, so that moving on is a copy."""

_FEW: Final[Mapping[str, str]] = {
    "channel": "channel",
    "kind": "kind",
    "urgency": "urgency",
    "reporter": "reporter",
    "located_by": "incident.located_by",
    "classified_by": "incident.classified_by",
    "area": "area",
    "mode": "standing.mode",
    "response": "standing.responses",
    "response_level": "standing.level",
    "tags": "incident.tags",
}
"""The fields of few values, and where facts have them."""

_SEVERAL: Final = frozenset({"area", "response", "tags"})
"""Those of which an incident may have several values, or none."""

_ALWAYS: Final = frozenset({"channel", "kind"})
"""Those that are looked at though no block asks, so that there always is a combination to look up."""

_SINGLE: Final[Mapping[str, str]] = {
    "lead": "lead",
    "about": "about",
    "reporters": "state.reporters",
    "reports": "state.reports",
}
"""The fields whose answer hangs on one value of the facts beside the ruleset, and where facts have it.

Their conditions are asked once for each combination of those values that comes up.
"""

INDEXED: Final = frozenset({*_FEW, *_SINGLE, "category", "jurisdiction", "missing"})
"""The fields that `Index.candidates` answers exactly."""

_NAMES: Final = (*_FEW, "category", "jurisdiction")
_VALUES: Final = attrgetter(*_NAMES)


_Key = tuple[tuple[Any, ...], tuple[str, ...], date | None]
"""A combination of the fields of few values, the fields there that some block wants missing, the date if it matters."""

_FIRST: Final = (1 << SPAN) - 1


def split(mask: Mask) -> Split:
    """Return a mask as a window and the rest."""
    return mask & _FIRST, mask >> SPAN


def mask_of(positions: Iterable[int], blocks: int) -> Mask:
    """Return the mask of some of `blocks` blocks: by bytes, for setting bits in an int copies the whole of it."""
    bits = bytearray(blocks // 8 + 1)
    for i in positions:
        bits[i >> 3] |= 1 << (i & 7)
    return int.from_bytes(bits, "little")


class _Field:
    """The masks of one field: `wild` are the blocks that don't ask, `of` each value's blocks and the wild ones."""

    __slots__ = ("_seen", "asked", "of", "wild")

    def __init__(self, values: Sequence[frozenset[Any] | None]) -> None:
        asking: dict[Any, list[int]] = {}
        for i, wanted in enumerate(values):
            for value in wanted or ():
                asking.setdefault(value, []).append(i)
        self.wild = mask_of((i for i, wanted in enumerate(values) if wanted is None), len(values))
        self.of = {value: self.wild | mask_of(positions, len(values)) for value, positions in asking.items()}
        self.asked = any(wanted is not None for wanted in values)
        self._seen: dict[str, Split] = {}

    def one(self, value: Any) -> Mask:
        """Return the blocks that a single value leaves standing."""
        return self.of.get(value, self.wild)

    def any(self, values: Iterable[Any]) -> Mask:
        """Return the blocks that at least one of the values leaves standing."""
        mask = self.wild
        for value in values:
            mask |= self.of.get(value, 0)
        return mask

    def chain(self, code: str, chain: Callable[[str], Iterable[str]]) -> Split:
        """Return the blocks that a code of a tree leaves standing, all above it counted; remembered by code."""
        found = self._seen.get(code)
        return keep(self._seen, code, split(self.any(chain(code)))) if found is None else found


class Index:
    """Masks over `blocks`, in their order. `live` tells which are in force on a date; None: all of them, always."""

    def __init__(self, blocks: Sequence[Block], live: Callable[[date], Mask] | None = None) -> None:
        columns = zip(*map(_VALUES, blocks), strict=True) if blocks else [()] * len(_NAMES)
        fields = {name: _Field(column) for name, column in zip(_NAMES, columns, strict=True)}
        few = [name for name in _FEW if name in _ALWAYS or fields[name].asked]
        self._combination: Callable[[Facts], tuple[Any, ...]] = attrgetter(*(_FEW[name] for name in few))
        self._few = tuple(fields[name].any if name in _SEVERAL else fields[name].one for name in few)
        self._falling = _falling(blocks)
        self._live = live
        self._seen: dict[_Key, Split] = {}
        self._category, self._jurisdiction = fields["category"], fields["jurisdiction"]
        self._single = _Single(blocks)
        self.words = tuple(_TextMasks(blocks[start : start + SPAN]) for start in range(0, len(blocks), SPAN))

    def masks(self, facts: Facts, on: date) -> tuple[Split, Split, Split]:
        """Return what the fields of few values, the category and the place leave standing: it is all three together.

        Exact for `INDEXED` and the dates of rules, silent on every other field.
        """
        has = tuple([name for name in self._falling if not facts.lacks(name)]) if self._falling else ()
        key = (self._combination(facts), has, on if self._live else None)
        found = self._seen.get(key)
        catalogue = facts.terms.catalogue
        few = keep(self._seen, key, self._folded(key)) if found is None else found
        return (
            self._single.within(few, facts),
            self._category.chain(facts.category, catalogue.category_chain),
            self._jurisdiction.chain(facts.jurisdiction, catalogue.place_chain),
        )

    def candidates(self, facts: Facts, on: date) -> Split:
        """Return the blocks that are left standing, the rest put together too."""
        few, category, place = self.masks(facts, on)
        return few[0] & category[0] & place[0], few[1] & category[1] & place[1]

    def _folded(self, key: _Key) -> Split:
        """Return the blocks that a combination of the fields of few values leaves standing, the mode among them (G50).

        Made when it first comes up: there are few of them, whatever the number of rules.
        """
        combination, has, on = key
        mask: Mask = -1 if on is None or self._live is None else self._live(on)
        for standing, value in zip(self._few, combination, strict=True):
            mask &= standing(value)
        for name in has:
            mask &= ~self._falling[name]
        return split(mask)


class _Single:
    """Which blocks a combination of the values of `_SINGLE` leaves standing."""

    __slots__ = ("_asking", "_blocks", "_combination", "_seen")

    def __init__(self, blocks: Sequence[Block]) -> None:
        asking = {name: _asking(name, blocks) for name in _SINGLE}
        self._asking = {name: conditions for name, conditions in asking.items() if conditions}
        self._blocks = len(blocks)
        self._combination: Callable[[Facts], Any] | None = None
        if self._asking:
            self._combination = attrgetter(*(_SINGLE[name] for name in self._asking))
        self._seen: dict[Any, Split] = {}

    def within(self, mask: Split, facts: Facts) -> Split:
        """Return what is left of `mask`."""
        if self._combination is None:
            return mask
        key = self._combination(facts)
        found = self._seen.get(key)
        first, rest = keep(self._seen, key, split(self._standing(facts))) if found is None else found
        return mask[0] & first, mask[1] & rest

    def _standing(self, facts: Facts) -> Mask:
        fallen: list[int] = []
        for name, conditions in self._asking.items():
            fallen += [i for i, wanted in conditions if not TESTS[name](wanted, facts)]
        return ~mask_of(fallen, self._blocks)


def _asking(name: str, blocks: Sequence[Block]) -> list[tuple[int, Any]]:
    """Return the blocks that ask about a field, by position, with what they want."""
    return [(i, wanted) for i, block in enumerate(blocks) if (wanted := getattr(block, name)) is not None]


def _falling(blocks: Sequence[Block]) -> dict[str, Mask]:
    """Return, for each field that some block wants missing, the blocks that fall when it is there."""
    asking: dict[str, list[int]] = {}
    for i, block in enumerate(blocks):
        for name in block.missing or ():
            asking.setdefault(name, []).append(i)
    return {name: mask_of(positions, len(blocks)) for name, positions in asking.items()}


class _TextMasks:
    """Which blocks of one window the words found leave standing.

    Exact for `any` and `none`; of `all` the first word is asked.
    """

    __slots__ = ("_free", "_text", "_title", "asking")

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.asking: Mask = 0
        self._free = {"any": 0, "all": 0}  # blocks that ask for no word in this way
        self._title: dict[str, _OfWord] = {}
        self._text: dict[str, _OfWord] = {}
        for i, block in enumerate(blocks):
            self._add(block, 1 << i)

    def _add(self, block: Block, bit: Mask) -> None:
        text = block.text
        if text is None:
            self._free["any"] |= bit
            self._free["all"] |= bit
            return
        self.asking |= bit
        asked = {"any": text.any, "all": text.all[:1], "none": text.none}
        for way in self._free:
            if not asked[way]:
                self._free[way] |= bit
        fields = {"title": [self._title], "text": [self._text]}.get(text.where, [self._title, self._text])
        for masks in fields:
            for way, words in asked.items():
                for word in words:
                    masks.setdefault(word, _OfWord()).add(way, bit)

    def standing(self, facts: Facts) -> Mask:
        """Return the blocks that the text leaves standing, those that ask for no word among them."""
        any_, all_, none = self._free["any"], self._free["all"], 0
        for masks, words in zip((self._title, self._text), facts.found, strict=True):
            for word in words:
                of = masks.get(word)
                if of is not None:
                    any_ |= of.any
                    all_ |= of.all
                    none |= of.none
        return any_ & all_ & ~none


class _OfWord:
    """What a word in one field does: the blocks that it leaves standing in two ways, and those that it fells."""

    __slots__ = ("all", "any", "none")

    def __init__(self) -> None:
        self.any: Mask = 0
        self.all: Mask = 0
        self.none: Mask = 0

    def add(self, way: str, bit: Mask) -> None:
        """Enter a block that names the word under `any`, `all` or `none`."""
        setattr(self, way, getattr(self, way) | bit)
