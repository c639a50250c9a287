"""Values of one payload, and what is noted about them."""

from datetime import UTC, date, datetime

import pytest

from connectors.native.coordinates import CHINA_BOX, System
from connectors.native.reading import Reading, When, place_code, yes
from connectors.native.times import CHINA
from contracts.codes import Flag, ReasonCode
from contracts.errors import Permanent

NOON = datetime(2026, 5, 12, 12, tzinfo=CHINA)
NEVER = When()


def reading(payload=rb"\u0000", *, mended=False):
    return Reading(payload, mended=mended, zone=CHINA, box=CHINA_BOX)


def noted(read, occurred=NEVER, reported=NEVER, sent=None, *, empty=False):
    return read.flags(occurred, reported, sent, empty=empty)


def test_control_characters_go_and_are_noted_while_line_breaks_emoji_and_any_script_stay():
    read = reading()
    assert read.text("a\x00b\x1b\x7f\x85") == "ab"
    assert noted(read) == (Flag.TEXT_CLEANED,)
    read = reading()
    assert read.text(" 第一行\n第二行\t😀 مرحبا \u200b。 ") == "第一行\n第二行\t😀 مرحبا \u200b。"
    assert noted(read) == ()


def test_a_label_keeps_its_blanks_and_a_blank_label_is_none():
    read = reading()
    assert read.label("路灯 ") == "路灯 "
    assert read.label("  ") is None
    assert read.label("\x00") is None


@pytest.mark.parametrize("value", [None, "", "   ", "\x00"])
def test_an_absent_or_blank_id_is_a_missing_field(value):
    with pytest.raises(Permanent) as caught:
        reading().identifier(value, "编号")
    assert caught.value.reason is ReasonCode.MISSING_FIELD
    assert caught.value.detail == "编号"


def test_an_unreadable_time_is_left_out_and_noted():
    read = reading()
    assert read.time("昨天") == NEVER
    assert noted(read) == (Flag.TIME_UNREADABLE,)


def test_a_blank_time_is_simply_not_given():
    read = reading()
    assert read.time("  ") == NEVER == read.time(None)
    assert noted(read) == ()


@pytest.mark.parametrize(
    ("occurred", "reported", "sent", "future"),
    [
        (When(NOON), When(NOON), None, False),
        (When(NOON.replace(hour=13)), When(NOON), None, True),
        (When(NOON.replace(minute=4)), When(NOON), None, False),
        (When(NOON.replace(hour=13)), NEVER, None, False),  # no later stamp, no envelope: intake's to see
        (When(NOON.replace(hour=13)), NEVER, "2026-05-12T12:00:00+08:00", True),
        (NEVER, When(NOON.replace(hour=13)), "2026-05-12T04:00:00Z", True),
        (When(NOON.replace(hour=13)), When(NOON), "2026-05-13T04:00:00Z", False),  # the envelope's word is the later
        (When(NOON.replace(hour=13)), When(NOON), "no time at all", True),
        (When(None, date(2026, 5, 13)), When(NOON), None, True),
        (When(None, date(2026, 5, 12)), When(NOON), None, False),
        (When(None, date(2026, 5, 13)), NEVER, "2026-05-12T23:00:00Z", False),  # already the 13th in China
    ],
)
def test_the_future_is_judged_against_the_envelope_or_the_payloads_own_later_stamp(occurred, reported, sent, future):
    assert (Flag.TIME_IN_FUTURE in noted(reading(), occurred, reported, sent)) is future


def test_points_are_converted_turned_or_left_out():
    read = reading()
    assert read.point(None, None, None, System.WGS84) is None
    assert read.point("", "", None, System.WGS84) is None
    assert noted(read) == ()
    point = read.point("118.8735", "33.2942", "高德", System.WGS84)
    assert point is not None
    assert abs(point.longitude - 118.8735) > 0.003
    assert noted(read) == ()
    turned = read.point("33.2942", "118.8735", None, System.WGS84)
    assert (turned.longitude, turned.latitude) == (118.8735, 33.2942)
    assert noted(read) == (Flag.POINT_INVALID,)
    assert read.attributes([]) == {"point-put-right": "swapped"}


@pytest.mark.parametrize("pair", [("0", "0"), ("118.87", None), ("东经118", "33"), ("nan", "33"), ("1e400", "33")])
def test_what_is_no_point_is_noted(pair):
    read = reading()
    assert read.point(*pair, None, System.WGS84) is None
    assert noted(read) == (Flag.POINT_INVALID,)


def test_a_system_that_nobody_knows_gives_no_point():
    read = reading()
    assert read.point("118.87", "33.29", "北京54", System.WGS84) is None
    assert noted(read) == (Flag.POINT_INVALID,)


def test_flags_come_in_the_order_of_the_closed_list():
    read = reading(mended=True)
    read.time("昨天")
    assert noted(read, empty=True) == (Flag.TIME_UNREADABLE, Flag.TEXT_CLEANED, Flag.TEXT_EMPTY)


def test_names_are_split_at_list_marks_or_taken_from_a_list():
    assert reading().names("区城管局、高良涧街道办；水利局") == ("区城管局", "高良涧街道办", "水利局")
    assert reading().names(["区城管局 ", "", " "]) == ("区城管局",)
    assert reading().names(None) == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("320813001000", "320813001"), ("320813000000", "320813"), ("320813001003", "320813001003"),
        ("320813001", "320813001"), ("320813000", "320813"), ("320813", "320813"), ("320800", "3208"),
        ("320000000000", "32"), ("320800000000", "3208"), ("320813100000", "320813100"), ("320810", "320810"),
        (" 320813001000 ", "320813001"), ("洪泽区", "洪泽区"), ("3208130010", "3208130010"), ("", None), (None, None),
        ("000000000000", None), ("000000", None),
    ],
)  # fmt: skip
def test_a_division_code_loses_its_padding_and_nothing_else(given, code):
    assert place_code(given) == code


@pytest.mark.parametrize("word", ["是", "1", "Y", "true", " 是 ", True, "有"])
def test_yes_in_the_ways_systems_write_it(word):
    assert yes(word)


@pytest.mark.parametrize("word", ["否", "0", "", None, False, "N", "不"])
def test_no_and_nothing_are_not_yes(word):
    assert not yes(word)


def test_times_without_a_zone_are_the_channels():
    assert reading().time("2026-05-12 12:00:00").at == NOON
    assert Reading(b"", mended=False, zone=UTC, box=CHINA_BOX).time("2026-05-12 12:00:00").at != NOON
