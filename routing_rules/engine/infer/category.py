"""Category (分类): the channel's code, its native label, weighted words, else unclassified (G17-G19)."""

from dataclasses import dataclass, field
from typing import Final

from contracts.codes import ClassifiedBy, Flag
from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.normal import Hit
from routing_rules.engine.schema import Category, Ruleset

UNCLASSIFIED: Final = "unclassified"


@dataclass
class Categorised:
    """What was found: the node, how it became known, and why."""

    category: str = UNCLASSIFIED
    by: ClassifiedBy = ClassifiedBy.NONE
    evidence: list[Evidence] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Claim:
    """What a word says for a node and those above it, from the top down: its weight, and what that is in a title."""

    word: str
    node: str
    path: tuple[str, ...]
    weight: int
    in_title: int


# A claim counts once, in the title if it is there: its points, the field, and the start if that may not be the first.
_Counts = dict[_Claim, tuple[int, Reading, int | None]]


class CategoryReader:
    """The tree with its words. A node's own `not` words hide what they touch from that node's words."""

    def __init__(self, ruleset: Ruleset, lexicon: Lexicon) -> None:
        self._rules = ruleset.classify
        self._margin = max(ruleset.classify.margin, 1)  # a tie stops at the parent, whatever the margin (G18)
        self._codes = frozenset(ruleset.categories)
        self._native = _native(ruleset)
        self._paths = {code: _path(code, self._codes) for code in ruleset.categories}
        self._claims: dict[str, list[_Claim]] = {}  # by word
        self._masks: dict[str, set[str]] = {}  # word → nodes that it is hidden from
        for code, node in ruleset.categories.items():
            self._learn(code, node, lexicon)
        self._hiding = frozenset(self._masks)
        self._known = self._claims.keys() | self._masks.keys()

    def _learn(self, code: str, node: Category, lexicon: Lexicon) -> None:
        path, times = self._paths[code], self._rules.title_weight
        weights: dict[str, int] = {}  # of two spellings of one word the first counts
        for word, weight in node.words.items():
            if (form := lexicon.add(word)) is not None:
                weights.setdefault(form, weight)
        for word, weight in weights.items():
            self._claims.setdefault(word, []).append(_Claim(word, code, path, weight, weight * times))
        for word in lexicon.add_all(node.masked):
            self._masks.setdefault(word, set()).add(code)

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
            path = self._paths[code]  # a word speaks for the node chosen, for those above it and those beneath
            found.evidence = [
                reading.counted("category", claim.node, claim.word, points, start)
                for claim, (points, reading, start) in counts.items()
                if code in claim.path or claim.node in path
            ]
        return found

    def _counts(self, title: Reading, text: Reading) -> _Counts:
        counts: _Counts = {}
        for reading in (title, text):
            if self._hiding.isdisjoint(reading.found):
                self._count(reading, counts, titled=reading is title)
            else:
                self._count_unhidden(reading, counts, titled=reading is title)
        return counts

    def _count(self, reading: Reading, counts: _Counts, *, titled: bool) -> None:
        """Count the words of a field in which none hides another: where each stands matters little."""
        known = self._claims
        for word in reading.found:
            if word in known:
                for claim in known[word]:
                    if claim not in counts:
                        counts[claim] = (claim.in_title if titled else claim.weight, reading, None)

    def _count_unhidden(self, reading: Reading, counts: _Counts, *, titled: bool) -> None:
        hits = reading.hits(self._known)
        hidden = self._hidden(hits)
        for hit in hits:
            for claim in self._claims.get(hit.word, ()):
                if claim not in counts and not _touches(hidden.get(claim.node, ()), hit.start, hit.end):
                    counts[claim] = (claim.in_title if titled else claim.weight, reading, hit.start)

    def _hidden(self, hits: list[Hit]) -> dict[str, list[tuple[int, int]]]:
        hidden: dict[str, list[tuple[int, int]]] = {}
        for word, start, end in hits:
            for node in self._masks.get(word, ()):
                hidden.setdefault(node, []).append((start, end))
        return hidden

    def _descend(self, counts: _Counts) -> str | None:
        """Go from the top to the child with most points while it leads clearly; None: not even the top is clear."""
        at, depth = None, 0
        counting = [(claim.path, points) for claim, (points, _, _) in counts.items()]
        while counting:
            children: dict[str, int] = {}
            for path, points in counting:
                node = path[depth]
                children[node] = children.get(node, 0) + points
            first, best, second = _two_best(children)
            if best <= 0 or best - second < self._margin or (at is None and best < self._rules.min_score):
                break
            at, depth = first, depth + 1
            counting = [(path, points) for path, points in counting if len(path) > depth and first in path]
        return at


def _told(code: str, by: ClassifiedBy, words: str) -> Categorised:
    return Categorised(code, by, [Evidence("category", code, "channel", words)])


def _path(code: str, codes: frozenset[str]) -> tuple[str, ...]:
    """Return those above a node by path segment, from the top, and the node; segments that are no node are left out."""
    parts = code.split("/")
    above = ("/".join(parts[:length]) for length in range(1, len(parts)))
    return (*(node for node in above if node in codes), code)


def _two_best(points: dict[str, int]) -> tuple[str, int, int]:
    """Return the node with most points and what it has, and the points of the next (0: none)."""
    first = ""
    best: int | None = None
    second: int | None = None
    for node, has in points.items():
        if best is None or has > best:
            second = best
            first, best = node, has
        elif second is None or has > second:
            second = has
    return first, best or 0, second or 0


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
