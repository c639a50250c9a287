"""What is expected, compared with what came: nothing more, nothing less, nothing twice, in order."""

from zoneinfo import ZoneInfo

import pytest

from contracts.case import Case, Part
from contracts.codes import CaseStatus, PartStatus, Role
from incidentbus.storylines.expecting import Account, compare, differing, matches, never_told
from incidentbus.storylines.happening import Happening, What
from incidentbus.storylines.script import Expect

ZONE = ZoneInfo("Asia/Shanghai")


def happening(line: str, what: What = What.FACT) -> Happening:
    words = tuple(line.replace("@05-12 ", "@05-12_").split())
    return Happening(0, "inc", what, tuple(word.replace("_", " ") if "@" in word else word for word in words))


REMINDED = happening("reminded police acknowledge @05-12 11:30")


@pytest.mark.parametrize(
    "line", ["reminded", "reminded police", "reminded @05-12 11:30", "reminded acknowledge police @05-12 11:30"]
)
def test_a_line_asks_for_as_much_as_it_says(line: str) -> None:
    assert matches(line, REMINDED)


@pytest.mark.parametrize("line", ["", "police", "reminded fire", "reminded @05-12 11:31", "reminded respond"])
def test_a_line_that_says_another_thing_does_not_match(line: str) -> None:
    assert not matches(line, REMINDED)


def test_what_is_missing_and_what_is_too_much_are_told() -> None:
    got = [happening("registered"), REMINDED, REMINDED]
    assert differing(["registered", "dispatched", "reminded police"], got, in_order=True) == [
        "- dispatched",
        "+ reminded police acknowledge @05-12 11:30",
    ]


def test_another_order_differs_where_order_counts() -> None:
    got = [happening("b"), happening("a")]
    assert differing(["a", "b"], got, in_order=True)
    assert differing(["a", "b"], got, in_order=False) == []


def test_the_line_that_asks_for_more_chooses_first() -> None:
    got = [happening("remind police respond"), happening("remind police resolve")]
    assert differing(["remind police", "remind police respond"], got, in_order=False) == []


def test_what_one_expectation_asked_for_is_not_asked_for_again() -> None:
    account = Account([happening("registered"), REMINDED])
    assert list(compare("case", Expect(facts=("registered", "reminded")), account, None, 0, ZONE)) == []
    assert list(compare("case", Expect(facts=()), account, None, 0, ZONE)) == []


def test_what_nobody_asked_for_is_told_at_the_end() -> None:
    account = Account([happening("registered"), happening("remind police", What.NOTICE)])
    list(compare("case", Expect(facts=("registered",)), account, None, 0, ZONE))
    (found,) = never_told("case", account)
    assert found.lines == ("+ remind police",)


def test_silence_is_of_every_kind() -> None:
    account = Account([happening("registered"), happening("已派遣", What.OUTCOME)])
    assert list(compare("case", Expect(silence=True), account, None, 2, ZONE)) == []
    (found,) = compare("case", Expect(silence=True), account, None, 1, ZONE)
    assert found.lines == ("+ outcomes: 已派遣",)


def test_a_case_that_stands_otherwise_is_told_field_by_field() -> None:
    part = Part("police", Role.LEAD, 1, PartStatus.ASSIGNED, 0, acknowledge_by=1_778_556_600_000)
    case = Case(CaseStatus.DISPATCHED, round=1, lead="police", parts=[part])
    wrong = Expect(lead="fire", status=CaseStatus.CLOSED, due={"acknowledge": "05-12 11:31"})
    found = {each.what: each.lines for each in compare("case", wrong, Account(), case, 0, ZONE)}
    assert found["lead"] == ("- fire", "+ police")
    assert found["status"] == ("- closed", "+ dispatched")
    assert found["due"] == ("- {'acknowledge': '05-12 11:31'}", "+ {'acknowledge': '05-12 11:30'}")


def test_a_case_that_is_not_there_differs() -> None:
    (found,) = compare("case", Expect(lead="police"), Account(), None, 0, ZONE)
    assert found.what == "case"
