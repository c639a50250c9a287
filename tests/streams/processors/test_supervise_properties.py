"""Whatever is told in whatever order: one agency is accountable, nothing is lost or applied twice, closed is closed."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.case import next_due
from contracts.codes import ENDED, CaseStatus, DirectiveKind, FactKind, Outcome, ReturnReason, Role, Satisfaction
from streams.rulesets import HeldRuleset, RulesetInForce
from tests.streams.processors.desk import Desk

AGENCIES = ("police", "urban-management", "gov-gaoliangjian", "command-centre")
TELLABLE = (
    FactKind.ACKNOWLEDGED, FactKind.RESPONDED, FactKind.IN_PROGRESS, FactKind.RETURNED, FactKind.EXTENSION_REQUESTED,
    FactKind.RESOLVED, FactKind.VERIFIED, FactKind.FOLLOWED_UP, FactKind.REOPENED, FactKind.LINKED, FactKind.NOTIFIED,
    FactKind.WITHDRAWN, FactKind.REVIEW_REQUESTED, FactKind.CLOSED,
)  # fmt: skip
COMMANDS = (
    DirectiveKind.REMIND, DirectiveKind.SUPERVISE, DirectiveKind.ESCALATE, DirectiveKind.GRANT_EXTENSION,
    DirectiveKind.DEFER, DirectiveKind.MERGE, DirectiveKind.REOPEN, DirectiveKind.WITHDRAW, DirectiveKind.CLOSE,
    DirectiveKind.EXCUSE, DirectiveKind.REFUSE_RETURN, DirectiveKind.ACKNOWLEDGE,
)  # fmt: skip

tells = st.tuples(
    st.just("tell"), st.sampled_from(AGENCIES), st.sampled_from(TELLABLE), st.sampled_from(Satisfaction),
    st.integers(1, 6),
)  # fmt: skip
commands = st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.sampled_from(AGENCIES))
decides = st.tuples(st.just("decide"), st.sampled_from(AGENCIES), st.sampled_from(AGENCIES), st.booleans())
waits = st.tuples(st.just("wait"), st.integers(1, 200))
repeats = st.tuples(st.just("repeat"))
lives = st.lists(st.one_of(tells, tells, tells, commands, decides, waits, repeats), max_size=30)


class Watched:
    """A desk whose every move is checked."""

    def __init__(self, ruleset: RulesetInForce) -> None:
        self.desk = Desk(HeldRuleset(ruleset))
        self.round = 0
        self.last: Any = None
        self.unsettled: set[str] = set()

    def move(self, move: tuple[Any, ...]) -> None:
        desk, ended = self.desk, self.ended()
        before = desk.state.get(desk.key)
        getattr(self, move[0])(*move[1:])
        if ended is not None:
            self.still_over(ended, before)
        self.holds()

    def tell(self, agency: str, fact: FactKind, satisfaction: Satisfaction, days: int) -> None:
        desk = self.desk
        self.last = (agency, fact, {"id": f"fct-{desk.told}-own", **self._about(fact, satisfaction, days)})
        self._account(*self.last)

    def repeat(self) -> None:
        """What was told last is told again, word for word: applied, it gives nothing; refused, it is refused again."""
        if self.last is not None:
            before = Counter(fact.id for fact in self.desk.facts())
            known = self.last[2]["id"] in {fact.cause for fact in self.desk.facts()}
            self.desk.tell(self.last[0], self.last[1], **self.last[2])
            if known:
                assert Counter(fact.id for fact in self.desk.facts()) == before

    def command(self, kind: DirectiveKind, agency: str) -> None:
        self.desk.command(kind, agency=agency, into="inc-other", until=self.desk.now.replace(year=2027))

    def decide(self, lead: str, other: str, disputed: bool) -> None:
        if self.round and self.desk.case.status in ENDED:
            return  # dispatch refuses to decide anew what is over
        self.round += 1
        others = () if other == lead else ((other, Role.CO_HANDLER),)
        self.desk.decide(lead, *others, round_=self.round, reason=Outcome.ADJUDICATION if disputed else Outcome.MATCHED)

    def wait(self, hours: int) -> None:
        self.desk.wait(hours=hours)

    def ended(self) -> CaseStatus | None:
        value = self.desk.state.get(self.desk.key)
        return self.desk.case.status if value is not None and self.desk.case.status in ENDED else None

    def _about(self, fact: FactKind, satisfaction: Satisfaction, days: int) -> dict[str, Any]:
        about: dict[FactKind, dict[str, Any]] = {
            FactKind.RETURNED: {"return_reason": ReturnReason.WRONG_PLACE},
            FactKind.FOLLOWED_UP: {"satisfaction": satisfaction},
            FactKind.EXTENSION_REQUESTED: {"until": self.desk.now.replace(month=6, day=days)},
            FactKind.LINKED: {"system": "police-110", "number": f"N{days}"},
        }
        return about.get(fact, {})

    def _account(self, agency: str, fact: FactKind, more: dict[str, Any]) -> None:
        """Every fact is taken, refused to whoever told it, or kept until its decision comes."""
        desk = self.desk
        emits = desk.tell(agency, fact, **more)
        taken = [each for each in desk.facts(emits) if each.cause == more["id"]]
        letters = desk.letters(emits)
        value = desk.state.get(desk.key)
        waits = value is not None and more["id"].encode() in value and not taken
        assert (len(taken) >= 1) + (len(letters) == 1) + waits == 1
        if letters:
            assert letters[0][0] == f"agency.{agency}.feedback.v1.dlq"

    def still_over(self, ended: CaseStatus, before: bytes | None) -> None:
        case = self.desk.case
        assert case.status is ended
        assert before is not None
        assert next_due(case) == 0

    def holds(self) -> None:
        desk = self.desk
        if desk.state.get(desk.key) is None:
            return
        case = desk.case
        ids = [fact.id for fact in desk.facts()]
        assert len(ids) == len(set(ids))
        directives = [each.id for each in desk.directives()]
        assert len(directives) == len(set(directives))
        if case.status is not CaseStatus.EXPECTED:
            leads = [part for part in case.parts if part.round == case.round and part.role is Role.LEAD]
            assert [part.agency for part in leads] == [case.lead]
        if case.status not in ENDED:
            assert next_due(case) > 0


@given(lives)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_lives_keep_every_promise(small: RulesetInForce, life: list[tuple[Any, ...]]) -> None:
    watched = Watched(small)
    for move in life:
        watched.move(move)


@given(lives)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lives_that_begin_with_a_decision_keep_every_promise(
    small: RulesetInForce, life: list[tuple[Any, ...]]
) -> None:
    watched = Watched(small)
    watched.move(("decide", "police", "urban-management", False))
    for move in life:
        watched.move(move)


def test_random_lives_reach_every_status_and_nearly_every_fact(small: RulesetInForce) -> None:
    statuses: set[CaseStatus] = set()
    facts: set[FactKind] = set()

    @given(lives)
    @settings(max_examples=400, deadline=None, derandomize=True, database=None)
    def live(life: list[tuple[Any, ...]]) -> None:
        watched = Watched(small)
        watched.move(("decide", "police", "urban-management", False))
        for move in life:
            watched.move(move)
            if watched.desk.state.get(watched.desk.key) is not None:
                statuses.add(watched.desk.case.status)
        facts.update(watched.desk.kinds())

    live()
    assert statuses >= set(CaseStatus) - {CaseStatus.EXPECTED, CaseStatus.VERIFIED}
    assert len(facts) >= 20, sorted(set(FactKind) - facts)
