"""Holds: what waits goes out later, in order, each once; what its case no longer wants never does; nothing is lost."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, Role
from contracts.decision import Decision
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased
from contracts.ids import assignment_id
from contracts.notice import AssignmentNotice
from contracts.ports import Emit
from streams.processors.dispatch import holding
from streams.processors.dispatch.holding import STANDING
from streams.rulesets import HeldRuleset
from tests.streams.processors.counter import TOPICS, WHEN, Counter, case_of, outcome, told

D = DirectiveKind


@pytest.fixture
def counter(held: HeldRuleset) -> Counter:
    return Counter(held)


def sent(emits: Sequence[Emit]) -> list[tuple[str, str]]:
    """Return case and agency of the assignments that went out."""
    return [(each.external_id, each.agency) for each in told(list(emits), Assignment)]


def leftovers(counter: Counter) -> list[bytes]:
    return [key for key in counter.kept if key.startswith((b"held/", STANDING))]


def test_while_an_agency_is_held_its_assignments_wait_and_the_decision_says_so(counter: Counter) -> None:
    assert outcome(counter.command(D.HOLD, None, agency="police"))[0] == "acted"
    emits = counter.arrives()
    (decision,) = told(emits, Decision)
    assert decision.held == ("police",)
    assert sent(emits) == [("A1", "urban-management"), ("A1", "gov-gaoliangjian")]
    assert decision.lead == "police"


def test_a_release_sends_in_order_each_once_and_leaves_nothing_behind(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police")
    for number in range(12):
        counter.arrives(f"A{number}")
    counter.pass_time(hours=3)
    emits = counter.command(D.RELEASE, None, agency="police")
    assert outcome(emits) == ("acted", "12 let go")
    assert sent(emits) == [(f"A{number}", "police") for number in range(12)]
    released = told(emits, AssignmentReleased)
    assert [each.incident for each in released] == [case_of(f"A{number}") for number in range(12)]
    assert {(each.agency, each.held_at, each.released_at) for each in released} == {
        ("police", WHEN, WHEN + timedelta(hours=3))
    }
    assert leftovers(counter) == []
    assert outcome(counter.command(D.RELEASE, None, agency="police"))[0] == "refused"
    assert sent(counter.arrives("B1")) == [("B1", a) for a in ("police", "urban-management", "gov-gaoliangjian")]


def test_what_waited_is_what_would_have_gone_out_with_its_deadlines_as_much_later(
    counter: Counter, held: HeldRuleset
) -> None:
    other = Counter(held)
    at_once = {each.agency: each for each in told(other.arrives(), Assignment)}["police"]
    counter.command(D.HOLD, None, agency="police")
    counter.arrives()
    counter.pass_time(hours=3)
    (late,) = told(counter.command(D.RELEASE, None, agency="police"), Assignment)
    assert [due.at - before.at for due, before in zip(late.due, at_once.due, strict=True)] == [timedelta(hours=3)] * 3
    assert {**vars(late), "due": ()} == {**vars(at_once), "due": ()}


def test_a_rule_s_hold_keeps_back_every_assignment_of_its_decisions(counter: Counter) -> None:
    counter.command(D.HOLD, None, rule="noise")
    emits = counter.arrives()
    assert sent(emits) == []
    assert told(emits, Decision)[0].held == ("police", "urban-management", "gov-gaoliangjian")
    assert sent(counter.arrives("A2", category="urban")) == [("A2", "urban-management")]
    assert len(sent(counter.command(D.RELEASE, None, rule="noise"))) == 3


def test_what_another_hold_covers_waits_on(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police")
    counter.arrives()
    counter.command(D.HOLD, None, rule="noise")
    assert sent(counter.command(D.RELEASE, None, agency="police")) == []
    assert sent(counter.command(D.RELEASE, None, rule="noise")) == [("A1", "police")]
    assert leftovers(counter) == []


def test_a_case_decided_anew_drops_what_waits_and_tells_nobody_of_it(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police")
    counter.arrives()
    emits = counter.command(D.REDISPATCH, correction={"category": "urban"})
    assert {notice.agency for notice in told(emits, AssignmentNotice)} == {"gov-gaoliangjian"}
    assert sent(counter.command(D.RELEASE, None, agency="police")) == []
    assert leftovers(counter) == []


@pytest.mark.parametrize("kind", [D.WITHDRAW, D.CLOSE])
def test_a_case_that_is_over_drops_what_waits(counter: Counter, kind: DirectiveKind) -> None:
    counter.command(D.HOLD, None, agency="police")
    counter.arrives()
    counter.arrives("A2")
    ended = told(counter.command(kind), AssignmentNotice)
    assert {notice.agency for notice in ended} == {"urban-management", "gov-gaoliangjian"}
    assert sent(counter.command(D.RELEASE, None, agency="police")) == [("A2", "police")]


def test_nobody_hears_of_an_assignment_that_he_has_not_got(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police")
    counter.arrives()
    assert told(counter.command(D.REMIND), AssignmentNotice) == []
    assert told(counter.command(D.ESCALATE), AssignmentNotice) == []
    counter.command(D.RELEASE, None, agency="police")
    assert len(told(counter.command(D.REMIND), AssignmentNotice)) == 1


@pytest.mark.parametrize("last", [D.WITHDRAW, D.REDISPATCH])
def test_who_knows_of_an_earlier_round_hears_of_it_when_the_later_one_is_never_sent(
    counter: Counter, last: DirectiveKind
) -> None:
    counter.arrives()
    counter.command(D.HOLD, None, agency="police")
    emits = counter.command(D.REDISPATCH, reason="再办")
    assert told(emits, Decision)[0].held == ("police",)
    assert "police" not in {notice.agency for notice in told(emits, AssignmentNotice)}
    counter.command(D.REDISPATCH)
    emits = counter.command(last, correction={"category": "urban"})
    (heard,) = [notice for notice in told(emits, AssignmentNotice) if notice.agency == "police"]
    assert (heard.round, heard.assignment) == (1, assignment_id(case_of("A1"), "police", 1, Role.LEAD))
    assert heard.notice is D.WITHDRAW


def test_who_was_informed_hears_of_it_when_a_stronger_part_is_never_sent(counter: Counter) -> None:
    counter.arrives()
    counter.command(D.HOLD, None, agency="gov-gaoliangjian")
    counter.command(D.AMEND, correction={"tags": ("surge",)})
    heard = {notice.agency: notice.role for notice in told(counter.command(D.CLOSE), AssignmentNotice)}
    assert heard["gov-gaoliangjian"] is Role.INFORMED


def test_what_was_let_go_since_is_what_an_agency_hears_of(counter: Counter) -> None:
    counter.arrives()
    counter.command(D.HOLD, None, agency="police")
    counter.command(D.REDISPATCH)
    counter.command(D.RELEASE, None, agency="police")
    heard = {notice.agency: notice.round for notice in told(counter.command(D.CLOSE), AssignmentNotice)}
    assert heard["police"] == 2


def test_a_hold_ends_by_itself_when_the_next_record_comes(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police", until=WHEN + timedelta(hours=1))
    counter.arrives()
    counter.pass_time(hours=2)
    emits = counter.arrives("A2", category="urban")
    (go,) = told(emits, Directive)
    assert (go.kind, go.agency, go.issued_by) == (D.RELEASE, "police", "dispatch")
    assert sent(counter.arrives("A3"))[0] == ("A3", "urban-management"), "what is new would overtake what waits"
    let_go = counter.hand(TOPICS.bus("directives"), go.model_dump_json().encode())
    assert sent(let_go) == [("A1", "police"), ("A3", "police")]
    assert leftovers(counter) == []


def test_an_ended_hold_with_nothing_waiting_is_gone_at_once(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police", until=WHEN + timedelta(hours=1))
    counter.pass_time(hours=1)
    emits = counter.arrives()
    assert told(emits, Directive) == []
    assert ("A1", "police") in sent(emits)
    assert leftovers(counter) == []


def test_a_long_queue_is_let_go_in_parts_and_goes_on_by_itself(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MOST_RELEASED", 5)
    counter.command(D.HOLD, None, agency="police")
    for number in range(12):
        counter.arrives(f"A{number}")
    emits = counter.command(D.RELEASE, None, agency="police")
    assert outcome(emits) == ("acted", "5 let go; the rest follows by itself")
    gone = sent(emits)
    assert len(gone) == 5
    assert sent(counter.arrives("B1"))[0] != ("B1", "police")
    ids = set()
    while going := told(emits, Directive):
        (go,) = going
        ids.add(go.id)
        emits = counter.hand(TOPICS.bus("directives"), go.model_dump_json().encode())
        gone += sent(emits)
        assert counter.hand(TOPICS.bus("directives"), go.model_dump_json().encode()) == []
    assert gone == [*((f"A{number}", "police") for number in range(12)), ("B1", "police")]
    assert len(ids) == 2
    assert leftovers(counter) == []


def test_what_is_held_again_while_it_is_let_go_waits_again(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MOST_RELEASED", 2)
    counter.command(D.HOLD, None, agency="police")
    for number in range(5):
        counter.arrives(f"A{number}")
    (go,) = told(counter.command(D.RELEASE, None, agency="police"), Directive)
    counter.command(D.HOLD, None, agency="police")
    stale = counter.hand(TOPICS.bus("directives"), go.model_dump_json().encode())
    assert (outcome(stale)[0], sent(stale)) == ("refused", [])
    monkeypatch.setattr(holding, "MOST_RELEASED", 100)
    assert len(sent(counter.command(D.RELEASE, None, agency="police"))) == 3


def test_a_part_of_a_release_is_bounded_by_its_bytes_too(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MOST_BYTES", 1_000)
    counter.command(D.HOLD, None, agency="police")
    for number in range(6):
        counter.arrives(f"A{number}")
    emits = counter.command(D.RELEASE, None, agency="police")
    assert 0 < len(sent(emits)) < 6
    assert len(told(emits, Directive)) == 1


class _Reads(dict[bytes, bytes]):
    """Counts what is asked of it."""

    asked = 0

    def get(self, key: bytes, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        self.asked += 1
        return super().get(key, default)

    def __iter__(self) -> None:  # type: ignore[override]
        raise AssertionError("the state is never scanned")


def test_a_release_asks_the_state_by_what_waits_and_not_by_what_there_is(counter: Counter) -> None:
    for number in range(300):
        counter.arrives(f"B{number}")
    counter.command(D.HOLD, None, agency="police")
    for number in range(10):
        counter.arrives(f"A{number}")
    counter.kept = reads = _Reads(counter.kept)
    assert len(sent(counter.command(D.RELEASE, None, agency="police"))) == 10
    assert reads.asked < 10 * 4


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"agency": "police", "rule": "noise"},
        {"agency": "nobody"},
        {"rule": "nothing"},
        {"rule": "surge"},
        {"agency": "police", "incident": case_of("A1")},
        {"agency": "police", "until": WHEN},
    ],
)
def test_a_hold_on_nothing_is_refused_with_a_sentence(counter: Counter, fields: dict[str, object]) -> None:
    result, because = outcome(counter.command(D.HOLD, None, **fields))
    assert (result, bool(because)) == ("refused", True)
    assert leftovers(counter) == []


def test_what_is_held_let_go_and_dropped_is_counted(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="police")
    told_of = counter.dispatch.counts.tally
    name = "incidentbus_held_assignments_total"
    counter.arrives()
    assert told_of.value(name, change="held") == 1
    counter.command(D.WITHDRAW)
    assert told_of.value(name, change="dropped") == 1
    counter.arrives("A2")
    counter.command(D.RELEASE, None, agency="police")
    assert told_of.value(name, change="released") == 1


def test_an_amendment_adds_agencies_and_tells_of_tighter_deadlines(counter: Counter) -> None:
    counter.arrives()
    counter.pass_time(hours=1)
    emits = counter.command(D.AMEND, correction={"tags": ("surge",)}, reporters=30, id="dir-surge")
    (decision,) = told(emits, Decision)
    assert (decision.round, decision.lead, decision.state.reporters) == (1, "police", 30)
    assert outcome(emits)[0] == "decided"
    assert [(a.agency, a.role, a.round) for a in told(emits, Assignment)] == [("gov-gaoliangjian", Role.CO_HANDLER, 1)]
    notices = told(emits, AssignmentNotice)
    assert {(n.agency, n.notice, n.milestone.value) for n in notices if n.milestone} == {
        ("police", D.AMEND, "resolve"), ("urban-management", D.AMEND, "resolve"),
    }  # fmt: skip
    resolve = next(due.at for due in decision.due if due.milestone.value == "resolve")
    assert {n.until for n in notices} == {resolve}
    assert counter.case().role_of("gov-gaoliangjian") is Role.CO_HANDLER
    assert counter.case().reporters == 30


def test_an_amendment_takes_nothing_away_and_says_nothing_twice(counter: Counter) -> None:
    counter.arrives(tags=("night",))
    counter.command(D.AMEND, correction={"tags": ("surge",)})
    case = counter.case()
    assert case.incident.tags == ("night", "surge")
    again = counter.command(D.AMEND, reporters=2)
    assert (told(again, Assignment), told(again, AssignmentNotice)) == ([], [])
    assert counter.case().given == case.given
    assert (counter.case().due, counter.case().round, counter.case().lead) == (case.due, 1, "police")


def test_an_amendment_under_a_hold_waits_too_and_takes_the_place_of_what_it_replaces(counter: Counter) -> None:
    counter.command(D.HOLD, None, agency="gov-gaoliangjian")
    counter.arrives()
    emits = counter.command(D.AMEND, correction={"tags": ("surge",)})
    assert (told(emits, Decision)[0].held, sent(emits)) == (("gov-gaoliangjian",), [])
    (released,) = told(counter.command(D.RELEASE, None, agency="gov-gaoliangjian"), AssignmentReleased)
    assert released.assignment == assignment_id(case_of("A1"), "gov-gaoliangjian", 1, Role.CO_HANDLER)
    assert leftovers(counter) == []


def test_a_later_round_ends_what_an_amendment_added(counter: Counter) -> None:
    counter.arrives()
    counter.command(D.AMEND, correction={"tags": ("surge",)})
    emits = counter.command(D.REDISPATCH, correction={"category": "urban", "tags": ()})
    gone = {n.agency: n.role for n in told(emits, AssignmentNotice)}
    assert gone == {"police": Role.LEAD, "gov-gaoliangjian": Role.CO_HANDLER}
