"""The bitmap index (D5): bit *i* of every mask says whether block *i* can still hold.

Each (field, value) has one mask that has the blocks without that field in it too, so a decision is a dozen `&`. Tree
fields fold the masks of a code and all above it into one, remembered by code. Words of a text are looked up once
(Aho-Corasick) and only when a block that asks for words is still standing. What a bitmap can't say (times, numbers,
attributes, expressions) is left to `conditions`, on the survivors.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from routing_rules.engine.facts import Facts
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Block

INDEXED: Final = frozenset({
    "channel", "kind", "urgency", "reporter", "category", "jurisdiction", "located_by", "classified_by", "area",
    "mode", "response", "response_level", "tags", "missing",
})  # fmt: skip
"""The fields that `Index.candidates` answers exactly."""

Mask = int


class _Field:
    """The masks of one field: `wild` are the blocks that don't ask, `of` each value's blocks without the wild ones."""

    __slots__ = ("_seen", "of", "wild")

    def __init__(self, values: Sequence[frozenset[Any] | None]) -> None:
        self.wild: Mask = sum(1 << i for i, wanted in enumerate(values) if wanted is None)
        self.of: dict[Any, Mask] = {}
        self._seen: dict[Any, Mask] = {}
        for i, wanted in enumerate(values):
            for value in wanted or ():
                self.of[value] = self.of.get(value, 0) | 1 << i

    def one(self, value: Any) -> Mask:
        """Return the blocks that a single value leaves standing."""
        return self.of.get(value, 0) | self.wild

    def any(self, values: Iterable[Any]) -> Mask:
        """Return the blocks that at least one of the values leaves standing."""
        mask = self.wild
        for value in values:
            mask |= self.of.get(value, 0)
        return mask

    def chain(self, code: str, chain: Callable[[str], Iterable[str]]) -> Mask:
        """Return the blocks that a code of a tree leaves standing, all above it counted; remembered by code."""
        found = self._seen.get(code)
        return keep(self._seen, code, self.any(chain(code))) if found is None else found


class Index:
    """Masks over `blocks`, in their order."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.full: Mask = (1 << len(blocks)) - 1
        fields = {name: _Field([getattr(block, name) for block in blocks]) for name in INDEXED - {"missing"}}
        self._channel, self._kind = fields["channel"], fields["kind"]
        self._urgency, self._reporter = fields["urgency"], fields["reporter"]
        self._category, self._jurisdiction = fields["category"], fields["jurisdiction"]
        self._located, self._classified = fields["located_by"], fields["classified_by"]
        self._area, self._tags = fields["area"], fields["tags"]
        self._mode, self._response, self._level = fields["mode"], fields["response"], fields["response_level"]
        self._seen: dict[Any, Mask] = {}
        self._wanting = _wanting(blocks)
        self.words = _TextMasks(blocks)

    def candidates(self, facts: Facts) -> Mask:
        """Return the blocks whose finite fields hold: exact for `INDEXED`, silent on every other field."""
        incident, catalogue = facts.incident, facts.terms.catalogue
        mask = (
            self._small(facts)
            & self._category.chain(facts.category, catalogue.category_chain)
            & self._jurisdiction.chain(facts.jurisdiction, catalogue.place_chain)
            & (self._area.any(facts.area) if facts.area else self._area.wild)
            & (self._tags.any(incident.tags) if incident.tags else self._tags.wild)
        )
        if mask:
            for name, wanting in self._wanting.items():
                if mask & wanting and not facts.lacks(name):
                    mask &= ~wanting
        return mask

    def _small(self, facts: Facts) -> Mask:
        """Return the blocks that the fields of few values leave standing, the mode among them (G50).

        One mask for each combination, made when it first comes up: there are few, whatever the number of rules.
        """
        incident, standing = facts.incident, facts.standing
        key = (
            facts.channel, facts.kind, facts.urgency, facts.reporter, incident.located_by, incident.classified_by,
            standing.mode, standing.responses, standing.level,
        )  # fmt: skip
        found = self._seen.get(key)
        if found is not None:
            return found
        mask = (
            self._channel.one(facts.channel)
            & self._kind.one(facts.kind)
            & self._urgency.one(facts.urgency)
            & self._reporter.one(facts.reporter)
            & self._located.one(incident.located_by)
            & self._classified.one(incident.classified_by)
            & self._mode.one(standing.mode)
            & self._response.any(standing.responses)
            & self._level.one(standing.level)
        )
        return keep(self._seen, key, mask)


def _wanting(blocks: Sequence[Block]) -> dict[str, Mask]:
    """Return, for each field that some block wants missing, the blocks that fall when it is there."""
    masks: dict[str, Mask] = {}
    for i, block in enumerate(blocks):
        for name in block.missing or ():
            masks[name] = masks.get(name, 0) | 1 << i
    return masks


class _TextMasks:
    """Which blocks the words found leave standing. Exact for `any` and `none`; of `all` the first word is asked."""

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
