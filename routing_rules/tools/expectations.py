"""What a test may expect of a decision, key by key (G53). What isn't written isn't checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from contracts.assignment import Assignment
from contracts.codes import Role
from contracts.decision import Decision
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.views import assignments
from routing_rules.tools.testfiles import Problem, known_keys, listed, moment, truth

_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that wasn't met, both sides as text; `says` chooses the wording of the expected side."""

    key: str
    expected: str
    actual: str
    says: str = ""


class Outcome:
    """A decision with what came of it, as expectations look at it."""

    def __init__(self, decision: Decision, incident: Incident, compiled: Compiled) -> None:
        self.decision = decision
        self.incident = incident
        self.compiled = compiled
        self.zone = ZoneInfo(compiled.ruleset.timezone)

    def agencies(self, role: Role) -> list[str]:
        """Return the agencies with a role."""
        return [given.agency for given in self.decision.roles if given.role is role]

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Return what each agency is given."""
        return assignments(self.decision, "test", self.incident, self.compiled)

    @property
    def told(self) -> list[str]:
        """Return the agencies that learn who the reporter is."""
        return [given.agency for given in self.assignments if given.reporter is not None]

    @property
    def masked(self) -> list[str]:
        """Return the agencies that see less than the title and text that were written, for their role."""
        report = self.incident.report
        written = {Role.CO_HANDLER: (report.title, report.text), Role.INFORMED: (report.title, None)}
        others = [given for given in self.assignments if given.role in written]
        return [given.agency for given in others if (given.title, given.text) != written[given.role]]

    def leaks(self, words: str) -> bool:
        """Say whether an agency other than the lead gets to read these words."""
        others = [given for given in self.assignments if given.role is not Role.LEAD]
        return any(words in text for given in others for text in (given.title, given.text or ""))


def misses(expect: Mapping[str, Any], outcome: Outcome) -> tuple[Miss, ...]:
    """Return every expectation that isn't met. Raises `Problem` where one can't be read."""
    found: list[Miss] = []
    for key, expected in expect.items():
        check = _CHECKS.get(key)
        found += check(key, expected, outcome) if check else _compared(key, expected, _ACTUAL[key](outcome))
    return tuple(found)


_ACTUAL: Final[Mapping[str, Any]] = {
    "kind": lambda o: o.incident.kind.value,
    "category": lambda o: o.incident.category,
    "jurisdiction": lambda o: o.incident.jurisdiction,
    "area": lambda o: list(o.incident.areas),
    "about": lambda o: list(o.incident.about),
    "mode": lambda o: o.decision.mode.value,
    "route": lambda o: o.decision.route,
    "overlays": lambda o: list(o.decision.overlays),
    "reason": lambda o: o.decision.reason.value,
    "lead": lambda o: o.decision.lead,
    "co_handlers": lambda o: o.agencies(Role.CO_HANDLER),
    "inform": lambda o: o.agencies(Role.INFORMED),
    "hard_rules": lambda o: [rule.value for rule in o.decision.hard_rules],
    "urgency": lambda o: o.decision.urgency.value,
    "tags": lambda o: list(o.decision.tags),
    "identity": lambda o: o.told,
}


def _compared(key: str, expected: Any, actual: Any) -> list[Miss]:
    if isinstance(actual, list):
        return _sets(key, expected, actual)
    return [] if expected == actual else [Miss(key, _text(expected), actual)]


def _sets(key: str, expected: Any, actual: Sequence[str]) -> list[Miss]:
    """Compare a list: equal in any order, or weaker with `{includes: […]}`. A single value is a list of one."""
    if isinstance(expected, dict):
        wanted = listed(key, known_keys(expected, frozenset({"includes"}))["includes"])
        return [] if set(wanted) <= set(actual) else [Miss(key, _text(wanted), _text(actual), "includes")]
    wanted = expected if isinstance(expected, list) else [expected]
    return [] if set(wanted) == set(actual) else [Miss(key, _text(wanted), _text(actual))]


def _absent(key: str, expected: Any, outcome: Outcome) -> list[Miss]:
    present = {given.agency: given.role.value for given in outcome.decision.roles}
    found = [code for code in listed(key, expected) if code in present]
    return [Miss(key, code, present[code], "must_not") for code in found]


def _not(key: str, expected: Any, outcome: Outcome) -> list[Miss]:
    won = {outcome.decision.route, *outcome.decision.overlays}
    return [Miss(key, rule, rule, "must_not") for rule in listed(key, expected) if rule in won]


def _due(key: str, expected: Any, outcome: Outcome) -> list[Miss]:
    given = {due.milestone.value: due.at for due in outcome.decision.due}
    found = []
    for name, written in expected.items():
        wanted = None if written == _NONE else moment(written, outcome.zone, f"due.{name}")
        if wanted != given.get(name):
            found.append(Miss(f"due.{name}", _clock(wanted, outcome.zone), _clock(given.get(name), outcome.zone)))
    return found


def _fallback(key: str, expected: Any, outcome: Outcome) -> list[Miss]:
    fell = outcome.decision.route == outcome.compiled.fallback.id
    return [] if truth(key, expected) is fell else [Miss(key, _text(expected), str(fell).lower())]


def _identity(key: str, expected: Any, outcome: Outcome) -> list[Miss]:
    """Compare who learns of the reporter: agencies, or the word `lead` for whoever leads."""
    lead = outcome.decision.lead
    codes = expected if isinstance(expected, list | dict) else [expected]
    if isinstance(codes, list):
        codes = [lead if code == Role.LEAD.value else code for code in codes]
    return _sets(key, codes, outcome.told)


def _masked(key: str, expected: Any, outcome: Outcome) -> list[Miss]:
    """Check `true` (somebody sees less), agencies that see less, or words that only the lead may read."""
    if expected in ("true", "false"):
        return [] if truth(key, expected) is bool(outcome.masked) else [Miss(key, expected, _text(outcome.masked))]
    if isinstance(expected, dict):
        return _sets(key, expected, outcome.masked)
    entries = expected if isinstance(expected, list) else [expected]
    words = [entry for entry in entries if entry not in outcome.compiled.ruleset.agencies]
    report = outcome.incident.report
    for entry in words:
        if entry not in report.title and entry not in report.text:
            raise Problem("unknown_code", what="@agency", value=entry)
    leaked = [Miss(key, entry, entry, "must_not") for entry in words if outcome.leaks(entry)]
    codes = [entry for entry in entries if entry not in words]
    return leaked + (_sets(key, codes, outcome.masked) if codes or not words else [])


_CHECKS: Final[Mapping[str, Any]] = {
    "absent": _absent, "not": _not, "due": _due, "fallback": _fallback, "identity": _identity, "masked": _masked,
}  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"[{', '.join(map(str, value))}]" if isinstance(value, Iterable) else str(value)


def _clock(moment_: datetime | None, zone: ZoneInfo) -> str:
    return _NONE if moment_ is None else moment_.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")
