"""About: the channel's word, and clauses that complain of an agency."""

from collections.abc import Callable

import pytest

from contracts.codes import Flag, Kind
from contracts.incident import Incident

Read = Callable[..., Incident]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("投诉城管局", ("urban",)),
        ("我要投诉区里的城管局乱来", ("urban",)),
        ("投诉一二三四五六城管局", ("urban",)),
        ("投诉一二三四五六七城管局", ()),  # seven between
        ("城管一直不作为", ("urban",)),
        ("城管一二三四五六七不作为", ()),
        ("投诉到城管局", ()),  # to it, not of it
        ("投诉给公安局", ()),
        ("投诉过城管局", ()),
        ("投诉后城管局来了", ()),
        ("投诉到城管局推诿", ("urban",)),  # the word after it counts all the same
        ("已经投诉，城管局来过", ()),  # another clause
        ("已经投诉。城管局来过", ()),
        ("已经投诉;城管局来过", ()),
        ("已经投诉\n城管局来过", ()),
        ("投诉：城管局", ("urban",)),
        ("投诉公安局、城管局", ("urban", "police")),
        ("投诉“城管局”", ("urban",)),
        ("城管局来过了", ()),  # a mere mention
        ("投诉城管局东岸分局", ("urban-east",)),  # the branch, not its bureau
        ("投诉水厂", ("water-1", "water-2")),  # all that bear the name
        ("", ()),
    ],
)
def test_a_name_counts_beside_a_word_of_complaint(read: Read, text: str, about: tuple[str, ...]) -> None:
    incident = read(kind=Kind.COMPLAINT, text=text)
    assert incident.about == about
    assert read(kind=Kind.COMPLAINT, title=text).about == about


def test_only_the_kinds_of_the_ruleset_are_about_anybody(read: Read) -> None:
    assert read(kind=Kind.CONSULT, text="投诉城管局", about=("城管局",)).about == ()
    assert read(kind=Kind.TIP, text="投诉城管局").about == ("urban",)


def test_the_channels_field_is_matched_whole(read: Read) -> None:
    assert read(kind=Kind.COMPLAINT, about=("城管",)).about == ("urban",)
    assert read(kind=Kind.COMPLAINT, about=("區城管局",)).about == ("urban",)
    assert read(kind=Kind.COMPLAINT, about=("police", "城管局")).about == ("urban", "police")
    part = read(kind=Kind.COMPLAINT, about=("城管局的人", "城管局"))
    assert (part.about, part.flags) == (("urban",), (Flag.ABOUT_UNKNOWN, Flag.TEXT_EMPTY))


def test_the_agency_above_all_others_is_taken_out_and_flagged(read: Read) -> None:
    incident = read(kind=Kind.COMPLAINT, text="投诉指挥中心，也投诉公安局")
    assert incident.about == ("police",)
    assert incident.flags == (Flag.ABOUT_TOP,)


def test_evidence_is_the_two_words_never_what_stands_between(read: Read) -> None:
    text = "我投诉张三那城管局。"
    [ground] = [e for e in read(kind=Kind.COMPLAINT, text=text).evidence if e.of == "about"]
    assert (ground.value, ground.words) == ("urban", "投诉 城管局")
    assert text[ground.start : ground.end] == "投诉张三那城管局"
