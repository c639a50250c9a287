"""A small county made by hand: what the engine is tried on without the loader.

Places: `c` city ⊃ `d` district (the root) ⊃ towns `d-a`, `d-b`; `d-a-1` a village of `d-a`; `out` beside the city.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.codes import Kind, Milestone, Urgency
from contracts.decision import Decision, DecisionState
from contracts.incident import Incident, RulesetRef
from contracts.report import Report
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.schema import (
    Agency,
    AgencyRef,
    Area,
    Block,
    Calendar,
    Category,
    ChannelSpec,
    Conflict,
    CountyDeadlines,
    Jurisdiction,
    Overlay,
    Position,
    RoleRef,
    Route,
    Ruleset,
    Span,
    SpanUnit,
)

AT = Position("routes/10-x.yaml", 1, 1)
TUESDAY = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)  # 10:00 in the county


def span(text: str) -> Span:
    """Read a span: the inverse of `str(span)`."""
    if text == "none":
        return Span(0, SpanUnit.NONE)
    digits = len(text) - len(text.lstrip("0123456789"))
    return Span(int(text[:digits]), SpanUnit(text[digits:]))


def spans(**written: str) -> dict[Milestone, Span]:
    return {Milestone(name): span(text) for name, text in written.items()}


def role(function: str, tier: str | None = None, *, climb: bool = True) -> RoleRef:
    return RoleRef(function, tier, climb)


def route(id_: str, lead: Any, *when: Block, **more: Any) -> Route:
    lead = AgencyRef(lead) if isinstance(lead, str) else lead
    return Route(id=id_, title=f"title of {id_}", owner="command", at=AT, order=0, lead=lead, when=when, **more)


def overlay(id_: str, *when: Block, **more: Any) -> Overlay:
    return Overlay(id=id_, title=f"title of {id_}", owner="command", at=AT, when=when, **more)


def refs(*codes: str) -> tuple[AgencyRef, ...]:
    return tuple(AgencyRef(code) for code in codes)


FALLBACK = route("fallback", "centre", fallback=True)


def calendar_2026(**changes: Any) -> Calendar:
    holidays = {
        "new year": ((1, 1), (1, 3)), "spring": ((2, 15), (2, 23)), "qingming": ((4, 4), (4, 6)),
        "labour": ((5, 1), (5, 5)), "dragon boat": ((6, 19), (6, 21)), "autumn": ((9, 25), (9, 27)),
        "national": ((10, 1), (10, 7)),
    }  # fmt: skip
    days = {
        date.fromordinal(n): name
        for name, (start, end) in holidays.items()
        for n in range(date(2026, *start).toordinal(), date(2026, *end).toordinal() + 1)
    }
    worked = frozenset(date(2026, m, d) for m, d in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)])
    hours = ((8 * 60 + 30, 12 * 60), (14 * 60, 18 * 60))
    return replace(Calendar("cn", 2026, frozenset(range(5)), hours, days, worked), **changes)


def _agency(code: str, function: str, tier: str, supervisor: str | None, *covers: str, **more: Any) -> Agency:
    return Agency(code, code, function, tier, covers=covers, supervisor=supervisor, **more)


AGENCIES = (
    _agency("city-platform", "supervision", "city", None, "c", "out", top=True),
    _agency("inspection", "discipline", "district", "city-platform", "d"),
    _agency("centre", "command", "district", "city-platform", "d"),
    _agency("urban", "urban", "district", "centre", "d"),
    _agency("urban-a", "urban", "town", "urban", "d-a"),
    _agency("police", "police", "district", "inspection", "d"),
    _agency("police-lake", "police", "town", "police", areas=("lake",)),
    _agency("police-pond", "police", "town", "police", areas=("pond",)),
    _agency("ecology", "ecology", "district", "centre", "d"),
    _agency("gov-a", "government", "town", "centre", "d-a"),
    _agency("gov-b", "government", "town", "centre", "d-b"),
)
_SQUARE = ((118.5, 33.1), (118.7, 33.1), (118.7, 33.3), (118.5, 33.3), (118.5, 33.1))
_INNER = ((118.6, 33.2), (118.65, 33.2), (118.65, 33.25), (118.6, 33.25), (118.6, 33.2))


def county(*routes: Route, overlays: tuple[Overlay, ...] = (), **changes: Any) -> Ruleset:
    """Return the county with these routes before its fallback."""
    places = [("c", "city", None), ("d", "district", "c"), ("d-a", "town", "d"), ("d-b", "town", "d"),
              ("d-a-1", "village", "d-a"), ("out", "city", None), ("out-1", "district", "out")]  # fmt: skip
    codes = ["noise", "noise/construction", "noise/nightlife", "water", "unclassified"]
    whole = Ruleset(
        id="county", title="county", version="1", hash="0" * 64, timezone="Asia/Shanghai", root="d",
        tiers=("village", "town", "district", "city"), calendar="cn",
        functions={agency.function: agency.function for agency in AGENCIES},
        channels={
            "hotline": ChannelSpec("hotline", "hotline", agency="centre", live=True),
            "police": ChannelSpec("police", "police", agency="police"),
        },
        kind_default=Kind.HELP, kind_words={}, tags={}, responses={"flood": "flood", "fire": "fire"},
        routes=(*routes, FALLBACK), overlays=overlays,
        agencies={agency.code: agency for agency in AGENCIES},
        jurisdictions={code: Jurisdiction(code, code, tier, parent) for code, tier, parent in places},
        categories={code: Category(code, f"title of {code}") for code in codes},
        areas={"lake": Area("lake", "lake", ((_SQUARE,),)), "pond": Area("pond", "pond", ((_INNER,),))},
        calendars={("cn", 2026): calendar_2026()}, outside="out", conflict=Conflict(),
        deadlines=CountyDeadlines(
            default=spans(acknowledge="4wh", respond="1bd", resolve="5bd"),
            by_kind={Kind.COMPLAINT: spans(resolve="7bd"), Kind.PRAISE: spans(respond="none")},
            by_urgency={
                Urgency.URGENT: spans(acknowledge="1h", resolve="2bd"),
                Urgency.CRITICAL: spans(acknowledge="15m", respond="1h", resolve="24h"),
            },
        ),
    )  # fmt: skip
    return replace(whole, **changes)


_OF_REPORT = frozenset(Report.model_fields) - frozenset(Incident.model_fields)


def incident(**fields: Any) -> Incident:
    """Return an incident; fields of the report and of the incident may be mixed."""
    report = {"channel": "hotline", "external_id": "1"} | {k: v for k, v in fields.items() if k in _OF_REPORT}
    rest = {k: v for k, v in fields.items() if k not in _OF_REPORT}
    base = {"id": "inc-1", "received_at": TUESDAY, "kind": Kind.HELP, "jurisdiction": "d-a"}
    ref = RulesetRef(id="county", version="1", hash="0" * 64)
    return Incident(**(base | rest), report=Report(**report), understood_by=ref)


@dataclass
class Bench:
    """A compiled county and the ways to ask it."""

    compiled: Compiled

    def decide(self, state: DecisionState | None = None, now: datetime = TUESDAY, **fields: Any) -> Decision:
        """Decide on an incident made of `fields`."""
        return decide(incident(**fields), state or DecisionState(), self.compiled, now)


def _bench(*routes: Route, overlays: tuple[Overlay, ...] = (), **changes: Any) -> Bench:
    return Bench(compile_ruleset(county(*routes, overlays=overlays, **changes)))


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The words to make a county with."""
    return SimpleNamespace(
        span=span, spans=spans, role=role, route=route, overlay=overlay, refs=refs, county=county, incident=incident,
        bench=_bench, calendar_2026=calendar_2026, tuesday=TUESDAY, agencies=AGENCIES,
    )  # fmt: skip


def by_role(decision: Decision, wanted: str) -> list[str]:
    """Return the agencies that have a role."""
    return [given.agency for given in decision.roles if given.role == wanted]


@pytest.fixture(scope="session")
def agencies_with() -> Callable[[Decision, str], list[str]]:
    """By role: the agencies of a decision."""
    return by_role
