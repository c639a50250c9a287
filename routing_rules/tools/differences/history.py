"""Past reports decided by two rulesets: how many move, from whom to whom, by which rule, with examples.

A group is what a ruleset in shadow counts by: its rule, and the leads from -> to. In what two decisions differ is
judged by the function given, the one that dispatch judges a shadow with.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from contracts.decision import Decision, DecisionState
from contracts.ids import incident_id
from contracts.report import Report
from contracts.shadow import Differs
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.decide import decide

Compare = Callable[[Decision, Decision], Sequence[Differs]]
MOST_EXAMPLES: Final = 3


class Group(NamedTuple):
    """What differing decisions have in common: the new ruleset's rule, and who led by either."""

    rule: str
    before: str
    after: str


@dataclass
class Counted:
    """A group's cases: how many, by which rules of the old ruleset, in what they differ, and a few of them."""

    n: int = 0
    by: dict[str, int] = field(default_factory=dict)
    differs: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def take(self, rule: str, differs: Sequence[str], example: str) -> None:
        """Count one case."""
        self.n += 1
        self.by[rule] = self.by.get(rule, 0) + 1
        for what in differs:
            name = str(what)  # a word of a closed list is no key that JSON takes
            self.differs[name] = self.differs.get(name, 0) + 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(example)

    def add(self, other: "Counted") -> None:
        """Take in what was counted elsewhere, later in the file than all of this."""
        self.n += other.n
        for mine, theirs in ((self.by, other.by), (self.differs, other.differs)):
            for name, n in theirs.items():
                mine[name] = mine.get(name, 0) + n
        self.examples = [*self.examples, *other.examples][:MOST_EXAMPLES]


@dataclass
class Moves:
    """What came of a history: how many were decided, and the groups that differ."""

    decided: int = 0
    groups: dict[Group, Counted] = field(default_factory=dict)

    @property
    def differing(self) -> int:
        """Return how many are decided otherwise in anything that is seen outside."""
        return sum(counted.n for counted in self.groups.values())

    @property
    def moving(self) -> int:
        """Return how many are led by another agency."""
        return sum(counted.n for group, counted in self.groups.items() if group.before != group.after)

    def take(self, old: Decision, new: Decision, differs: Sequence[str], example: str) -> None:
        """Count one case decided by both."""
        self.decided += 1
        if differs:
            group = Group(new.route, old.lead, new.lead)
            self.groups.setdefault(group, Counted()).take(old.route, differs, example)

    def add(self, other: "Moves") -> None:
        """Take in what was counted elsewhere, later in the file than all of this."""
        self.decided += other.decided
        for group, counted in other.groups.items():
            self.groups.setdefault(group, Counted()).add(counted)

    def largest(self) -> list[tuple[Group, Counted]]:
        """Return the groups, the largest first, equals by their names."""
        return sorted(self.groups.items(), key=lambda pair: (-pair[1].n, pair[0]))

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield each group as a JSON object, the largest first."""
        for group, counted in self.largest():
            yield {
                "rule": group.rule, "before": group.before, "after": group.after, "count": counted.n,
                "old_rules": counted.by, "differs": counted.differs, "examples": counted.examples,
            }  # fmt: skip


def both(report: Report, received: datetime, old: Compiled, new: Compiled) -> tuple[Decision, Decision]:
    """Return what each ruleset makes of one report, which each understands for itself, decided as it was received."""
    return _decided(report, received, old), _decided(report, received, new)


def _decided(report: Report, received: datetime, compiled: Compiled) -> Decision:
    incident = compiled.interpreter.understand(report, incident_id(report.channel, report.external_id), received)
    return decide(incident, DecisionState(), compiled, received)
