"""The table of a case's life: whole, unambiguous, and closed at its end."""

import pytest

from contracts.codes import ENDED, CaseStatus, FactKind, PartStatus
from streams.lifecycle import (
    DONE,
    OPEN,
    PART_OVER,
    PART_TABLE,
    TABLE,
    UNDECIDED,
    WORKING,
    Effect,
    Who,
    may_tell,
    transition,
)

S, F = CaseStatus, FactKind


def test_every_fact_has_a_row_and_every_status_is_reached() -> None:
    assert {row.fact for row in TABLE} == set(FactKind)
    reached = {target for row in TABLE for target in row.moves.values()}
    assert reached == set(CaseStatus)


def test_a_status_is_open_or_ended_or_waits_for_its_decision() -> None:
    assert OPEN == UNDECIDED | WORKING | DONE
    assert OPEN | ENDED | {S.EXPECTED} == set(CaseStatus)
    assert not OPEN & ENDED


@pytest.mark.parametrize("fact", FactKind)
@pytest.mark.parametrize("status", sorted(ENDED))
def test_closed_is_closed(fact: FactKind, status: CaseStatus) -> None:
    for who in Who:
        found = transition(fact, who, status)
        assert found is None or found.to is status
        assert found is None or fact in (F.LINKED, F.REPORT_UPDATED, F.DUPLICATE_REPORT)


@pytest.mark.parametrize("fact", FactKind)
def test_what_ends_a_case_says_so_and_nothing_else_does(fact: FactKind) -> None:
    for row in TABLE:
        if row.fact is fact:
            ends = bool(set(row.moves.values()) & ENDED - set(row.moves))
            assert ends == (Effect.END in row.effects)


def test_only_the_lead_hands_a_case_back_and_only_the_bus_decides() -> None:
    assert [who for who in Who if may_tell(who, F.RETURNED)] == [Who.LEAD]
    for fact in (F.DISPATCHED, F.REASSIGNED, F.ADJUDICATED, F.OVERDUE, F.HELD, F.RELEASED):
        assert [who for who in Who if may_tell(who, fact)] == [Who.BUS]


def test_every_open_status_can_be_left_and_ended_by_the_command_centre() -> None:
    for status in OPEN:
        for fact in (F.CLOSED, F.WITHDRAWN, F.MERGED):
            found = transition(fact, Who.COMMAND, status)
            assert found is not None
            assert found.to in ENDED


def test_a_part_that_is_over_hears_nothing_but_numbers() -> None:
    for fact, moves in PART_TABLE.items():
        if fact is not F.LINKED:
            assert not PART_OVER & set(moves)
        assert set(moves.values()) <= set(PartStatus)


def test_what_is_not_in_the_table_is_refused() -> None:
    assert transition(F.ACKNOWLEDGED, Who.LEAD, S.RESOLVED) is None
    assert transition(F.RESOLVED, Who.CO_HANDLER, S.IN_PROGRESS) is None
    assert transition(F.VERIFIED, Who.LEAD, S.RESOLVED) is None
    assert transition(F.CLOSED, Who.LEAD, S.RESOLVED) is None
