"""What a field means decides where it goes: nothing stands in for what was not given."""

import json
from datetime import UTC, date, datetime

import pytest

from connectors import samples
from connectors.registry import codecs
from contracts.codes import Kind, ReporterKind, Urgency


def decode(channel, **changes):
    form = {**json.loads(samples.reports(channel)[0]), **changes}
    return codecs()[channel].decode(json.dumps(form, ensure_ascii=False).encode(), {})


@pytest.mark.parametrize(
    ("channel", "field"),
    [("hotline-12345", "发生时间"), ("urban-management", "发现时间"), ("police-110", "JQFSSJ"), ("petition", "fssj")],
)
def test_the_time_of_telling_never_stands_in_for_the_time_of_happening(channel, field):
    report = decode(channel, **{field: ""})
    assert report.reported_at is not None
    assert report.occurred_at is None
    assert report.occurred_on is None


@pytest.mark.parametrize(
    ("channel", "field"),
    [("hotline-12345", "发生时间"), ("urban-management", "发现时间"), ("police-110", "JQFSSJ"), ("petition", "fssj")],
)
def test_a_day_without_a_clock_time_stays_a_day(channel, field):
    report = decode(channel, **{field: "2025/6/1"})
    assert report.occurred_at is None
    assert report.occurred_on == date(2025, 6, 1)


def test_chinese_channels_write_chinas_time():
    report = decode("police-110", BJSJ="20250604011830")
    assert report.reported_at == datetime(2025, 6, 3, 17, 18, 30, tzinfo=UTC)


def test_where_the_callers_telephone_was_is_not_the_scene():
    report = decode("police-110", JQXZB=None, JQYZB=None, BJRXZB=118.87, BJRYZB=33.29)
    assert report.point is None
    assert "118.87" not in report.model_dump_json()


def test_where_the_caller_lives_is_not_the_scene():
    report = decode("police-110", JQDZ="", BJDZ="渔歌小区某幢")
    assert report.address is None
    assert report.reporter.address == "渔歌小区某幢"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("粗", "中", "细", "最细"), "最细"),
        (("粗", "中", "细", ""), "细"),
        (("粗", "", "", None), "粗"),
        (("",) * 4, None),
    ],
)
def test_the_police_label_is_the_most_specific_that_was_chosen(names, expected):
    fields = dict(zip(("JQLBMC", "JQLXMC", "JQXLMC", "JQZLMC"), names, strict=True))
    assert decode("police-110", **fields).native_category == expected


@pytest.mark.parametrize(
    ("channel", "field", "word", "kind"),
    [
        ("hotline-12345", "诉求类型", "咨询", Kind.CONSULT),
        ("hotline-12345", "诉求类型", "求助", Kind.HELP),
        ("hotline-12345", "诉求类型", "投诉", Kind.COMPLAINT),
        ("hotline-12345", "诉求类型", "举报", Kind.TIP),
        ("hotline-12345", "诉求类型", "建议", Kind.SUGGESTION),
        ("hotline-12345", "诉求类型", "表扬", Kind.PRAISE),
        ("hotline-12345", "诉求类型", "其他", None),
        ("petition", "xfmd", "申诉", Kind.COMPLAINT),
        ("petition", "xfmd", "求决", Kind.HELP),
        ("petition", "xfmd", "揭发控告", Kind.TIP),
        ("petition", "xfmd", "意见建议", Kind.SUGGESTION),
        ("petition", "xfmd", "咨询", Kind.CONSULT),
        ("petition", "xfmd", "其他", None),
        ("police-110", "JQLBMC", "投诉监督", Kind.COMPLAINT),
        ("police-110", "JQLBMC", "举报", Kind.TIP),
        ("police-110", "JQLBMC", "纠纷", None),
    ],
)
def test_the_channels_own_word_for_what_is_wanted(channel, field, word, kind):
    assert decode(channel, **{field: word}).kind is kind


def test_a_case_of_urban_management_says_no_kind_and_no_agency():
    for payload in samples.reports("urban-management"):
        report = codecs()["urban-management"].decode(payload, {})
        assert report.kind is None
        assert report.about == ()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("监督员上报", ReporterKind.INSPECTOR),
        ("视频上报", ReporterKind.SENSOR),
        ("公众举报", ReporterKind.ANONYMOUS),
        ("别处来的", ReporterKind.ANONYMOUS),
    ],
)
def test_who_saw_it_is_the_cases_source(source, kind):
    assert decode("urban-management", 问题来源=source, 举报人="", 举报电话="").reporter.kind is kind


def test_coordinates_are_read_in_the_system_that_the_form_names():
    named = decode("hotline-12345", 经度=118.8735, 纬度=33.2942, 坐标系="WGS84").point
    unnamed = decode("hotline-12345", 经度=118.8735, 纬度=33.2942).point
    assert (named.longitude, named.latitude) == (118.8735, 33.2942)
    assert unnamed != named


def test_urgency_is_given_only_by_a_word_of_the_closed_list():
    assert decode("hotline-12345", 紧急程度="特急").urgency is Urgency.CRITICAL
    assert decode("hotline-12345", 紧急程度="十万火急").urgency is None
    assert decode("petition", jjcd="重大紧急").urgency is Urgency.CRITICAL
    assert decode("urban-management", 是否紧急="否").urgency is None


def test_a_label_that_no_rule_may_know_passes_to_the_letter():
    assert decode("urban-management", 小类名称=" 施工噪音（夜间） ").native_category == " 施工噪音（夜间） "
    assert decode("hotline-12345", 镇街="高良涧镇").native_place == "高良涧镇"
    assert decode("nyc311", **{"Complaint Type": "Derelict Vehicle"}).native_category == "Derelict Vehicle"


def test_a_code_in_the_place_of_a_place_code_is_left_for_intake_to_judge():
    assert decode("petition", wtsddm="洪泽区").jurisdiction == "洪泽区"


def test_no_report_carries_the_answer():
    city = decode("nyc311", **{"Agency": "XYZZY", "Agency Name": "Department of Xyzzy", "Status": "Closed"})
    assert "xyzzy" not in city.model_dump_json().lower()
    board = decode("message-board", reply="已转区城管局办理", replied_at="2025-06-09 09:00:00")
    assert "城管局" not in board.model_dump_json()


def test_new_york_keeps_its_own_time_summer_time_included():
    summer = decode("nyc311", **{"Created Date": "06/07/2025 11:14:05 PM"}).reported_at
    winter = decode("nyc311", **{"Created Date": "12/07/2025 12:14:05 AM"}).reported_at
    assert summer == datetime(2025, 6, 8, 3, 14, 5, tzinfo=UTC)
    assert winter == datetime(2025, 12, 7, 5, 14, 5, tzinfo=UTC)


def test_a_person_who_gives_neither_name_nor_number_is_anonymous():
    assert decode("hotline-12345", 诉求人="", 联系电话="", 来电号码=None).reporter.kind is ReporterKind.ANONYMOUS
    assert decode("hotline-12345", 是否匿名="是").reporter.kind is ReporterKind.ANONYMOUS
    assert decode("hotline-12345", 诉求人类别="企业").reporter.kind is ReporterKind.ENTERPRISE
    assert decode("petition", sfnm="是").reporter.kind is ReporterKind.ANONYMOUS
    assert decode("police-110", JQLYFS="0402").reporter.kind is ReporterKind.SENSOR


def test_a_drill_says_so():
    assert decode("hotline-12345", 是否演练="是").exercise
    assert not decode("hotline-12345").exercise
