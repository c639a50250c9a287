"""The witness finds what is lost, what came twice and what came in the wrong order; it is deceived by no id of ours."""

from typing import Any

import orjson

from incidentbus.witness import Ledger, judge
from incidentbus.witness.reading import Seen

REPORTS = "channel.hotline-12345.reports.v1"


def assignment(offset: int, external_id: str = "A1", agency: str = "police", **fields: Any) -> Seen:
    body = {
        "id": f"asg-{offset}", "incident": f"inc-{external_id}", "channel": "hotline-12345",
        "external_id": external_id, "agency": agency, "round": 1, "role": "lead", **fields,
    }  # fmt: skip
    return Seen(f"agency.{agency}.assignments.v1", 0, offset, orjson.dumps(body), {})


def decision(external_id: str = "A1", round_: int = 1, **roles: str) -> Seen:
    given = [{"agency": agency, "role": role} for agency, role in roles.items()]
    body = {"incident": f"inc-{external_id}", "round": round_, "roles": given}
    return Seen("bus.decisions.v1", 0, 0, orjson.dumps(body), {})


def dead_letter(offset: int, **headers: bytes) -> Seen:
    told = {"dlq_topic": REPORTS.encode(), "dlq_partition": b"0", "dlq_offset": str(offset).encode(), **headers}
    return Seen(REPORTS + ".dlq", 0, 0, b"{", told)


def ledger(*external_ids: str | None) -> Ledger:
    made = Ledger()
    for offset, external_id in enumerate(external_ids):
        made.note("hotline-12345", external_id, (REPORTS, 0, offset))
    return made


def test_all_in_its_place_is_clean() -> None:
    verdict = judge(ledger("A1", None), [assignment(0)], [decision(police="lead")], [dead_letter(1)])
    assert verdict.clean
    assert (verdict.matters, verdict.assignments, verdict.dead_letters) == (1, 1, 1)


def test_a_matter_without_a_lead_is_lost_once() -> None:
    verdict = judge(ledger("A1", "A2"), [assignment(0)], [decision(police="lead"), decision("A2", police="lead")], [])
    assert verdict.lost == ("hotline-12345 A2: no lead",)


def test_an_unreadable_record_without_a_dead_letter_is_lost() -> None:
    verdict = judge(ledger(None), [], [], [])
    assert verdict.lost == (f"{REPORTS}/0/0: no dead letter",)


def test_what_a_decision_gave_and_no_agency_has_is_lost() -> None:
    verdict = judge(ledger("A1"), [assignment(0)], [decision(police="lead", education="co_handler")], [])
    assert len(verdict.lost) == 1
    assert "education" in verdict.lost[0]


def test_the_same_part_under_another_id_is_a_duplicate() -> None:
    twice = [assignment(0), assignment(1, id="asg-other")]
    verdict = judge(ledger("A1"), twice, [decision(police="lead")], [])
    assert verdict.duplicates == ("hotline-12345 A1 police 1 lead",)
    assert not verdict.clean


def test_two_agencies_that_lead_one_round_are_one_too_many() -> None:
    two = [assignment(0), assignment(1, agency="education")]
    decided = [decision(police="lead"), decision(education="lead")]
    verdict = judge(ledger("A1"), two, decided, [])
    assert verdict.duplicates == ("hotline-12345 A1 1: police leads too",)


def test_a_record_dead_lettered_twice_is_a_duplicate() -> None:
    assert len(judge(ledger(None), [], [], [dead_letter(0), dead_letter(0)]).duplicates) == 1


def test_an_assignment_of_a_matter_that_nobody_published_is_a_stranger() -> None:
    verdict = judge(ledger("A1"), [assignment(0), assignment(1, "A9")], [decision(police="lead")], [])
    assert verdict.strangers == ("hotline-12345 A9 police 1 lead",)
    assert not verdict.clean


def test_another_round_is_no_duplicate_but_going_back_is_disorder() -> None:
    decided = [decision(police="lead"), decision(round_=2, police="lead")]
    first, second = assignment(0), assignment(1, round=2)
    assert judge(ledger("A1"), [first, second], decided, []).clean
    assert len(judge(ledger("A1"), [second, first], decided, []).disordered) == 1


def test_a_dead_letter_of_a_record_passed_on_counts_where_it_first_stood() -> None:
    passed_on = dead_letter(7, incidentbus_origin=f"{REPORTS}/0/0".encode())
    assert judge(ledger(None), [], [], [passed_on]).clean


def test_a_decision_without_its_assignment_and_an_assignment_without_its_decision_are_orphans() -> None:
    gave_more = [decision(police="lead", education="co_handler")]
    assert judge(ledger("A1"), [assignment(0)], gave_more, []).orphans == (
        "inc-A1 1 education co_handler: decided, and no assignment",
    )
    both = [assignment(0), assignment(1, agency="education", role="co_handler")]
    verdict = judge(ledger("A1"), both, [decision(police="lead")], [])
    assert verdict.orphans == ("inc-A1 1 education co_handler: assigned, and no decision",)
    assert not verdict.clean


def test_a_round_decided_twice_is_an_orphan_and_rounds_out_of_order_are_disorder() -> None:
    once, again = decision(police="lead"), decision(police="lead")
    assert judge(ledger("A1"), [assignment(0)], [once, again], []).orphans == ("inc-A1 1: decided 2 times",)
    two = [assignment(0), assignment(1, round=2)]
    backwards = judge(ledger("A1"), two, [decision(round_=2, police="lead"), once], [])
    assert backwards.disordered == ("inc-A1: round 1 decided after round 2",)


def test_a_directive_on_the_decisions_topic_is_no_decision() -> None:
    taken = Seen("bus.decisions.v1", 0, 1, orjson.dumps({"directive": "d1", "incident": "inc-A1"}), {})
    assert judge(ledger("A1"), [assignment(0)], [decision(police="lead"), taken], []).clean


def notice(offset: int, agency: str = "police", role: str = "lead", of: str = "asg-0", **fields: Any) -> Seen:
    body = {
        "id": f"ntc-{offset}", "incident": "inc-A1", "notice": "remind", "agency": agency, "assignment": of,
        "role": role, "round": 1, **fields,
    }  # fmt: skip
    headers = {"ce_type": b"incidentbus.assignment-notice.v1"}
    return Seen(f"agency.{agency}.assignments.v1", 0, offset, orjson.dumps(body), headers)


def taken(kind: str, outcome: str, **fields: Any) -> Seen:
    because, decision_ = fields.pop("because", ""), fields.pop("decision", None)
    body = {
        "directive": {"id": "d1", "kind": kind, **fields}, "kind": kind, "outcome": outcome, "because": because,
        "decision": decision_,
    }  # fmt: skip
    return Seen("bus.decisions.v1", 0, 1, orjson.dumps(body), {})


def again(id_: str, **roles: str) -> Seen:
    """Return a decision of the same round under an id of its own."""
    return decision(**roles)._replace(headers={"ce_id": id_.encode()})


def holding_back(*held: str, round_: int = 1, **roles: str) -> Seen:
    """Return a decision by a route that says whose assignments wait."""
    made = decision(round_=round_, **roles)
    subject = {"channel": "hotline-12345", "external_id": "A1"}
    more = {"held": held, "subject": subject, "route": "noise"}
    return made._replace(value=orjson.dumps({**orjson.loads(made.value or b""), **more}))


def let_go(agency: str = "police", of: str = "asg-0") -> Seen:
    body = {"incident": "inc-A1", "agency": agency, "assignment": of, "directive": "d1", "released_at": "now"}
    return Seen("bus.decisions.v1", 0, 2, orjson.dumps(body), {})


HELD = taken("hold", "acted", agency="police")
RELEASED = taken("release", "acted", agency="police")


def test_a_notice_is_no_assignment_and_is_judged_by_the_one_it_speaks_of() -> None:
    verdict = judge(ledger("A1"), [assignment(0), notice(1), notice(2)], [decision(police="lead")], [])
    assert verdict.clean
    assert (verdict.assignments, verdict.notices) == (1, 2)


def test_a_notice_told_twice_is_a_duplicate_and_one_before_its_assignment_is_disorder() -> None:
    decided = [decision(police="lead")]
    twice = judge(ledger("A1"), [assignment(0), notice(1), notice(2, id="ntc-1")], decided, [])
    assert len(twice.duplicates) == 1
    early = judge(ledger("A1"), [notice(0, of="asg-5"), assignment(5)], decided, [])
    assert len(early.disordered) == 1


def test_a_notice_of_what_nobody_has_is_an_orphan_and_a_supervisor_hears_of_the_lead_s() -> None:
    decided = [decision(police="lead")]
    assert len(judge(ledger("A1"), [assignment(0), notice(1, of="asg-9")], decided, []).orphans) == 1
    stranger = notice(0, "command-centre", "informed")
    assert len(judge(ledger("A1"), [assignment(0), stranger], decided, []).orphans) == 1
    above = notice(0, "command-centre", "informed", notice="escalate", level=1)
    assert judge(ledger("A1"), [assignment(0), above], decided, []).clean


def test_a_round_amended_is_decided_once_and_what_it_added_must_arrive() -> None:
    amended = again("dec-2", police="lead", education="co_handler")
    decided = [decision(police="lead"), taken("amend", "decided", decision="dec-2"), amended]
    both = [assignment(0), assignment(1, agency="education", role="co_handler")]
    assert judge(ledger("A1"), both, decided, []).clean
    assert len(judge(ledger("A1"), both[:1], decided, []).lost) == 1


def test_an_amendment_that_nobody_asked_for_or_that_moves_the_lead_is_an_orphan() -> None:
    other = taken("redispatch", "decided", decision="dec-2")
    twice = [decision(police="lead"), other, again("dec-2", police="lead")]
    assert judge(ledger("A1"), [assignment(0)], twice, []).orphans == ("inc-A1 1: decided 2 times",)
    moved = [decision(police="lead"), taken("amend", "decided", decision="dec-2"), again("dec-2", education="lead")]
    both = [assignment(0), assignment(1, agency="education", role="co_handler")]
    assert "inc-A1 1: amended, and its lead is not the round's" in judge(ledger("A1"), both, moved, []).orphans
    alone = [taken("amend", "decided", decision="dec-2"), again("dec-2", police="lead")]
    assert judge(ledger("A1"), [assignment(0)], alone, []).orphans


def test_what_is_held_has_not_come_and_is_neither_lost_nor_an_orphan_while_the_hold_stands() -> None:
    decided = [HELD, holding_back("police", police="lead", education="co_handler")]
    helper = assignment(1, agency="education", role="co_handler")
    assert judge(ledger("A1"), [helper], decided, []).clean
    came = judge(ledger("A1"), [helper, assignment(0)], decided, [])
    assert came.orphans == ("inc-A1 1 police lead: held, not released, and assigned",)
    by_rule = [taken("hold", "acted", rule="noise"), decided[1]]
    assert judge(ledger("A1"), [helper], by_rule, []).clean


def test_what_was_let_go_must_arrive_once() -> None:
    decided = [HELD, holding_back("police", police="lead"), RELEASED, let_go()]
    assert judge(ledger("A1"), [assignment(0)], decided, []).clean
    assert len(judge(ledger("A1"), [], decided, []).lost) == 1
    assert len(judge(ledger("A1"), [assignment(0)], [*decided, let_go()], []).duplicates) == 1
    never = judge(ledger("A1"), [assignment(0)], [decision(police="lead"), let_go()], [])
    assert never.orphans == ("inc-A1 police: let go, and was not held",)


def test_what_waits_and_nothing_holds_is_lost_unless_its_case_went_on_without_it() -> None:
    held = holding_back("police", police="lead")
    assert len(judge(ledger("A1"), [], [HELD, held, RELEASED], []).lost) == 1
    in_part = taken("release", "acted", agency="police", because="5 let go; the rest follows by itself")
    assert judge(ledger("A1"), [], [HELD, held, in_part], []).clean
    over = taken("withdraw", "passed_on", incident="inc-A1")
    assert judge(ledger("A1"), [], [HELD, held, over, RELEASED], []).clean
    later = decision(round_=2, education="lead")
    round_two = assignment(0, agency="education", round=2)
    assert judge(ledger("A1"), [round_two], [HELD, held, later, RELEASED], []).clean
