"""Tests of a ruleset (RULE-LANGUAGE §11): each case alone, from an empty state, through the same engine as the bus.

`now` is what the case says, so no test depends on today. A case that can't be run has failed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from contracts.decision import Decision, DecisionState
from contracts.ids import incident_id
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.correcting import corrected
from routing_rules.engine.decide import decide
from routing_rules.messages.entries import Language
from routing_rules.messages.testing import say
from routing_rules.tools.expectations import Miss, Outcome, misses
from routing_rules.tools.explain import render
from routing_rules.tools.testfiles import Plan, Problem, Round, plans


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one decision of one case came out: what was expected, what missed it. `decision` is None if none was made."""

    file: str
    line: int
    name: str
    round: int
    of_rounds: int
    misses: tuple[Miss, ...] = ()
    problem: Problem | None = None
    decision: Decision | None = None
    incident: Incident | None = None
    expect: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Say whether everything that was written came out."""
        return self.problem is None and not self.misses


@dataclass(frozen=True, slots=True)
class TestReport:
    """How all cases of a ruleset came out. A ruleset without tests has none that failed."""

    __test__: ClassVar = False  # its name begins like that of a class of pytest's tests, which it is not
    results: tuple[CaseResult, ...]
    compiled: Compiled

    @property
    def passed(self) -> bool:
        """Say whether no case failed."""
        return all(result.passed for result in self.results)

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """Return the decisions that came out otherwise than expected, and the cases that couldn't be run."""
        return tuple(result for result in self.results if not result.passed)

    def text(self, language: str = Language.ZH) -> str:
        """Return the failures, each with what was expected, what came, and why; then the count."""
        lines = [line for failure in self.failures for line in self._told(failure, language)]
        return "\n".join([*lines, self.summary(language)])

    def summary(self, language: str = Language.ZH) -> str:
        """Return the count in one line."""
        if not self.results:
            return say("none", language)
        total, failed = len(self.results), len(self.failures)
        return say("summary", language, total=total, passed=total - failed, failed=failed)

    def records(self, language: str = Language.ZH) -> Iterator[dict[str, Any]]:
        """Yield every decision as a JSON object."""
        for result in self.results:
            yield {
                "file": result.file, "line": result.line, "name": result.name, "round": result.round,
                "passed": result.passed,
                "problem": None if result.problem is None else problem_text(result.problem, language),
                "failures": [
                    {"key": miss.key, "expected": wanted(miss, language), "actual": miss.actual}
                    for miss in result.misses
                ],
                "explain": None if result.passed else self._why(result, language),
            }  # fmt: skip

    def _told(self, result: CaseResult, language: str) -> Iterator[str]:
        in_round = say("round", language, n=result.round) if result.of_rounds > 1 else ""
        yield f"\u2717 {result.file}:{result.line} {result.name}{in_round}"
        if result.problem is not None:
            yield "    " + say("not_run", language, problem=problem_text(result.problem, language))
        for miss in result.misses:
            yield "    " + say("wanted", language, key=miss.key, expected=wanted(miss, language), actual=miss.actual)
        yield from ("    " + line for line in (self._why(result, language) or "").splitlines())

    def _why(self, result: CaseResult, language: str) -> str | None:
        if result.decision is None or result.incident is None:
            return None
        return render(result.decision, result.incident, self.compiled, language)


def run_tests(
    compiled: Compiled, files: Mapping[str, bytes], seen: Callable[[int, int], None] = lambda done, total: None
) -> TestReport:
    """Run all tests among a ruleset's files. `seen(done, total)` is told of each case run."""
    planned = tuple(plans(files, compiled.ruleset))
    results: list[CaseResult] = []
    for n, plan in enumerate(planned, 1):
        results += _run(plan, compiled)
        seen(n, len(planned))
    return TestReport(tuple(results), compiled)


def problem_text(problem: Problem, language: str) -> str:
    """Return what keeps a case from being run, in a sentence; a parameter `@word` is itself a message."""
    params = {k: say(v[1:], language) if v.startswith("@") else v for k, v in problem.params.items()}
    return say(problem.key, language, **params)


def wanted(miss: Miss, language: str) -> str:
    """Return the expected side of a miss as a person reads it."""
    return say(miss.says, language, values=miss.expected) if miss.says else miss.expected


def _run(plan: Plan, compiled: Compiled) -> Iterator[CaseResult]:
    """Yield the decisions of a case, round by round; later rounds see what earlier ones left."""
    if plan.problem is not None or plan.report is None or plan.received_at is None:
        yield CaseResult(plan.file, plan.line, plan.name, 1, 1, problem=plan.problem)
        return
    id_ = incident_id(plan.report.channel, plan.report.external_id)
    incident = compiled.interpreter.understand(plan.report, id_, plan.received_at)
    first: datetime | None = None
    for each in plan.rounds:
        incident = corrected(incident, each.correction)
        decision = decide(incident, _state(each, first), compiled, each.now)
        first = first or each.now
        yield _judged(plan, each, Outcome(decision, incident, compiled))


def _state(each: Round, first: datetime | None) -> DecisionState:
    return DecisionState(
        round=each.number, first_dispatched_at=first, returned_by=each.returned_by,
        adjudicated_to=each.adjudicated_to, reporters=each.reporters, reports=each.reports, modes=each.modes,
    )  # fmt: skip


def _judged(plan: Plan, each: Round, outcome: Outcome) -> CaseResult:
    found: tuple[Miss, ...] = ()
    problem = None
    try:
        found = misses(each.expect, outcome)
    except Problem as raised:
        problem = raised
    return CaseResult(
        plan.file, plan.line, plan.name, each.number, len(plan.rounds), found, problem, outcome.decision,
        outcome.incident, each.expect,
    )  # fmt: skip
