"""The life of one case: what may be told, what comes of it, and what falls due. Weeks pass in milliseconds."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.codes import (
    CaseStatus,
    DirectiveKind,
    FactKind,
    Milestone,
    Outcome,
    PartStatus,
    ReasonCode,
    ReturnReason,
    Role,
    Satisfaction,
)
from contracts.dispatch_record import DirectiveOutcome
from contracts.ids import assignment_id
from streams.rulesets import HeldRuleset
from tests.streams.processors.desk import TOPICS, Desk

F, S = FactKind, CaseStatus


@pytest.fixture
def desk(held: HeldRuleset) -> Desk:
    return Desk(held)


@pytest.fixture
def given(desk: Desk) -> Desk:
    desk.decide("police", ("urban-management", Role.CO_HANDLER), ("gov-gaoliangjian", Role.INFORMED))
    return desk


def part(desk: Desk, agency: str) -> Any:
    return next(each for each in desk.case.parts if each.agency == agency)


def test_a_first_decision_opens_the_case_and_its_channel_is_told_once(desk: Desk) -> None:
    emits = desk.decide()
    assert desk.kinds(emits) == [F.REGISTERED, F.DISPATCHED]
    assert desk.outcomes() == ["dispatched"]
    assert (desk.case.status, desk.case.lead, desk.case.external_id) == (S.DISPATCHED, "police", "A1")
    assert [fact.lead for fact in desk.facts()] == ["", "police"]


def test_the_life_of_a_case_that_goes_well(given: Desk) -> None:
    given.tell("police", F.ACKNOWLEDGED)
    given.tell("police", F.RESPONDED)
    given.tell("police", F.IN_PROGRESS)
    given.tell("urban-management", F.RESOLVED)
    given.tell("police", F.RESOLVED)
    assert given.case.status is S.RESOLVED
    given.wait(days=3)
    assert F.FOLLOW_UP_DUE in given.kinds()
    given.tell("command-centre", F.FOLLOWED_UP, satisfaction=Satisfaction.SATISFIED)
    assert given.case.status is S.CLOSED
    assert given.kinds()[-2:] == [F.FOLLOWED_UP, F.CLOSED]
    assert [each.kind for each in given.directives()] == [DirectiveKind.CLOSE]
    assert given.outcomes() == ["dispatched", "acknowledged", "responded", "resolved", "follow_up_due", "closed"]
    assert given.due() is None
    assert not given.letters()


def test_a_fact_told_twice_is_applied_once(given: Desk) -> None:
    first = given.tell("police", F.ACKNOWLEDGED, id="fct-same")
    assert given.kinds(first) == [F.ACKNOWLEDGED]
    assert given.tell("police", F.ACKNOWLEDGED, id="fct-same") == []
    assert not given.letters()


def test_what_may_not_be_told_is_a_dead_letter_of_whoever_told_it_and_changes_nothing(given: Desk) -> None:
    before = given.state.get(given.key)
    for agency, fact in (("police", F.VERIFIED), ("urban-management", F.EXTENSION_REQUESTED), ("police", F.CLOSED)):
        emits = given.tell(agency, fact)
        topic = TOPICS.dead_letters(TOPICS.agency_feedback(agency))
        assert given.letters(emits) == [(topic, ReasonCode.ILLEGAL_TRANSITION)]
    given.tell("gov-gaoliangjian", F.ACKNOWLEDGED)  # who is only informed has nothing to tell
    assert given.letters()[-1][0].startswith("agency.gov-gaoliangjian")
    assert given.state.get(given.key) == before


def test_the_ladder_reminds_tells_the_deadline_supervises_and_climbs_each_once(given: Desk) -> None:
    given.tell("urban-management", F.RESOLVED)
    given.tell("police", F.RESPONDED)
    emits = given.wait(days=20)
    about = [(fact.fact, fact.milestone, fact.step) for fact in given.facts(emits)]
    of_ladder = [each for each in about if each[1] is Milestone.RESOLVE]
    assert of_ladder == [
        (F.OVERDUE, Milestone.RESOLVE, 0),
        (F.REMINDED, Milestone.RESOLVE, 1),
        (F.SUPERVISED, Milestone.RESOLVE, 2),
        (F.ESCALATED, Milestone.RESOLVE, 3),
    ]
    orders = [(each.kind, each.agency, each.step) for each in given.directives(emits)]
    assert orders[:3] == [
        (DirectiveKind.REMIND, "police", 1),
        (DirectiveKind.SUPERVISE, "police", 2),
        (DirectiveKind.ESCALATE, "command-centre", 3),
    ]
    assert given.case.overdue == [Milestone.RESOLVE]
    assert given.due() is not None


def test_steps_missed_while_every_worker_was_down_are_taken_afterwards_in_order_and_say_how_late(given: Desk) -> None:
    given.tell("urban-management", F.RESOLVED)
    given.tell("police", F.RESPONDED)
    given.sleep(days=30)
    emits = []
    while (due := given.due()) is not None and due <= given.now:
        emits += given.fire()
    facts = [fact for fact in given.facts(emits) if fact.milestone is Milestone.RESOLVE]
    assert [fact.fact for fact in facts] == [F.OVERDUE, F.REMINDED, F.SUPERVISED, F.ESCALATED]
    late = [fact.late_s for fact in facts]
    assert late == sorted(late, key=lambda each: -(each or 0))
    assert late[0] == pytest.approx(timedelta(days=25).total_seconds())
    assert len({fact.id for fact in given.facts()}) == len(given.facts())


def test_a_milestone_reached_in_time_is_never_reminded_of(given: Desk) -> None:
    given.tell("urban-management", F.RESOLVED)
    given.tell("police", F.RESOLVED)
    emits = given.wait(days=1)
    assert not {F.REMINDED, F.OVERDUE} & set(given.kinds(emits))


def test_a_return_within_its_time_has_the_case_decided_anew_and_the_lead_accountable_until_then(given: Desk) -> None:
    emits = given.tell("police", F.RETURNED, return_reason=ReturnReason.NOT_OUR_DUTY)
    (order,) = given.directives(emits)
    assert (order.kind, order.returned_by, order.return_reason) == (
        DirectiveKind.REDISPATCH, "police", ReturnReason.NOT_OUR_DUTY,
    )  # fmt: skip
    assert (given.case.status, given.case.lead) == (S.RETURNED, "police")
    emits = given.decide("urban-management", round_=2)
    assert given.kinds(emits) == [F.REASSIGNED]
    assert (given.case.status, given.case.lead, given.case.round) == (S.DISPATCHED, "urban-management", 2)
    assert part(given, "police").status is PartStatus.RETURNED


def test_a_return_after_its_time_is_too_late(given: Desk) -> None:
    given.wait(days=2)
    emits = given.tell("police", F.RETURNED, return_reason=ReturnReason.NOT_OUR_DUTY)
    assert given.letters(emits)[0][1] == ReasonCode.TOO_LATE
    assert given.case.status is S.DISPATCHED


def test_a_return_told_in_time_and_passed_on_late_is_in_time(given: Desk) -> None:
    told_at = given.ms
    given.wait(days=2)
    emits = given.tell("police", F.RETURNED, return_reason=ReturnReason.NOT_OUR_DUTY, received=told_at)
    assert not given.letters(emits)
    assert given.case.status is S.RETURNED


def test_a_helper_that_is_late_is_told_to_its_own_superior_and_climbs_no_level_of_the_case(given: Desk) -> None:
    given.tell("police", F.RESOLVED)
    emits = given.wait(days=20)
    climbed = [each for each in given.directives(emits) if each.kind is DirectiveKind.ESCALATE]
    assert {(each.agency, each.whose) for each in climbed} == {("command-centre", "urban-management")}
    assert given.case.level == 0


def test_after_the_command_centre_s_ruling_nobody_hands_back(given: Desk) -> None:
    given.decide("urban-management", round_=2, reason=Outcome.ADJUDICATED, adjudicated=True)
    assert given.kinds()[-1] is F.ADJUDICATED
    emits = given.tell("urban-management", F.RETURNED, return_reason=ReturnReason.NOT_OUR_DUTY)
    assert given.letters(emits)[0][1] == ReasonCode.ILLEGAL_TRANSITION


def test_too_many_returns_make_a_dispute_which_only_a_ruling_ends(given: Desk) -> None:
    given.tell("police", F.RETURNED, return_reason=ReturnReason.NOT_OUR_DUTY)
    given.decide("command-centre", round_=2, reason=Outcome.ADJUDICATION)
    assert given.case.status is S.DISPUTED
    assert given.letters(given.tell("command-centre", F.ACKNOWLEDGED))
    assert given.due() is not None
    given.decide("police", round_=3, reason=Outcome.ADJUDICATED, adjudicated=True)
    assert (given.case.status, given.case.lead) == (S.DISPATCHED, "police")


def test_a_fact_of_an_earlier_round_is_refused(given: Desk) -> None:
    old = assignment_id(given.incident, "police", 1, Role.LEAD)
    given.decide("police", round_=2)
    emits = given.tell("police", F.ACKNOWLEDGED, assignment=old)
    assert given.letters(emits)
    given.tell("police", F.ACKNOWLEDGED, assignment=assignment_id(given.incident, "police", 2, Role.LEAD))
    assert given.case.status is S.ACKNOWLEDGED


def test_a_fact_that_overtakes_its_decision_waits_for_it_without_its_note(desk: Desk) -> None:
    assert desk.tell("police", F.ACKNOWLEDGED, note="张某某的电话") == []
    assert "张某某".encode() not in desk.state.values[desk.key]
    emits = desk.decide()
    assert desk.kinds(emits) == [F.REGISTERED, F.DISPATCHED, F.ACKNOWLEDGED]
    assert desk.case.status is S.ACKNOWLEDGED
    later = assignment_id(desk.incident, "urban-management", 2, Role.LEAD)
    assert desk.tell("urban-management", F.ACKNOWLEDGED, assignment=later) == []
    emits = desk.decide("urban-management", round_=2)
    assert desk.kinds(emits) == [F.REASSIGNED, F.ACKNOWLEDGED]


def test_a_fact_whose_decision_never_comes_is_a_dead_letter_in_the_end(desk: Desk) -> None:
    desk.tell("police", F.ACKNOWLEDGED)
    emits = desk.wait(hours=2)
    assert desk.letters(emits) == [("agency.police.feedback.v1.dlq", ReasonCode.UNKNOWN_INCIDENT)]
    assert desk.state.get(desk.key) is None


def test_who_is_dissatisfied_sends_the_case_back_to_the_same_agency_counted_and_supervised_when_often(
    given: Desk,
) -> None:
    given.tell("urban-management", F.RESOLVED)
    for times in (1, 2, 3):
        given.tell("police", F.RESOLVED)
        given.wait(days=3)
        emits = given.tell("command-centre", F.FOLLOWED_UP, satisfaction=Satisfaction.DISSATISFIED)
        assert (given.case.status, given.case.lead, given.case.reopened) == (S.ACKNOWLEDGED, "police", times)
        assert given.kinds(emits)[:2] == [F.FOLLOWED_UP, F.REOPENED]
        assert (F.SUPERVISED in given.kinds(emits)) == (times == 3)
        reopened = next(each for each in given.directives(emits) if each.kind is DirectiveKind.REOPEN)
        assert reopened.until is not None
    assert given.outcomes().count("reopened") == 3


def test_a_resolution_that_nobody_contradicts_stands_after_its_time(given: Desk) -> None:
    given.tell("urban-management", F.RESOLVED)
    given.tell("police", F.RESOLVED)
    given.wait(days=20)
    assert given.case.status is S.CLOSED
    assert given.case.satisfaction is None


def test_a_co_handler_that_is_late_holds_the_case_open_until_it_is_done_or_excused(given: Desk) -> None:
    given.tell("police", F.RESOLVED)
    given.wait(days=8)
    given.tell("command-centre", F.FOLLOWED_UP, satisfaction=Satisfaction.SATISFIED)
    assert given.case.status is S.RESOLVED
    late = [fact for fact in given.facts() if fact.fact is F.OVERDUE and fact.agency == "urban-management"]
    assert {fact.milestone for fact in late} == {Milestone.ACKNOWLEDGE, Milestone.RESOLVE}
    given.command(DirectiveKind.EXCUSE, agency="urban-management")
    assert given.case.status is S.CLOSED
    assert given.kinds()[-2:] == [F.EXCUSED, F.CLOSED]


def test_an_extension_is_asked_for_before_the_deadline_and_moves_it_when_granted(given: Desk) -> None:
    until = given.now + timedelta(days=10)
    given.tell("police", F.EXTENSION_REQUESTED, until=until)
    given.command(DirectiveKind.GRANT_EXTENSION)
    assert part(given, "police").resolve_by == round(until.timestamp() * 1000)
    given.wait(days=6)
    of_lead = [fact for fact in given.facts() if fact.fact is F.OVERDUE and fact.agency == "police"]
    assert Milestone.RESOLVE not in {fact.milestone for fact in of_lead}
    again = given.tell("police", F.EXTENSION_REQUESTED, until=until + timedelta(days=2))
    assert given.letters(again)  # more than once


def test_a_case_that_is_deferred_runs_by_its_plan_s_date(given: Desk) -> None:
    given.tell("police", F.RESPONDED)
    given.command(DirectiveKind.DEFER, until=given.now + timedelta(days=60))
    assert given.case.status is S.DEFERRED
    emits = given.wait(days=59)
    assert F.OVERDUE not in [fact.fact for fact in given.facts(emits) if fact.agency == "police"]
    emits = given.wait(days=2)
    assert F.OVERDUE in [fact.fact for fact in given.facts(emits) if fact.agency == "police"]


def test_what_an_operator_commands_that_does_not_fit_is_a_dead_letter_of_the_directives(given: Desk) -> None:
    emits = given.command(DirectiveKind.REOPEN)
    assert given.letters(emits) == [(TOPICS.bus("directives") + ".dlq", ReasonCode.ILLEGAL_TRANSITION)]


@pytest.mark.parametrize(
    ("kind", "status"),
    [(DirectiveKind.CLOSE, S.CLOSED), (DirectiveKind.WITHDRAW, S.WITHDRAWN), (DirectiveKind.MERGE, S.MERGED)],
)
def test_closed_is_closed(given: Desk, kind: DirectiveKind, status: CaseStatus) -> None:
    given.command(kind, into="inc-other")
    assert (given.case.status, given.due()) == (status, None)
    assert not given.directives()  # dispatch has told the agencies already
    for agency, fact in (("police", F.RESOLVED), ("urban-management", F.RESOLVED)):
        assert given.letters(given.tell(agency, fact))
    assert given.case.status is status
    assert not given.wait(days=100)


def test_a_number_of_another_system_is_kept_with_the_case_even_when_it_is_over(given: Desk) -> None:
    given.tell("police", F.LINKED, system="police-110", number="JJD-1")
    given.command(DirectiveKind.CLOSE)
    given.tell("police", F.LINKED, system="province", number="S-2")
    assert given.case.numbers == {"police-110": "JJD-1", "province": "S-2"}


def test_a_held_assignment_waits_its_clocks_too_and_both_begin_with_the_release(desk: Desk) -> None:
    desk.decide("police", held=("police",))
    assert desk.kinds()[-1] is F.HELD
    assert part(desk, "police").status is PartStatus.HELD
    assert desk.letters(desk.tell("police", F.ACKNOWLEDGED))
    emits = desk.wait(days=2)
    assert F.OVERDUE not in desk.kinds(emits)
    emits = desk.release("police")
    assert desk.kinds(emits) == [F.RELEASED]
    mine = part(desk, "police")
    assert mine.resolve_by == desk.ms + 5 * 86_400_000
    emits = desk.wait(hours=5)
    assert desk.kinds(emits)[0] is F.OVERDUE


def test_what_supervise_asked_for_itself_is_not_done_twice_when_dispatch_records_it(given: Desk) -> None:
    emits = given.command(DirectiveKind.REMIND, issued_by="supervise")
    assert emits == []
    assert given.case.reminders == 0


def test_a_redispatch_that_dispatch_refuses_leaves_the_case_with_its_lead(given: Desk) -> None:
    given.tell("police", F.RETURNED, return_reason=ReturnReason.NOT_OUR_DUTY)
    given.command(DirectiveKind.REDISPATCH, DirectiveOutcome.REFUSED, issued_by="supervise", returned_by="police")
    assert (given.case.status, given.case.returns) == (S.ACKNOWLEDGED, 0)
    given.tell("police", F.RESOLVED)
    assert given.case.status is S.RESOLVED


def test_an_amendment_adds_and_tightens_and_never_moves_the_lead(given: Desk) -> None:
    before = part(given, "police").resolve_by
    emits = given.decide("police", ("command-centre", Role.CO_HANDLER), days=2, tags=("night",))
    assert given.kinds(emits) == [F.AMENDED]
    assert part(given, "police").resolve_by < before
    assert part(given, "command-centre").status is PartStatus.ASSIGNED
    assert part(given, "urban-management").status is PartStatus.ASSIGNED
    assert (given.case.lead, given.case.tags) == ("police", ["night"])


def test_a_redispatch_while_the_deadline_has_passed_buys_no_time(given: Desk) -> None:
    given.wait(days=6)
    given.decide("urban-management", round_=2, days=-1)
    emits = given.wait(minutes=1)
    late = [fact for fact in given.facts(emits) if fact.fact is F.OVERDUE and fact.milestone is Milestone.RESOLVE]
    assert [fact.agency for fact in late] == ["urban-management"]


def test_facts_carry_where_they_left_the_case_and_no_word_of_a_person(given: Desk) -> None:
    emits = given.tell("police", F.ACKNOWLEDGED, note="来电人张某某 13800000001")
    (fact,) = given.facts(emits)
    assert (fact.status, fact.agency, fact.role, fact.round) == (S.ACKNOWLEDGED, "police", Role.LEAD, 1)
    assert all("13800000001" not in (emit.value or b"").decode() for emit in emits)
