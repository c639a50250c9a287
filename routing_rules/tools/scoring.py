"""What the category words do on a labelled sample: right, unclassified, wrong at each level, and which words did it.

Pure. Reports are read by the engine's own interpreter; what speaks for a category is the evidence that it gives. Only
what words decide is scored: a category or native label that the channel gives is taken away first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.infer.category import UNCLASSIFIED
from routing_rules.engine.schema import Category


class Verdict(StrEnum):
    """How a report came out at a level of the tree."""

    RIGHT = "right"
    UNCLASSIFIED = "unclassified"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A report and the category that a person gave it."""

    id: str
    report: Report
    category: str


@dataclass(frozen=True, slots=True)
class Miss:
    """A report that came out otherwise at the first level: what was due, what came, the words that spoke for that."""

    id: str
    expected: str
    got: str
    words: tuple[Evidence, ...]

    def record(self) -> dict[str, Any]:
        """Return the miss as a JSON object."""
        words = [{"word": w.words, "points": w.points, "category": w.value} for w in self.words]
        return {"id": self.id, "expected": self.expected, "got": self.got, "words": words}


@dataclass(slots=True)
class Scores:
    """The table (G19): level → verdicts; owner → verdicts at the first level; word → how often it helped or misled."""

    levels: dict[int, Counter[Verdict]] = field(default_factory=dict)
    owners: dict[str, Counter[Verdict]] = field(default_factory=dict)
    earned: Counter[tuple[str, str]] = field(default_factory=Counter)
    blamed: Counter[tuple[str, str]] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """Return the whole table as a JSON object."""
        words = sorted({*self.earned, *self.blamed}, key=lambda key: (-self.blamed[key], -self.earned[key], key))
        return {
            "levels": {str(level): _counts(counter) for level, counter in sorted(self.levels.items())},
            "owners": {owner: _counts(counter) for owner, counter in sorted(self.owners.items())},
            "words": [
                {"word": word, "category": node, "helped": self.earned[word, node], "misled": self.blamed[word, node]}
                for word, node in words
            ],
        }


def _counts(counter: Counter[Verdict]) -> dict[str, int]:
    return {verdict.value: counter[verdict] for verdict in Verdict}


class UnknownLabel(Exception):
    """A sample names a category that the ruleset doesn't have."""


def score(compiled: Compiled, sample: Iterable[Labelled], now: datetime) -> Scores:
    """Return how the words do. Raises UnknownLabel for a label that is no category of the ruleset."""
    scores, categories = Scores(), compiled.ruleset.categories
    for one in sample:
        if one.category not in categories:
            raise UnknownLabel(one.category)
        bare = one.report.model_copy(update={"category": None, "native_category": None})
        incident = compiled.interpreter.understand(bare, one.id, now)
        words = tuple(ground for ground in incident.evidence if ground.of == "category")
        _count(scores, one, incident.category, words, owner_of(one.category, categories))
    return scores


def _count(scores: Scores, one: Labelled, got: str, words: tuple[Evidence, ...], owner: str) -> None:
    due, came = one.category.split("/"), got.split("/")
    for level in range(1, len(due) + 1):
        verdict = _verdict(due[:level], came[:level])
        scores.levels.setdefault(level, Counter())[verdict] += 1
    first = _verdict(due[:1], came[:1])
    scores.owners.setdefault(owner, Counter())[first] += 1
    for ground in words:
        rightly = due[0] == ground.value.split("/")[0]
        (scores.earned if rightly else scores.blamed)[ground.words, ground.value] += 1
    if first is not Verdict.RIGHT:
        scores.misses.append(Miss(one.id, one.category, got, words))


def _verdict(due: list[str], came: list[str]) -> Verdict:
    """Judge at a level: stopping above it is unclassified there; unclassified is right where nothing else is due."""
    if due == came:
        return Verdict.RIGHT
    stopped = came == [UNCLASSIFIED] or (len(came) < len(due) and due[: len(came)] == came)
    return Verdict.UNCLASSIFIED if stopped else Verdict.WRONG


def owner_of(code: str, categories: Mapping[str, Category]) -> str:
    """Return the function that owns a category's words, inherited downward (G20); "" where nobody does."""
    parts = code.split("/")
    for length in range(len(parts), 0, -1):
        node = categories.get("/".join(parts[:length]))
        if node is not None and node.owner:
            return node.owner
    return ""
