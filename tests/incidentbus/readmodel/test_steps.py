"""A step of a report's way: what lies beside assignments and decisions on their topics is told apart by its type."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from contracts.codes import DirectiveKind, Role
from contracts.dispatch_record import AssignmentReleased
from contracts.notice import AssignmentNotice
from incidentbus.readmodel.steps import StepKind, step_of

AT = datetime(2026, 5, 12, 2, tzinfo=UTC)


def record(topic: str, model: Any, noun: str) -> Any:
    headers = (("ce_type", f"incidentbus.{noun}.v1".encode()),)
    return SimpleNamespace(
        topic=topic, partition=0, offset=3, timestamp=1, value=model.model_dump_json().encode(), headers=headers
    )


def test_a_notice_on_an_agency_s_topic_is_no_assignment_and_its_reason_is_not_shown() -> None:
    notice = AssignmentNotice(
        id="ntc-1", incident="inc-1", notice=DirectiveKind.REMIND, agency="police", assignment="asg-1",
        role=Role.LEAD, round=1, at=AT, by="command-centre", reason="电话13900000000",
    )  # fmt: skip
    step = step_of(record("agency.police.assignments.v1", notice, "assignment-notice"))
    assert (step.kind, step.facts["notice"], step.facts["agency"]) == (StepKind.NOTICE, "remind", "police")
    assert "139" not in str(step.facts)


def test_an_assignment_let_go_is_a_step_of_its_own() -> None:
    let_go = AssignmentReleased(
        directive="dir-1", incident="inc-1", assignment="asg-1", agency="police", held_at=AT, released_at=AT
    )
    step = step_of(record("bus.decisions.v1", let_go, "assignment-released"))
    assert (step.kind, step.facts["id"], step.facts["directive"]) == (StepKind.RELEASED, "asg-1", "dir-1")
