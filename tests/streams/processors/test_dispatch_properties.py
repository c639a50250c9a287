"""Whatever is commanded in whatever order, the witness finds nothing, and who has a part is who was told last."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, ReturnReason, Role
from contracts.decision import Decision
from contracts.directive import Directive
from contracts.errors import Permanent
from contracts.notice import AssignmentNotice
from contracts.ports import Emit
from contracts.serde import read
from incidentbus.witness import Ledger, judge
from incidentbus.witness.reading import Seen
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load
from streams.processors.dispatch import holding
from streams.processors.dispatch.holding import STANDING
from streams.processors.dispatch.state import CaseState, ended_by
from streams.rulesets import HeldRuleset, RulesetInForce
from tests.streams.processors.conftest import FILES
from tests.streams.processors.counter import TOPICS, Counter, case_of

D = DirectiveKind
AGENCIES = ("police", "urban-management", "gov-gaoliangjian", "command-centre")
CASES = ("A1", "A2", "A3")
LOADED = load({path: text.encode() for path, text in FILES.items()}).ruleset
assert LOADED is not None
HELD = HeldRuleset(RulesetInForce(compile_ruleset(LOADED)))

Step = Callable[[Counter], list[Emit]]


def _of_case(kind: DirectiveKind, case: str, agency: str | None, category: str | None, surge: bool) -> Step:
    correction = {"category": category} if category else {}
    if surge:
        correction["tags"] = ("surge",)

    def step(counter: Counter) -> list[Emit]:
        fields = {"agency": agency, "correction": correction or None, "into": case_of("B")}
        if kind is D.REDISPATCH and agency is not None:
            fields |= {"returned_by": agency, "return_reason": ReturnReason.NOT_OUR_DUTY}
        return counter.command(kind, case, **fields)

    return step


def _hold(kind: DirectiveKind, on: tuple[str, str], hours: int) -> Step:
    def step(counter: Counter) -> list[Emit]:
        counter.pass_time(hours=1)
        until = counter.now.replace(minute=30) if kind is D.HOLD and hours else None
        return counter.command(kind, None, **{on[0]: on[1]}, until=until)

    return step


LIVES = st.builds(
    _of_case,
    st.sampled_from([D.REDISPATCH, D.REDISPATCH, D.ADJUDICATE, D.AMEND, D.AMEND, D.APPROVE_RETURN, D.REMIND,
                     D.ESCALATE, D.EXCUSE, D.GRANT_EXTENSION, D.WITHDRAW, D.CLOSE, D.MERGE]),
    st.sampled_from(CASES),
    st.sampled_from([None, None, *AGENCIES]),
    st.sampled_from([None, "noise", "urban", "unclassified"]),
    st.booleans(),
)  # fmt: skip
HOLDS = st.builds(
    _hold,
    st.sampled_from([D.HOLD, D.HOLD, D.RELEASE]),
    st.sampled_from([*(("agency", agency) for agency in AGENCIES), ("rule", "noise"), ("rule", "urban")]),
    st.integers(0, 1),
)
ARRIVALS = st.sampled_from(CASES).map(lambda case: lambda counter: counter.arrives(case))


class Topics:
    """Every record in the order in which it was written, as the witness reads them."""

    def __init__(self) -> None:
        self.assignments: list[Seen] = []
        self.decisions: list[Seen] = []
        self.own: list[Directive] = []

    def take(self, emits: list[Emit]) -> None:
        for emit in emits:
            headers = {name: raw for name, raw in emit.headers if raw is not None}
            there = self.assignments if emit.topic.startswith("agency.") else self.decisions
            if emit.topic == TOPICS.bus("directives"):
                self.own.append(read(Directive, emit.value or b""))
            else:
                there.append(Seen(emit.topic, emit.partition, len(there), emit.value, headers))


@settings(max_examples=200, deadline=None)
@given(st.lists(ARRIVALS | LIVES | HOLDS | HOLDS, max_size=25), st.sampled_from([1, 3, 2_000]))
def test_nothing_is_lost_doubled_or_out_of_order_and_everybody_knows_where_he_stands(
    steps: list[Step], most: int
) -> None:
    before, holding.MOST_RELEASED = holding.MOST_RELEASED, most  # type: ignore[misc]
    try:
        counter, topics = Counter(HELD), Topics()
        for step in [lambda counter: counter.arrives("A1"), *steps]:
            try:
                topics.take(step(counter))
            except Permanent:
                continue  # a case that has not come yet
        _let_everything_go(counter, topics)
    finally:
        holding.MOST_RELEASED = before  # type: ignore[misc]
    ledger = Ledger()
    arrived = {
        read(Decision, seen.value or b"").incident for seen in topics.decisions if b'"roles"' in (seen.value or b"")
    }
    for number, case in enumerate(case for case in CASES if case_of(case) in arrived):
        ledger.note("hotline-12345", case, ("reports", 0, number))
    verdict = judge(ledger, topics.assignments, topics.decisions, [])
    assert verdict.clean, verdict
    assert not [key for key in counter.kept if key.startswith((b"held/", STANDING))]
    for case in CASES:
        assert _known(topics, case) == _parts(counter, case)


def _let_everything_go(counter: Counter, topics: Topics) -> None:
    """Release every hold, and hand dispatch what it told itself."""
    for on in [*({"agency": agency} for agency in AGENCIES), {"rule": "noise"}, {"rule": "urban"}]:
        topics.take(counter.command(D.RELEASE, None, **on))
        while topics.own:
            raw = topics.own.pop(0).model_dump_json().encode()
            topics.take(counter.hand(TOPICS.bus("directives"), raw))


def _known(topics: Topics, case: str) -> dict[str, tuple[Role, int]]:
    """Return what agencies take themselves to have: the last assignment that nothing ended."""
    known: dict[str, tuple[Role, int]] = {}
    for seen in topics.assignments:
        notice = seen.headers["ce_type"] == b"incidentbus.assignment-notice.v1"
        made = read(AssignmentNotice if notice else Assignment, seen.value or b"")
        if made.incident != case_of(case):
            continue
        if isinstance(made, Assignment):
            known[made.agency] = (made.role, made.round)
        elif made.notice in (D.WITHDRAW, D.CLOSE, D.MERGE):
            assert known.pop(made.agency) == (made.role, made.round), "told of a part that it did not have"
    returned, latest = _handed_back(topics, case)
    # who hands a case back knows, and is told nothing
    return {a: part for a, part in known.items() if a not in returned or part[1] == latest}


def _handed_back(topics: Topics, case: str) -> tuple[tuple[str, ...], int]:
    """Return who handed a case back by its last decision, and that one's round."""
    found: tuple[tuple[str, ...], int] = ((), 0)
    for seen in topics.decisions:
        if seen.headers["ce_type"] == b"incidentbus.decision.v1":
            decision = read(Decision, seen.value or b"")
            if decision.incident == case_of(case):
                found = decision.state.returned_by, decision.round
    return found


def _parts(counter: Counter, case: str) -> dict[str, tuple[Role, int]]:
    raw = counter.kept.get(case_of(case).encode())
    if raw is None or ended_by(raw) is not None:
        return {}
    kept = CaseState.read(raw)
    return {agency: (role, kept.round) for role, agency in kept.parts()}
