"""Notices: whom a directive concerns is told behind his assignment, once; whoever has none hears nothing."""

from datetime import timedelta

import orjson
import pytest

from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, Flag, Milestone, ReasonCode, Role
from contracts.decision import Decision
from contracts.errors import Permanent
from contracts.ids import assignment_id
from contracts.incident import incident_bytes
from contracts.notice import AssignmentNotice
from contracts.ports import Emit
from contracts.report import Reporter
from streams.processors.dispatch.state import CaseState, ended_by
from streams.rulesets import HeldRuleset
from tests.streams.processors.counter import PHONE, TOPICS, WHEN, Counter, case_of, outcome, told

D = DirectiveKind
ID = case_of("A1")
LED = assignment_id(ID, "police", 1, Role.LEAD)


@pytest.fixture
def counter(held: HeldRuleset) -> Counter:
    made = Counter(held)
    made.arrives()
    return made


def heard(emits: list[Emit]) -> dict[str, DirectiveKind]:
    """Return what each agency was told; none is told twice."""
    notices = told(emits, AssignmentNotice)
    assert len({notice.agency for notice in notices}) == len(notices)
    return {notice.agency: notice.notice for notice in notices}


@pytest.mark.parametrize(
    "kind",
    [D.REMIND, D.SUPERVISE, D.GRANT_EXTENSION, D.REFUSE_EXTENSION, D.DEFER, D.REOPEN, D.REFUSE_RETURN, D.ACKNOWLEDGE],
)
def test_the_lead_is_told_or_the_agency_that_it_is_said_to(counter: Counter, kind: DirectiveKind) -> None:
    assert heard(counter.command(kind)) == {"police": kind}
    named = counter.command(kind, agency="urban-management")
    assert heard(named) == {"urban-management": kind}
    (notice,) = told(named, AssignmentNotice)
    assert (notice.role, notice.round) == (Role.CO_HANDLER, 1)
    assert notice.assignment == assignment_id(ID, "urban-management", 1, Role.CO_HANDLER)


def test_a_notice_says_of_which_assignment_and_which_deadline_it_speaks_and_by_when(counter: Counter) -> None:
    until = WHEN + timedelta(days=9)
    asked = {"milestone": Milestone.RESOLVE, "until": until, "late_s": 2.5, "reason": "连续催办", "id": "dir-x"}
    (notice,) = told(counter.command(D.GRANT_EXTENSION, **asked), AssignmentNotice)
    assert (notice.assignment, notice.incident, notice.agency, notice.role) == (LED, ID, "police", Role.LEAD)
    assert (notice.milestone, notice.until, notice.late_s) == (Milestone.RESOLVE, until, 2.5)
    assert (notice.by, notice.reason, notice.at, notice.exercise) == ("command-centre", "连续催办", WHEN, False)
    assert counter.command(D.GRANT_EXTENSION, **asked) == []


def test_an_excused_co_handler_is_told_and_nobody_else_can_be_excused(counter: Counter) -> None:
    assert heard(counter.command(D.EXCUSE, agency="urban-management")) == {"urban-management": D.EXCUSE}
    for agency in (None, "police", "gov-gaoliangjian", "nobody"):
        emits = counter.command(D.EXCUSE, agency=agency)
        assert (outcome(emits)[0], heard(emits)) == ("refused", {})


def test_an_escalation_is_told_to_the_lead_and_to_who_stands_above_it(counter: Counter) -> None:
    for above in (None, "command-centre"):
        emits = counter.command(D.ESCALATE, agency=above)
        assert heard(emits) == {"police": D.ESCALATE, "command-centre": D.ESCALATE}
        lead, supervisor = told(emits, AssignmentNotice)
        assert (lead.role, lead.level) == (Role.LEAD, 0)
        assert (supervisor.role, supervisor.level, supervisor.assignment) == (Role.INFORMED, 1, LED)


def test_who_stands_above_and_was_informed_hears_of_its_own_assignment(counter: Counter) -> None:
    emits = counter.command(D.ESCALATE, agency="gov-gaoliangjian")
    notice = told(emits, AssignmentNotice)[1]
    assert notice.assignment == assignment_id(ID, "gov-gaoliangjian", 1, Role.INFORMED)


@pytest.mark.parametrize("kind", [D.WITHDRAW, D.CLOSE, D.MERGE])
def test_the_end_of_a_case_is_told_to_everybody_and_a_line_is_left_of_it(counter: Counter, kind: DirectiveKind) -> None:
    emits = counter.command(kind, into=case_of("A2"))
    assert heard(emits) == dict.fromkeys(("police", "urban-management", "gov-gaoliangjian"), kind)
    left = counter.kept[ID.encode()]
    assert ended_by(left) == kind
    assert len(left) < 50
    for later in (D.REDISPATCH, D.ADJUDICATE, D.AMEND, D.REMIND, D.CLOSE, D.APPROVE_RETURN):
        refused = counter.command(later, agency="police")
        assert outcome(refused) == ("refused", f"the case is over: {kind.value}")
        assert len(refused) == 1
    assert counter.arrives() == []
    assert counter.arrives(flags=(Flag.REINTERPRETED,)) == []


def test_a_merge_into_nothing_or_itself_is_refused(counter: Counter) -> None:
    for into in (None, ID):
        assert outcome(counter.command(D.MERGE, into=into))[0] == "refused"
    assert ended_by(counter.kept[ID.encode()]) is None


def test_a_word_to_an_agency_without_a_part_is_refused(counter: Counter) -> None:
    emits = counter.command(D.REMIND, agency="command-centre")
    assert (outcome(emits)[0], len(emits)) == ("refused", 1)


def test_a_command_of_a_case_that_was_never_decided_is_a_dead_letter(counter: Counter) -> None:
    for kind in (D.REMIND, D.CLOSE, D.AMEND, D.REDISPATCH):
        with pytest.raises(Permanent) as refusal:
            counter.command(kind, "A9")
        assert refusal.value.reason is ReasonCode.UNKNOWN_INCIDENT


def test_a_reason_goes_no_further_than_the_text_did(counter: Counter) -> None:
    reason = f"来电人张某某 {PHONE} 不满意"
    said = {n.role: n.reason for n in told(counter.command(D.WITHDRAW, reason=reason), AssignmentNotice)}
    assert said[Role.LEAD] == reason
    assert PHONE not in said[Role.CO_HANDLER]
    assert "张某某" not in said[Role.CO_HANDLER]
    assert said[Role.INFORMED] == ""


def test_a_reason_is_kept_from_helpers_where_the_reporter_asked_for_secrecy(held: HeldRuleset) -> None:
    counter = Counter(held)
    incident = counter.incident()
    secret = incident.report.model_copy(update={"reporter": Reporter(name="张某某", phone=PHONE, secrecy=True)})
    counter.arrives(report=secret)
    said = {n.role: n.reason for n in told(counter.command(D.WITHDRAW, reason="撤回"), AssignmentNotice)}
    assert said == {Role.LEAD: "撤回", Role.CO_HANDLER: "", Role.INFORMED: ""}


def test_whoever_has_no_part_in_the_new_round_is_told_and_whoever_has_is_told_by_that(counter: Counter) -> None:
    emits = counter.command(D.REDISPATCH, correction={"category": "urban"})
    (decision,) = told(emits, Decision)
    assert decision.round == 2
    assert {a.agency for a in told(emits, Assignment)} == {"urban-management"}
    assert heard(emits) == {"police": D.WITHDRAW, "gov-gaoliangjian": D.WITHDRAW}
    lead = next(n for n in told(emits, AssignmentNotice) if n.agency == "police")
    assert (lead.assignment, lead.round) == (LED, 1)


def test_the_lead_that_handed_the_case_back_is_told_nothing(counter: Counter) -> None:
    for kind in (D.REDISPATCH, D.APPROVE_RETURN):
        again = Counter(counter.rulesets)
        again.arrives()
        emits = again.command(kind, returned_by="police", agency="police")
        (decision,) = told(emits, Decision)
        assert (decision.state.returned_by, decision.state.adjudicated_to) == (("police",), None)
        assert decision.lead != "police"
        assert "police" not in heard(emits)


def test_an_approved_return_is_the_lead_s(counter: Counter) -> None:
    (decision,) = told(counter.command(D.APPROVE_RETURN), Decision)
    assert decision.state.returned_by == ("police",)
    assert outcome(counter.command(D.APPROVE_RETURN, returned_by="police"))[0] == "refused"


def test_a_ruling_tells_those_who_are_out(counter: Counter) -> None:
    emits = counter.command(D.ADJUDICATE, agency="command-centre")
    new = {a.agency for a in told(emits, Assignment)}
    assert set(heard(emits)) == {"police", "urban-management", "gov-gaoliangjian"} - new
    assert outcome(counter.command(D.REDISPATCH))[0] == "refused"


def test_a_report_understood_anew_is_decided_anew_and_tells_those_who_are_out(counter: Counter) -> None:
    incident = counter.incident(category="urban", flags=(Flag.REINTERPRETED,))
    headers = (("ce_specversion", b"1.0"), ("ce_id", b"dir-re"), ("ce_source", b"x"), ("ce_type", b"y"))
    emits = counter.hand(TOPICS.bus("incidents"), incident_bytes(incident), headers)
    assert told(emits, Decision)[0].round == 2
    assert heard(emits) == {"police": D.WITHDRAW, "gov-gaoliangjian": D.WITHDRAW}
    assert told(counter.command(D.REINTERPRET, raw=("a/0/1",)), Decision) == []
    assert outcome(counter.command(D.REINTERPRET, "A9", raw=("a/0/1",))) == ("passed_on", "")


def test_a_drill_stays_one_in_its_notices(held: HeldRuleset) -> None:
    counter = Counter(held)
    emits = counter.arrives(exercise=True)
    assert told(emits, Decision)[0].subject.exercise
    assert all(notice.exercise for notice in told(counter.command(D.CLOSE), AssignmentNotice))


def test_a_decision_says_what_it_is_about_and_nothing_of_the_reporter(counter: Counter) -> None:
    emits = counter.arrives("A2")
    (decision,) = told(emits, Decision)
    subject = decision.subject
    assert (subject.channel, subject.external_id, subject.category) == ("hotline-12345", "A2", "noise")
    assert (subject.jurisdiction, subject.received_at, subject.exercise) == ("320813001", WHEN, False)
    assert PHONE.encode() not in (emits[0].value or b"")
    assert b'"held"' not in (emits[0].value or b"")


def test_an_old_case_reads_on_and_its_lead_is_told(counter: Counter) -> None:
    head, _, body = counter.kept[ID.encode()].partition(b"\n")
    old = {name: value for name, value in orjson.loads(head).items() if name not in ("given", "route", "due")}
    counter.kept[ID.encode()] = written = orjson.dumps(old) + b"\n" + body
    assert CaseState.read(written).write() == written
    assert heard(counter.command(D.REMIND)) == {"police": D.REMIND}
    assert heard(counter.command(D.WITHDRAW)) == {"police": D.WITHDRAW}


def test_what_is_kept_of_a_new_round_is_what_a_case_writes(counter: Counter) -> None:
    raw = counter.kept[ID.encode()]
    assert CaseState.read(raw).write() == raw
    counter.command(D.REDISPATCH, correction={"category": "urban"})
    raw = counter.kept[ID.encode()]
    case = CaseState.read(raw)
    assert case.write() == raw
    assert case.dispatched_at == WHEN
