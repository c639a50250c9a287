"""The bitmap index against a loop over the blocks that asks every field by itself."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Mode, ReporterKind, Urgency
from contracts.decision import Decision, DecisionState, ModeRecord
from contracts.incident import Incident
from contracts.report import Point, Reporter
from routing_rules.engine.compiler import Compiled, compile_ruleset, live
from routing_rules.engine.conditions import TESTS, failing, holds
from routing_rules.engine.decide import decide
from routing_rules.engine.facts import Facts
from routing_rules.engine.index import INDEXED
from routing_rules.engine.leading import open_case
from routing_rules.engine.schema import (
    AgencyRef,
    Block,
    Effective,
    Overlay,
    Position,
    RoleRef,
    Route,
    Status,
    TextCondition,
    TimeCondition,
)

WORDS = ["cement", "night", "school", "fish", "ktv"]
PLACES = ["c", "d", "d-a", "d-b", "d-a-1", "out", "out-1", "nowhere"]
CATEGORIES = ["noise", "noise/construction", "noise/nightlife", "water", "unclassified"]
AREAS = ["lake", "pond"]
AGENCIES = ["urban", "urban-a", "police", "police-lake", "centre", "ecology", "gov-a", "inspection"]
TAGS = ["night", "school"]
NOW = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)


def some(values: list[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values), min_size=1, max_size=3)


def now_and_then(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 3).flatmap(lambda n: strategy if n == 0 else st.none())


words = st.lists(st.sampled_from(WORDS), max_size=2, unique=True).map(tuple)
texts = st.builds(TextCondition, any=words, all=words, none=words, where=st.sampled_from(["title", "text", "both"]))
minutes = st.integers(0, 1439)
windows = st.none() | st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1])
times = st.builds(
    TimeCondition,
    between=windows,
    days=st.frozensets(st.sampled_from(["mon", "tue", "sat", "workday", "restday", "holiday"]), max_size=2),
    dates=st.none() | st.just(((11, 1), (6, 1))) | st.just(((5, 1), (5, 31))),
)
targets = st.sampled_from(AGENCIES).map(AgencyRef) | st.sampled_from(
    [RoleRef("urban"), RoleRef("police", "town"), RoleRef("government", "town", climb=False)]
)
ASKED: dict[str, st.SearchStrategy[Any]] = {
    "channel": some(["hotline", "police"]),
    "kind": some(list(Kind)),
    "urgency": some(list(Urgency)),
    "reporter": some(list(ReporterKind)),
    "category": some(CATEGORIES),
    "jurisdiction": some(PLACES),
    "located_by": some(list(LocatedBy)),
    "classified_by": some(list(ClassifiedBy)),
    "area": some(AREAS),
    "mode": some(list(Mode)),
    "response": some(["flood", "fire"]),
    "response_level": some([1, 2, 3, 4]),
    "occurred_at": times,
    "received_at": times,
    "text": texts,
    "about": st.lists(targets, min_size=1, max_size=2).map(tuple),
    "reporters": st.integers(1, 4),
    "reports": st.integers(1, 4),
    "tags": some(TAGS),
    "attributes": st.just({"size": frozenset({"big"})}),
    "missing": some(["occurred_at", "point", "address", "about"]),
    "expr": st.sampled_from(["reporters > 1", 'title.contains("fish")', 'attributes["size"] == "big"']),
}


@st.composite
def blocks_of(draw: st.DrawFn, most: int) -> Block:
    """Draw a block that asks few things, so that it often holds."""
    names = draw(st.lists(st.sampled_from(list(ASKED)), max_size=most, unique=True))
    return Block(**{name: draw(ASKED[name]) for name in names})


blocks = blocks_of(3)
exceptions = st.lists(blocks_of(2), max_size=1).map(tuple)
effective = st.sampled_from([Effective(), Effective(until=NOW.date()), Effective(start=NOW.date() + timedelta(1))])
statuses = st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.ACTIVE, Status.TRIAL, Status.OFF])
asks = st.lists(targets, max_size=3).map(tuple)


@st.composite
def rulesets(draw: st.DrawFn) -> tuple[list[Route], list[Overlay]]:
    made: list[Route] = []
    overlays: list[Overlay] = []
    for n in range(draw(st.integers(0, 7))):
        shared: dict[str, Any] = {
            "title": "", "owner": "", "at": Position("f", 1, 1), "effective": draw(effective),
            "status": draw(statuses), "unless": draw(exceptions),
            "co_handlers": draw(asks), "inform": draw(asks),
            "urgency": draw(st.none() | st.sampled_from(list(Urgency))),
        }  # fmt: skip
        when = tuple(draw(st.lists(blocks, min_size=1, max_size=3)))
        if draw(st.booleans()):
            confidential = draw(st.booleans())
            shared |= {"lead": draw(targets), "on_return": draw(asks), "confidential": confidential}
            made.append(Route(id=f"r{n}", order=n, when=when, **shared))
        else:
            leading = draw(now_and_then(st.lists(targets, min_size=1, max_size=2).map(tuple)))
            sample = draw(st.none() | st.just(5000))
            overlays.append(
                Overlay(id=f"o{n}", when=tuple(replace(b, lead=leading) for b in when), sample=sample, **shared)
            )
    return made, overlays


spoken = st.lists(st.sampled_from([*WORDS, "stone", "x1", "KTV房"]), max_size=5).map(" ".join)


@st.composite
def incidents(draw: st.DrawFn, make: SimpleNamespace) -> Incident:
    def sample(values: list[Any]) -> Any:
        return draw(st.sampled_from(values))

    return make.incident(  # type: ignore[no-any-return]
        channel=sample(["hotline", "police", "other"]), kind=sample(list(Kind)), urgency=sample(list(Urgency)),
        category=sample(CATEGORIES), jurisdiction=sample(PLACES), located_by=sample(list(LocatedBy)),
        classified_by=sample(list(ClassifiedBy)), title=draw(spoken), text=draw(spoken),
        areas=tuple(draw(st.lists(st.sampled_from(AREAS), unique=True))),
        about=tuple(draw(st.lists(st.sampled_from([*AGENCIES, "city-platform", "gone"]), max_size=2, unique=True))),
        tags=tuple(draw(st.lists(st.sampled_from(TAGS), unique=True))),
        attributes=sample([{}, {"size": "BIG"}, {"size": "small"}]),
        reporter=Reporter(kind=sample(list(ReporterKind)), secrecy=draw(st.booleans())),
        point=sample([None, Point(longitude=118.6, latitude=33.2)]), address=sample([None, "", "road 1"]),
        occurred_at=draw(st.none() | st.integers(0, 10**7).map(lambda s: NOW - timedelta(seconds=s))),
        received_at=NOW - timedelta(minutes=draw(st.integers(0, 20_000))),
    )  # fmt: skip


records = st.lists(
    st.builds(
        ModeRecord,
        mode=st.sampled_from(list(Mode)),
        jurisdiction=st.sampled_from([*PLACES, None]),
        area=st.none() | st.sampled_from(AREAS),
        response=st.lists(st.sampled_from(["flood", "fire"]), unique=True).map(tuple),
        response_level=st.none() | st.integers(1, 4),
        from_=st.none() | st.just(NOW) | st.just(NOW + timedelta(seconds=1)),
        until=st.none() | st.just(NOW) | st.just(NOW + timedelta(seconds=1)),
    ),
    max_size=2,
).map(tuple)
states = st.builds(
    DecisionState,
    round=st.integers(1, 4),
    returned_by=st.lists(st.sampled_from(AGENCIES), max_size=3).map(tuple),
    adjudicated_to=now_and_then(st.sampled_from([*AGENCIES, "gone"])),
    reporters=st.integers(1, 4),
    reports=st.integers(1, 4),
    modes=records,
)


def facts_for(incident: Incident, state: DecisionState, compiled: Compiled) -> Facts:
    return open_case(incident, state, compiled, NOW).facts


def looped(rules: list[Any], facts: Facts) -> list[str]:
    """Return, in order, the rules in force or on trial that hold, asking each block by itself."""
    held = []
    for rule in rules:
        whens = rule.when or (Block(),)
        if (
            live(rule, NOW.date())
            and any(holds(b, facts) for b in whens)
            and not any(holds(b, facts) for b in rule.unless)
        ):
            held.append(rule.id)
    return held


@settings(max_examples=120, deadline=None)
@given(data=st.data(), rules=rulesets(), state=states)
def test_the_index_finds_what_a_loop_finds(
    make: SimpleNamespace, data: st.DataObject, rules: tuple[list[Route], list[Overlay]], state: DecisionState
) -> None:
    routes, overlays = rules
    compiled = compile_ruleset(make.county(*routes, overlays=tuple(overlays)))
    incident = data.draw(incidents(make))
    lead = data.draw(st.sampled_from(AGENCIES))
    for table, all_rules in ((compiled.routes, [*compiled.ruleset.routes]), (compiled.overlays, overlays)):
        facts, again = facts_for(incident, state, compiled), facts_for(incident, state, compiled)
        facts.lead = again.lead = lead
        assert [row.rule.id for row in table.holding(facts, NOW.date())] == looped(all_rules, again)  # type: ignore[attr-defined]


@settings(max_examples=120, deadline=None)
@given(data=st.data(), rules=rulesets(), state=states)
def test_what_no_decision_may_do(
    make: SimpleNamespace, data: st.DataObject, rules: tuple[list[Route], list[Overlay]], state: DecisionState
) -> None:
    routes, overlays = rules
    incident = data.draw(incidents(make))
    ruleset = make.county(*routes, overlays=tuple(overlays))
    compiled = compile_ruleset(ruleset)
    decision = decide(incident, state, compiled, NOW)
    nobody_complained_about_has_a_role(decision, incident, compiled)
    nobody_gets_back_what_they_returned(decision, state)
    given = [role.agency for role in decision.roles]
    assert len(given) == len(set(given))
    assert (decision.roles[0].role, decision.roles[0].agency) == ("lead", decision.lead)
    assert set(given) <= set(ruleset.agencies)
    order = data.draw(st.permutations(overlays))
    swapped = decide(incident, state, compile_ruleset(replace(ruleset, overlays=tuple(order))), NOW)
    assert comparable(swapped) == comparable(decision)


def nobody_complained_about_has_a_role(decision: Decision, incident: Incident, compiled: Compiled) -> None:
    if incident.kind in compiled.ruleset.conflict.kinds:
        about = frozenset(incident.about) - {"city-platform"}
        assert compiled.catalogue.beneath(about).isdisjoint(role.agency for role in decision.roles)


def nobody_gets_back_what_they_returned(decision: Decision, state: DecisionState) -> None:
    for role in decision.roles[1:]:
        assert role.role == "informed" or role.agency not in state.returned_by
    first = decision.roles[0]
    if decision.reason != "adjudicated" and first.rule != "fallback":
        assert decision.lead not in state.returned_by


def comparable(decision: Decision) -> tuple[Any, ...]:
    """Return what the order of overlays must not change: all but the order and the ground of what they add."""
    roles = frozenset((role.role, role.agency) for role in decision.roles)
    return (
        decision.route, decision.lead, decision.reason, roles, decision.urgency, frozenset(decision.tags), decision.due,
        frozenset(decision.overlays), decision.hard_rules,
    )  # fmt: skip


def test_every_field_of_a_block_has_its_question(make: SimpleNamespace) -> None:
    asked = {field.name for field in fields(Block)} - {"at"}
    assert asked == set(TESTS)
    assert asked > INDEXED


def test_words_are_searched_in_each_field_apart(make: SimpleNamespace) -> None:
    compiled = compile_ruleset(make.county(make.route("r", "urban", Block(text=TextCondition(all=("cement", "fish"))))))
    for title, text, won in [("cement", "fish", "r"), ("cem", "ent fish", "fallback"), ("", "fish cement", "r")]:
        incident = make.incident(title=title, text=text)
        assert decide(incident, DecisionState(), compiled, NOW).route == won


def test_the_failing_fields_are_named(make: SimpleNamespace) -> None:
    block = Block(category=frozenset({"noise"}), kind=frozenset({Kind.TIP}), text=TextCondition(any=("cement",)))
    compiled = compile_ruleset(make.county(make.route("r", "urban", block)))
    facts = facts_for(make.incident(category="noise"), DecisionState(), compiled)
    assert failing(block, facts) == ("kind", "text")
