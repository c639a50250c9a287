"""The whole understanding of a report, on invented and on real texts."""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codes import Flag, Kind, Urgency
from contracts.incident import Incident
from contracts.report import Point, Report
from contracts.serde import read as parse
from contracts.serde import write
from routing_rules.engine.infer.understand import Interpreter
from routing_rules.engine.loader import load_directory
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import Ruleset
from tests import outside

Read = Callable[..., Incident]
_NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)


def test_an_incident_keeps_the_report_and_says_who_understood_it(read: Read, ruleset: Ruleset) -> None:
    incident = read(title="打桩", text="东岸街道工地", tags=("group",), flags=(Flag.NO_ENVELOPE,), urgency="urgent")
    assert incident.report.title == "打桩"
    assert (incident.id, incident.received_at) == ("inc-1", _NOW)
    assert incident.urgency is Urgency.URGENT
    assert incident.tags == ("group",)
    assert incident.flags == (Flag.NO_ENVELOPE,)
    assert (incident.understood_by.id, incident.understood_by.hash) == (ruleset.id, ruleset.hash)
    assert parse(Incident, write(incident)) == incident


def test_an_empty_report_is_understood_as_nothing_in_particular(read: Read) -> None:
    incident = read()
    assert (incident.kind, incident.category, incident.jurisdiction) == (Kind.HELP, "unclassified", "county")
    assert incident.urgency is Urgency.NORMAL
    assert incident.evidence == ()
    assert incident.flags == (Flag.TEXT_EMPTY,)


_VOCABULARY = (
    *("噪音", "扰民", "施工", "打桩", "工地", "工地食堂", "ＫＴＶ", "音响", "食堂"),
    *("东岸街道", "東岸街道", "西岸镇", "三河闸", "新河村", "大湖", "投诉", "举报", "城管局", "不作为"),
    *("到", "，", "。", "…", "\n", "\u200b", "\u3000", " ", "a", "1", "e\u0301", "我", "张三"),
)
_texts = st.lists(st.sampled_from(_VOCABULARY), max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(title=_texts, text=_texts, address=_texts, kind=st.sampled_from([None, Kind.COMPLAINT]))
def test_evidence_points_at_its_own_words_and_holds_nothing_else(
    read: Read, ruleset: Ruleset, title: str, text: str, address: str, kind: Kind | None
) -> None:
    incident = read(title=title, text=text, address=address, kind=kind)
    fields = {"title": title, "text": text, "address": address}
    assert incident.category in ruleset.categories
    assert incident.jurisdiction in ruleset.jurisdictions
    for ground in incident.evidence:
        if ground.start is None or ground.end is None:
            continue
        underlined = normal(fields[ground.field][ground.start : ground.end])
        if ground.of == "about":
            assert all(word in underlined for word in ground.words.split(" "))
        else:
            assert underlined == normal(ground.words)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60), longitude=st.floats(-180, 180), latitude=st.floats(-90, 90))
def test_no_text_and_no_point_stops_the_understanding(read: Read, text: str, longitude: float, latitude: float) -> None:
    point = Point(longitude=longitude, latitude=latitude)
    assert read(title=text, text=text, address=text, about=("x",), point=point, kind=Kind.TIP).jurisdiction


def test_words_and_marks_do_not_change_with_the_width_or_script_of_writing(read: Read) -> None:
    plain = read(title="施工噪音扰民", text="东岸街道KTV 打桩 投诉城管局")
    other = read(title="施工噪音擾民", text="東岸街道ＫＴＶ　打\u200b桩 投訴城管局")
    assert (plain.category, plain.jurisdiction, plain.kind) == (other.category, other.jurisdiction, other.kind)
    assert plain.about == other.about == ("urban",)


@outside.needs_ruleset
@outside.needs_texts
def test_no_place_of_the_county_is_found_in_real_messages_of_another_province() -> None:
    ruleset = load_directory(outside.RULESET).ruleset
    assert ruleset is not None
    interpreter = Interpreter(ruleset)
    lines = [line for name in ("reports", "answered", "labelled") for line in _lines(name)]
    incidents = [interpreter.understand(report, "inc", _NOW) for report in map(_report, lines)]
    assert len(incidents) == 3849
    assert {(incident.located_by, incident.jurisdiction) for incident in incidents} == {("default", ruleset.root)}
    assert not any(incident.areas for incident in incidents)
    labelled = incidents[-len(_lines("labelled")) :]
    assert sum(incident.category == "unclassified" for incident in labelled) == 70  # RULE-LANGUAGE G19
    for incident in incidents:
        for ground in incident.evidence:
            if ground.of in {"kind", "category"}:
                field = incident.report.title if ground.field == "title" else incident.report.text
                assert normal(field[ground.start : ground.end]) == ground.words


def _lines(name: str) -> list[bytes]:
    return (outside.MESSAGES / f"{name}.ndjson").read_bytes().splitlines()


def _report(line: bytes) -> Report:
    row = orjson.loads(line)
    return Report(channel="hotline", external_id=row["message_id"], title=row["title"], text=row["text"])
