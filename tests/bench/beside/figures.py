"""What a round gives, and how rounds become a figure: medians of rounds taken in turns, with their spread."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Round:
    """One round: events a second, cores used, records and bytes written an event."""

    rate: float
    cores: float
    records: float = 0.0
    bytes: float = 0.0

    @property
    def per_core(self) -> float:
        return self.rate / self.cores if self.cores else 0.0


@dataclass(slots=True)
class Side:
    """All rounds of one side of a comparison."""

    name: str
    rounds: list[Round] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(each.rate for each in self.rounds)

    @property
    def per_core(self) -> float:
        return statistics.median(each.per_core for each in self.rounds)

    def line(self) -> str:
        rates = sorted(each.rate for each in self.rounds)
        cores = statistics.median(each.cores for each in self.rounds)
        last = self.rounds[-1]
        return (
            f"  {self.name:38s} {self.rate:9,.0f}/s  ({rates[0]:,.0f} to {rates[-1]:,.0f})  {cores:4.2f} cores"
            f"  {self.per_core:9,.0f}/s a core  {last.records:4.2f} records {last.bytes / 1024:5.1f} KB out an event"
        )


@dataclass(frozen=True, slots=True)
class Ratio:
    """A median of the rounds' ratios, with the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.greatest:.2f})"


def ratio(ours: Side, theirs: Side, *, per_core: bool = False) -> Ratio:
    """Return ours by theirs, round by round: both of a round met the same machine."""
    return ratio_of([_of(a, per_core) / _of(b, per_core) for a, b in zip(ours.rounds, theirs.rounds, strict=False)])


def ratio_of(ratios: Sequence[float]) -> Ratio:
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def _of(one: Round, per_core: bool) -> float:
    return one.per_core if per_core else one.rate


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of them lies; `values` needn't be in order."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
