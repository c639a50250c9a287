"""Category (分类): the channel's code, its native label, weighted words, else unclassified (G17-G19)."""

from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from contracts.codes import ClassifiedBy, Flag
from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.schema import Category, Ruleset

UNCLASSIFIED: Final = "unclassified"


@dataclass(slots=True)
class Categorised:
    """What was found: the node, how it became known, and why."""

    category: str = UNCLASSIFIED
    by: ClassifiedBy = ClassifiedBy.NONE
    evidence: list[Evidence] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Count:
    """A word that counts for a node: once, in the title if it is there."""

    node: str
    points: int
    reading: Reading
    start: int
    end: int

    def evidence(self) -> Evidence:
        words = self.reading.form.text[self.start : self.end]
        return self.reading.evidence("category", self.node, words, self.start, self.end, self.points)


class CategoryReader:
    """The tree with its words. A node's own `not` words hide what they touch from that node's words."""

    def __init__(self, ruleset: Ruleset, lexicon: Lexicon) -> None:
        self._rules = ruleset.classify
        self._margin = max(ruleset.classify.margin, 1)  # a tie stops at the parent, whatever the margin (G18)
        self._codes = frozenset(ruleset.categories)
        self._native = _native(ruleset)
        self._lines = {code: _line(code, self._codes) for code in ruleset.categories}
        self._weights: dict[int, list[tuple[str, int]]] = {}  # word → nodes and weights
        self._masks: dict[int, set[str]] = {}  # word → nodes that it is hidden from
        for code, node in ruleset.categories.items():
            self._learn(code, node, lexicon)
        self._known = self._weights.keys() | self._masks.keys()

    def _learn(self, code: str, node: Category, lexicon: Lexicon) -> None:
        for word, weight in node.words.items():
            number = lexicon.add(word)
            if number is not None:
                self._weights.setdefault(number, []).append((code, weight))
        for number in lexicon.add_all(node.masked):
            self._masks.setdefault(number, set()).add(code)

    def infer(self, report: Report, title: Reading, text: Reading) -> Categorised:
        """Return the category of a report."""
        found = Categorised()
        if report.category is not None:
            if report.category in self._codes:
                return _told(report.category, ClassifiedBy.CHANNEL, report.category)
            found.flags.append(Flag.CATEGORY_UNKNOWN)
        native = report.native_category
        if native is not None and (code := self._native.get((report.channel, native))) is not None:
            told = _told(code, ClassifiedBy.NATIVE, native)
            told.flags = found.flags
            return told
        counts = self._counts(title, text)
        code = self._descend(counts)
        if code is not None:
            found.category, found.by = code, ClassifiedBy.WORDS
            found.evidence = [count.evidence() for count in counts if self._speaks(count.node, code)]
        return found

    def _counts(self, title: Reading, text: Reading) -> list[_Count]:
        counts: dict[tuple[str, int], _Count] = {}
        for reading, times in ((title, self._rules.title_weight), (text, 1)):
            hits = [hit for hit in reading.hits if hit[0] in self._known]
            hidden = self._hidden(hits)
            for number, start, end in hits:
                for node, weight in self._weights.get(number, ()):
                    if (node, number) not in counts and not _touches(hidden.get(node, ()), start, end):
                        counts[node, number] = _Count(node, weight * times, reading, start, end)
        return list(counts.values())

    def _hidden(self, hits: list[tuple[int, int, int]]) -> dict[str, list[tuple[int, int]]]:
        hidden: dict[str, list[tuple[int, int]]] = {}
        if not self._masks:
            return hidden
        for number, start, end in hits:
            for node in self._masks.get(number, ()):
                hidden.setdefault(node, []).append((start, end))
        return hidden

    def _descend(self, counts: list[_Count]) -> str | None:
        """Go from the top to the child with most points while it leads clearly; None: not even the top is clear."""
        points: dict[str, int] = {}
        for count in counts:
            for node in self._lines[count.node]:
                points[node] = points.get(node, 0) + count.points
        children: dict[str | None, list[str]] = {}
        for node in points:
            line = self._lines[node]
            children.setdefault(line[1] if len(line) > 1 else None, []).append(node)
        at: str | None = None
        while at in children:
            first, second = _two_best(points, children[at])
            best = points[first]
            if best <= 0 or best - second < self._margin or (at is None and best < self._rules.min_score):
                break
            at = first
        return at

    def _speaks(self, node: str, chosen: str) -> bool:
        """Whether a word of `node` speaks for `chosen`: it stands above it, beneath it, or is the node itself."""
        return chosen in self._lines[node] or node in self._lines[chosen]


def _told(code: str, by: ClassifiedBy, words: str) -> Categorised:
    return Categorised(code, by, [Evidence("category", code, "channel", words)])


def _line(code: str, codes: frozenset[str]) -> tuple[str, ...]:
    """Return the node and those above it, by path segment, nearest first; segments that are no node are passed over."""
    parts = code.split("/")
    above = ("/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
    return tuple(chain([code], (node for node in above if node in codes)))


def _two_best(points: dict[str, int], nodes: list[str]) -> tuple[str, int]:
    """Return the node with most points, and the points of the next (0: none)."""
    ranked = sorted(nodes, key=points.__getitem__, reverse=True)
    return ranked[0], points[ranked[1]] if len(ranked) > 1 else 0


def _touches(hidden: list[tuple[int, int]] | tuple[()], start: int, end: int) -> bool:
    return any(start < finish and begin < end for begin, finish in hidden)


def _native(ruleset: Ruleset) -> dict[tuple[str, str], str]:
    """Return (channel, label) → node. A label that two nodes claim answers for neither: order never decides."""
    claims: dict[tuple[str, str], set[str]] = {}
    for code, node in ruleset.categories.items():
        for channel, labels in node.native.items():
            for label in labels:
                claims.setdefault((channel, label), set()).add(code)
    return {key: next(iter(codes)) for key, codes in claims.items() if len(codes) == 1}
