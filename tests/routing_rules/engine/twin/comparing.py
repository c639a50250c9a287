"""The engine and its slow twin side by side: the same reports, the same rounds; every field of what they return.

What the language doesn't promise is not compared: the order in which intake's grounds and a block's fields are listed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contracts.codes import LocatedBy, Mode, Outcome, Resolved
from contracts.decision import Decision, DecisionState
from contracts.incident import Incident
from contracts.report import Report
from routing_rules.engine import reference
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import amend, decide
from routing_rules.engine.schema import Ruleset
from tests.routing_rules.engine.twin.matters import Matters

INFERRED = {LocatedBy.ADDRESS, LocatedBy.TEXT, LocatedBy.POINT}


@dataclass(frozen=True)
class Amending:
    """What an amendment keeps of the decision before it."""

    lead: str
    route: str
    dispatched_at: datetime | None
    confidential: bool


@dataclass(frozen=True)
class Case:
    """One question put to both: understanding where `report` is given, else deciding, or amending what was decided."""

    ruleset: Ruleset
    report: Report
    received_at: datetime
    incident: Incident | None = None
    state: DecisionState | None = None
    now: datetime | None = None
    amending: Amending | None = None


@dataclass(frozen=True)
class Disagreement:
    """What the two said differently: the field, the engine's value, the twin's."""

    case: Case
    field: str
    engine: Any
    twin: Any

    def __str__(self) -> str:
        return f"{self.field}: the engine says {self.engine!r}, the twin {self.twin!r}"


def understood(incident: Incident) -> dict[str, Any]:
    """Return an incident's fields, its evidence without an order."""
    said = {name: getattr(incident, name) for name in Incident.model_fields}
    return said | {"evidence": sorted(map(repr, incident.evidence))}


def decided(decision: Decision) -> dict[str, Any]:
    """Return a decision's fields, the evidence of conditions without an order."""
    said = {field.name: getattr(decision, field.name) for field in fields(Decision)}
    conditions = {(ground.field, ground.value) for ground in decision.evidence.conditions}
    return said | {"evidence": replace(decision.evidence, conditions=()), "conditions": conditions}


def differ(case: Case, engine: dict[str, Any], twin: dict[str, Any]) -> Disagreement | None:
    for name, value in engine.items():
        if value != twin[name]:
            return Disagreement(case, name, value, twin[name])
    return None


def compare(case: Case, compiled: Compiled | None = None) -> Disagreement | None:
    """Put one question to both."""
    compiled = compiled or compile_ruleset(case.ruleset)
    if case.incident is None or case.state is None or case.now is None:
        asked = (case.report, f"inc-{case.report.external_id}", case.received_at)
        return differ(
            case,
            understood(compiled.interpreter.understand(*asked)),
            understood(reference.understand(*asked, case.ruleset)),
        )
    if case.amending is not None:
        kept = vars(case.amending)
        engine = amend(case.incident, case.state, compiled, case.now, **kept)
        twin = reference.amend(case.incident, case.state, case.ruleset, case.now, **kept)
        return differ(case, decided(engine), decided(twin))
    engine = decide(case.incident, case.state, compiled, case.now)
    return differ(case, decided(engine), decided(reference.decide(case.incident, case.state, case.ruleset, case.now)))


class Comparison:
    """Goes through matters of made rulesets, counts what they were like, and stops at the first disagreement."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.disagreement: Disagreement | None = None

    def go_through(self, ruleset: Ruleset, random: Random, decisions: int) -> bool:
        """Compare that many decisions, and the understanding of their reports; False where the two disagree."""
        compiled = compile_ruleset(ruleset)
        bare = compile_ruleset(replace(ruleset, overlays=()))
        left = decisions
        for case in self._cases(ruleset, random, compiled):
            self.disagreement = compare(case, compiled)
            if self.disagreement is not None:
                return False
            if case.amending is not None:
                self._count_amendment(case, compiled)
            elif case.incident is not None:
                self._count(case, compiled, bare)
                left -= 1
                if not left:
                    break
        return True

    def _cases(self, ruleset: Ruleset, random: Random, compiled: Compiled) -> Iterator[Case]:
        matters = Matters(random, ruleset)
        number = 0
        while True:
            number += 1
            received_at = matters.moment()
            report = matters.report(number, received_at)
            yield Case(ruleset, report, received_at)
            incident = compiled.interpreter.understand(report, f"inc-{number}", received_at)
            if matters.dice.chance(50):
                incident = incident.model_copy(update={"rule_words": None})  # as another ruleset would have left it
            if matters.dice.chance(10):
                incident = matters.as_amended(incident)
            yield from self._rounds(matters, Case(ruleset, report, received_at, incident), compiled)

    def _rounds(self, matters: Matters, case: Case, compiled: Compiled) -> Iterator[Case]:
        """Yield the rounds of one incident: each later one after a return by whoever led."""
        assert case.incident is not None
        now = case.received_at
        state = matters.first(now)
        for _ in range(matters.dice.one([1, 1, 1, 2, 2, 3])):
            yield replace(case, state=state, now=now)
            decision = decide(case.incident, state, compiled, now)
            lead = decision.lead
            if matters.amending.chance(40):
                yield self._amended(matters, replace(case, state=state, now=now), decision)
            now += timedelta(hours=matters.dice.number(1, 30))
            state = matters.later(state, lead, case.received_at, now)

    def _amended(self, matters: Matters, case: Case, decision: Decision) -> Case:
        """Return an amendment of a round just decided: corrected, more reporters, some hours later."""
        assert case.incident is not None
        assert case.state is not None
        assert case.now is not None
        dice = matters.amending
        state = replace(
            case.state,
            first_dispatched_at=case.state.first_dispatched_at or dice.one([case.now, case.now, case.now, None]),
            reporters=case.state.reporters + dice.number(0, 3),
            reports=case.state.reports + dice.number(0, 3),
        )
        kept = Amending(
            dice.one([decision.lead] * 8 + [*case.ruleset.agencies, "gone"]) if dice.chance(30) else decision.lead,
            dice.one([rule.id for rule in case.ruleset.routes] + ["gone"]) if dice.chance(30) else decision.route,
            dice.one([None, case.now]),
            decision.confidential or dice.chance(10),
        )
        incident = matters.as_corrected(case.incident)
        later = case.now + timedelta(minutes=dice.one([0, 30, 600, 4000]))
        return replace(case, incident=incident, state=state, now=later, amending=kept)

    def _count_amendment(self, case: Case, compiled: Compiled) -> None:
        assert case.incident is not None
        assert case.state is not None
        assert case.now is not None
        assert case.amending is not None
        decision = amend(case.incident, case.state, compiled, case.now, **vars(case.amending))
        assert decision.lead == case.amending.lead
        assert decision.route == case.amending.route
        self.seen["amendments"] += 1
        features = {
            "amended route gone": case.amending.route not in compiled.rules,
            "amended route holds no more": decision.route_block is None and decision.reason is Outcome.MATCHED,
            "amended lead as named": decision.roles[0].asked == decision.lead,
            "amended closed by the earlier decision": decision.confidential,
            "amended from the amendment": any(
                due.from_.startswith(("overlay", "by_urgency")) and due.at > case.now for due in decision.due
            ),
        }
        self.seen.update(name for name, present in features.items() if present)

    def _count(self, case: Case, compiled: Compiled, bare: Compiled) -> None:
        assert case.incident is not None
        assert case.state is not None
        assert case.now is not None
        decision = decide(case.incident, case.state, compiled, case.now)
        plain = decide(case.incident, case.state, bare, case.now)
        self.seen["decisions"] += 1
        self.seen.update(f"hard rule {rule.value}" for rule in decision.hard_rules)
        of = ("roles", "due", "tags", "urgency")
        features = {
            "overlays that matter": any(getattr(decision, name) != getattr(plain, name) for name in of),
            "resolved by climbing": any(role.resolved is Resolved.CLIMBED for role in decision.roles),
            "inferred place": case.incident.located_by in INFERRED,
            "inferred category": case.incident.classified_by.value == "words",
            "emergency": decision.mode is Mode.EMERGENCY,
            "the fallback route": decision.reason is Outcome.FALLBACK,
            "trial rules": bool(decision.trial),
            "something dropped": bool(decision.dropped),
            "expression failed": bool(decision.expr_errors),
            "calendar gap": bool(decision.calendar_gap),
        }
        self.seen.update(name for name, present in features.items() if present)
        self.seen.update([f"reason {decision.reason.value}"])
        self.seen.update({f"deadline by {due.from_.split(':')[0]}" for due in decision.due})

    def share(self, feature: str) -> float:
        """Return the share of decisions that had a feature, in hundredths."""
        return 100 * self.seen[feature] / max(self.seen["decisions"], 1)

    def table(self) -> str:
        """Return what the compared decisions were like, one line a feature."""
        rows = [f"{name:28} {self.share(name):6.1f} %" for name in sorted(self.seen) if name != "decisions"]
        return "\n".join([f"decisions compared: {self.seen['decisions']}", *rows])
