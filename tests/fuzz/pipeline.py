"""What every mutant goes through: load, lint, compile, verify, decide, explain; and what must hold at each stage."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any, Final

from contracts.codes import Kind, Mode
from contracts.decision import DecisionState, ModeRecord, decision_wire
from contracts.ids import incident_id
from contracts.report import Report
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load
from routing_rules.engine.views import assignments
from routing_rules.messages import Finding
from routing_rules.messages.entries import Language
from routing_rules.tools.explain import render
from routing_rules.tools.lint import lint

NOW: Final = datetime(2026, 5, 12, 2, tzinfo=UTC)
TODAY: Final = date(2026, 10, 20)
STAGES: Final = ("refused by load", "linted", "compiled", "verified", "decided")
_LONG: Final = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
try:
    _VERIFY: Any = import_module("routing_rules.tools.verify").verify
except (ImportError, AttributeError):  # pragma: no cover
    _VERIFY = None


@dataclass
class Tally:
    """What became of many mutants: by the stages reached, and by the findings that refused them or were told."""

    stages: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    decisions: int = 0

    def add(self, other: "Tally") -> None:
        """Take in another's counts."""
        self.stages += other.stages
        self.findings += other.findings
        self.decisions += other.decisions


def run(files: Mapping[str, bytes], tally: Tally, linting: bool) -> None:
    """Put one mutant through all stages; raises for whatever an author must never see. Refused ones stop at load."""
    loaded = load(files)
    _told(lint(files, TODAY) if linting else loaded.findings, tally)
    tally.stages["linted"] += linting
    if loaded.ruleset is None:
        assert loaded.errors, "refused without an error"
        tally.stages["refused by load"] += 1
        return
    compiled = compile_ruleset(loaded.ruleset)
    tally.stages["compiled"] += 1
    if _VERIFY is not None and linting:
        _VERIFY(compiled)
        tally.stages["verified"] += 1
    for report, state in _situations(compiled):
        _decided(report, state, compiled)
        tally.decisions += 1
    tally.stages["decided"] += 1


def _told(findings: Iterable[Finding], tally: Tally) -> None:
    """Say each finding in both languages: a text without its parameters is a defect too."""
    for finding in findings:
        for language in Language:
            assert finding.line(language)
        tally.findings[f"{finding.code} {finding.level.value}"] += 1


def _situations(compiled: Compiled) -> Iterator[tuple[Report, DecisionState]]:
    """Yield reports that speak the ruleset's own words, in the states that a case comes to."""
    ruleset = compiled.ruleset
    words = [word for block in ruleset.blocks if block.text for word in (*block.text.any, *block.text.all)][:12]
    texts = (" ".join(words[:6]), _LONG + " ".join(words[6:]), "")
    agencies = list(ruleset.agencies)
    places = list(ruleset.jurisdictions)
    mode = ModeRecord(Mode.EMERGENCY, ruleset.root, response=tuple(ruleset.responses)[:1], response_level=1)
    fresh = DecisionState()
    later = DecisionState(2, NOW, tuple(agencies[:1]), reporters=7, reports=9, modes=(mode,))
    ruled = DecisionState(3, NOW, tuple(agencies[:2]), adjudicated_to=agencies[-1])
    for n, channel in enumerate(list(ruleset.channels)[:2]):
        for state in (fresh, later, ruled):
            text = texts[(n + state.round) % len(texts)]
            yield _report(channel, text, state.round, ruleset.categories, places), state


def _report(channel: str, text: str, n: int, categories: Mapping[str, Any], places: list[str]) -> Report:
    code = list(categories)[n % len(categories)] if n > 1 else None
    place = places[n % len(places)] if places and n > 1 else None
    kind = Kind.COMPLAINT if n == 3 else None
    return Report(
        channel=channel, external_id=f"{n}", title=text[:40], text=text, category=code, jurisdiction=place, kind=kind
    )


def _decided(report: Report, state: DecisionState, compiled: Compiled) -> None:
    """Decide twice, lay the assignments together, explain; the decision must name one lead who exists."""
    id_ = incident_id(report.channel, report.external_id)
    incident = compiled.interpreter.understand(report, id_, NOW)
    decision = decide(incident, state, compiled, NOW)
    assert decision_wire(decide(incident, state, compiled, NOW)) == decision_wire(decision), "decided otherwise"
    assert decision.lead in compiled.ruleset.agencies, f"leads and isn't there: {decision.lead}"
    assert decision.route in compiled.rules, f"no such route: {decision.route}"
    given = assignments(decision, "fuzz", incident, compiled)
    assert sum(each.role.value == "lead" for each in given) == 1, "not one lead"
    for language in Language:
        assert render(decision, incident, compiled, language, decision.lead)
