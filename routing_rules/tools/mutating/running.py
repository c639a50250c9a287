"""Running the tests on every mutant: incidents are understood once, only rules decide anew."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from contracts.decision import Decision, DecisionState
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.tools.expectations import Outcome, misses
from routing_rules.tools.mutating.mutant import Mutant, Operator
from routing_rules.tools.mutating.operators import mutants
from routing_rules.tools.testfiles import Problem
from routing_rules.tools.testing import TestReport

Seen = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of a passing case: what it was decided from, and what is expected of it."""

    incident: Incident
    state: DecisionState
    now: datetime
    expect: Mapping[str, Any]
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant and what became of it: noticed by a test, or not."""

    mutant: Mutant
    noticed: bool


@dataclass(frozen=True, slots=True)
class Mutation:
    """What the tests notice. `of` counts all mutants there are; fewer were tried where a sample was asked for."""

    tried: tuple[Tried, ...]
    same: tuple[Mutant, ...]
    of: int

    @property
    def unnoticed(self) -> tuple[Mutant, ...]:
        """Return the mutants that no test notices and that aren't known to decide the same."""
        return tuple(each.mutant for each in self.tried if not each.noticed)

    @property
    def noticed(self) -> int:
        """How many a test notices."""
        return sum(each.noticed for each in self.tried)

    def reaches(self, percent: int) -> bool:
        """Say whether so many of a hundred are noticed; counted in whole numbers, never rounded."""
        return self.noticed * 100 >= percent * len(self.tried)

    def by_operator(self) -> Iterator[tuple[Operator, int, int]]:
        """Yield each operator with how many of its mutants are noticed, and of how many."""
        total = Counter(each.mutant.operator for each in self.tried)
        noticed = Counter(each.mutant.operator for each in self.tried if each.noticed)
        yield from ((operator, noticed[operator], total[operator]) for operator in Operator if total[operator])


def mutate(
    report: TestReport, sample: int | None = None, seed: int = 1, seen: Seen = lambda done, total: None
) -> Mutation:
    """Try the mutants of a ruleset on its passing cases, all or `sample` of them drawn by `seed`.

    A mutant known to decide the same is not run. `seen(done, total)` is told of each one tried.
    """
    compiled = report.compiled
    every = list(mutants(compiled))
    drawn = every if sample is None or sample >= len(every) else _drawn(every, sample, seed)
    steps = _steps(report)
    open_ = [each for each in drawn if not each.same]
    tried = []
    for n, mutant in enumerate(open_, 1):
        tried.append(Tried(mutant, _noticed(mutant, n, steps, compiled)))
        seen(n, len(open_))
    return Mutation(tuple(tried), tuple(each for each in drawn if each.same), len(every))


def _drawn(every: list[Mutant], sample: int, seed: int) -> list[Mutant]:
    """Return so many, the same ones for a seed, in their order."""
    shuffled = sorted(range(len(every)), key=lambda n: sha256(f"{seed}:{n}".encode()).digest())
    return [every[n] for n in sorted(shuffled[:sample])]


def _steps(report: TestReport) -> list[Step]:
    failed = {(result.file, result.name) for result in report.results if not result.passed}
    return [
        Step(result.incident, result.decision.state, result.decision.now, result.expect, _rules(result.decision))
        for result in report.results
        if result.decision is not None and result.incident is not None and (result.file, result.name) not in failed
    ]


def _rules(decision: Decision) -> frozenset[str]:
    return frozenset((decision.route, *decision.overlays))


def _noticed(mutant: Mutant, number: int, steps: list[Step], original: Compiled) -> bool:
    """Say whether a step comes out otherwise than expected; those that the rule decided are asked first."""
    compiled = compile_ruleset(mutant.applied(original.ruleset, number))
    ids = {mutant.rule, mutant.swapped}
    near = [step for step in steps if not ids.isdisjoint(step.rules)]
    return any(_missed(step, compiled) for step in near) or _any_missed(
        (step for step in steps if ids.isdisjoint(step.rules)), compiled
    )


def _any_missed(steps: Iterable[Step], compiled: Compiled) -> bool:
    return any(_missed(step, compiled) for step in steps)


def _missed(step: Step, compiled: Compiled) -> bool:
    decision = decide(step.incident, step.state, compiled, step.now)
    try:
        return bool(misses(step.expect, Outcome(decision, step.incident, compiled)))
    except Problem:
        return True
