"""Witnesses: one report out of a box, made up, which the engine decides like any other.

What may hold or not (moments, expressions) is looked for among candidates by the engine's own tests. Where none fits,
the report is returned as it is: who decides it sees whether it shows what it should.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from contracts.codes import Mode
from contracts.decision import Decision, DecisionState, ModeRecord
from contracts.incident import Incident
from contracts.report import Point
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.decide import decide
from routing_rules.engine.facts import ROUTINE, Facts
from routing_rules.engine.reasons import field_holds
from routing_rules.tools.verify.boxes import Box
from routing_rules.tools.verify.domain import OTHER, Domain, blank

_APART: Final = " / "
_HORIZON: Final = 400  # days: every weekday, holiday and day of the year comes up
_HOURS: Final = (600, 1200, 180)  # minutes of the day that are tried besides the bounds of conditions


@dataclass(frozen=True, slots=True)
class Sample:
    """A report as intake would have understood it, the state of its matter, and the moment of its decision."""

    incident: Incident
    state: DecisionState
    now: datetime

    def decided(self, compiled: Compiled) -> Decision:
        """Return what the engine decides."""
        return decide(self.incident, self.state, compiled, self.now)

    def record(self) -> dict[str, Any]:
        """Return it as JSON takes it: what is not said is left out."""
        told = self.incident.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        state: dict[str, Any] = {"returned_by": list(self.state.returned_by)} if self.state.returned_by else {}
        for record in self.state.modes:
            state |= {"mode": record.mode, "response": list(record.response), "level": record.response_level}
        return {"incident": told, "state": state, "now": self.now.isoformat()}


def sample(domain: Domain, compiled: Compiled, box: Box) -> Sample:
    """Return one report of a box. The first value of each field is taken; of each clause one atom."""
    pick = _Pick(domain, box)
    now = _noon(compiled, pick.one("day"))
    incident = _incident(compiled, pick, now)
    modes = _modes(pick, incident.jurisdiction) if pick.one("mode") is Mode.EMERGENCY else ()
    state = DecisionState(reporters=pick.one("reporters"), reports=pick.one("reports"), modes=modes)
    return Sample(_timed(compiled, pick, incident, now), state, now)


class _Pick:
    """The values that one report of a box has."""

    def __init__(self, domain: Domain, box: Box) -> None:
        self._domain = domain
        self._box = box
        self.true = _chosen(box)

    def one(self, name: str) -> Any:
        """Return the value of a field."""
        mask = self._box.one[self._domain.at[name]]
        return self._domain.values[name][(mask & -mask).bit_length() - 1]

    def all(self, of: str, among: int | None = None) -> tuple[Any, ...]:
        """Return the atoms of a field that hold, or those among others."""
        bits = self.true if among is None else among
        return tuple(atom.value for atom, bit in self._domain.bit.items() if atom.of == of and bit & bits)

    def none(self, of: str) -> tuple[Any, ...]:
        """Return the atoms of a field that must not hold."""
        return self.all(of, self._box.no)

    @property
    def attributes(self) -> dict[str, str]:
        """Return the channel's attributes."""
        chosen = {name: self.one(f"attribute:{name}") for name in self._domain.attributes}
        return {name: value for name, value in chosen.items() if value != OTHER}


def _chosen(box: Box) -> int:
    """Return as few atoms as a greedy choice finds that make every clause hold."""
    true = 0
    for clause in sorted(box.yes, key=lambda clause: (clause & ~box.no).bit_count()):
        left = clause & ~box.no
        if not left & true:
            true |= left & -left
    return true


def _noon(compiled: Compiled, day: Any) -> datetime:
    zone = ZoneInfo(compiled.ruleset.timezone)
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def _incident(compiled: Compiled, pick: _Pick, now: datetime) -> Incident:
    incident = blank(compiled)
    report = incident.report.model_copy(
        update={
            "channel": pick.one("channel"),
            "title": _APART.join(pick.all("title")),
            "text": _APART.join(pick.all("text")) or OTHER,
            "reporter": incident.report.reporter.model_copy(update={"kind": pick.one("reporter")}),
            "attributes": pick.attributes,
            "point": None if pick.one("missing:point") else Point(longitude=0.0, latitude=0.0),
            "address": None if pick.one("missing:address") else OTHER,
        }
    )
    plain = ("category", "jurisdiction", "kind", "urgency", "located_by", "classified_by")
    return incident.model_copy(
        update={
            **{name: pick.one(name) for name in plain},
            "report": report,
            "received_at": now,
            "areas": pick.all("area"),
            "tags": pick.all("tags"),
            "about": pick.all("about"),
        }
    )


def _modes(pick: _Pick, jurisdiction: str) -> tuple[ModeRecord, ...]:
    level = pick.one("response_level")
    return (ModeRecord(Mode.EMERGENCY, jurisdiction, response=pick.all("response"), response_level=level),)


def _timed(compiled: Compiled, pick: _Pick, incident: Incident, now: datetime) -> Incident:
    """Return the incident with moments and a length of text at which its free conditions hold, or not, as they must."""
    received = _moment(compiled, "received_at", pick, incident, now)
    incident = incident.model_copy(update={"received_at": received})
    if not pick.one("missing:occurred_at"):
        occurred = _moment(compiled, "occurred_at", pick, incident, now)
        incident = _told(incident, {"occurred_at": occurred})
    wanted, unwanted = pick.all("expr"), pick.none("expr")
    if wanted or unwanted:
        text = incident.report.text
        for length in (0, 400):
            candidate = _told(incident, {"text": text + OTHER * length})
            if _fits(compiled, candidate, "expr", wanted, unwanted):
                return candidate
    return incident


def _told(incident: Incident, update: dict[str, Any]) -> Incident:
    return incident.model_copy(update={"report": incident.report.model_copy(update=update)})


def _moment(compiled: Compiled, name: str, pick: _Pick, incident: Incident, now: datetime) -> datetime:
    wanted, unwanted = pick.all(name), pick.none(name)
    if not wanted and not unwanted:
        return now
    for moment in _moments(compiled, (*wanted, *unwanted), now):
        update = {name: moment}
        candidate = _told(incident, update) if name == "occurred_at" else incident.model_copy(update=update)
        if _fits(compiled, candidate, name, wanted, unwanted):
            return moment
    return now


def _moments(compiled: Compiled, conditions: Sequence[Any], now: datetime) -> Iterator[datetime]:
    """Yield the moments at which conditions can differ: each day, just at the bounds of their hours and between."""
    zone = ZoneInfo(compiled.ruleset.timezone)
    bounds = [minute % 1440 for each in conditions if each.between is not None for minute in each.between]
    minutes = sorted({*bounds, *_HOURS, *((minute - 1) % 1440 for minute in bounds)})
    start = now.astimezone(zone).date()
    for ahead in range(_HORIZON):
        day = start + timedelta(days=ahead)
        for minute in minutes:
            yield datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def _fits(compiled: Compiled, incident: Incident, name: str, wanted: Sequence[Any], unwanted: Sequence[Any]) -> bool:
    facts = Facts(incident, incident.about, DecisionState(), ROUTINE, compiled.terms)
    asked = [(value, held) for held in (True, False) for value in (wanted if held else unwanted)]
    return all(field_holds(name, value, facts) is held for value, held in asked)


__all__ = ["Sample", "sample"]
