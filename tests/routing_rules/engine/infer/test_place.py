"""Place: who answers first, which names count, and what contradicts or is ambiguous."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.codes import Flag, LocatedBy
from contracts.incident import Incident, incident_bytes
from contracts.report import Point
from routing_rules.engine.infer.place import MENTIONS
from routing_rules.engine.schema import Jurisdiction, Place, Ruleset

Read = Callable[..., Incident]

_IN_EAST = Point(longitude=0.5, latitude=0.5)
_IN_COUNTY = Point(longitude=5, latitude=5)
_IN_LAKE = Point(longitude=15, latitude=2)
_NOWHERE = Point(longitude=100, latitude=50)


def found(incident: Incident) -> tuple[str, str]:
    return incident.jurisdiction, incident.located_by.value


def test_the_first_that_answers_wins(read: Read) -> None:
    said = {"title": "西岸镇", "text": "三河镇"}
    told = {"native_place": "DA-01", "point": _IN_EAST, "address": "柳树村"}
    assert found(read(channel="urban", jurisdiction="river", **told, **said)) == ("river", "channel")
    assert found(read(channel="urban", **(told | {"point": None}), **said)) == ("east", "native")
    assert found(read(channel="hotline", **told, **said)) == ("east", "point")
    assert found(read(address="柳树村", **said)) == ("village", "address")
    assert found(read(**said)) == ("west", "text")
    assert found(read(text="三河镇")) == ("river", "text")
    assert found(read(text="不知道在哪")) == ("county", "default")


def test_fields_are_never_mixed(read: Read) -> None:
    incident = read(address="临水区", title="东岸街道")
    assert found(incident) == ("county", "address")
    assert incident.tags == ()


def test_a_code_unknown_here_is_flagged_and_passed_over(read: Read) -> None:
    incident = read(jurisdiction="eest", text="东岸街道")
    assert found(incident) == ("east", "text")
    assert incident.flags == (Flag.PLACE_UNKNOWN,)


@pytest.mark.parametrize("label", ["da-01", "DA-01 ", "DA-0"])
def test_a_native_label_counts_only_to_the_letter(read: Read, label: str) -> None:
    assert found(read(channel="urban", native_place=label)) == ("county", "default")


@pytest.mark.parametrize(
    ("code", "point", "tags"),
    [
        ("west", _IN_EAST, ("place-conflict",)),
        ("east", _IN_EAST, ()),
        ("village", _IN_COUNTY, ()),  # no town's polygon: nothing against it
        ("east", _IN_COUNTY, ("place-conflict",)),  # outside its own polygon
        ("east", _IN_LAKE, ("place-conflict",)),
        ("west", _NOWHERE, ()),  # in no polygon at all, and west has none
        ("north", _IN_EAST, ("place-conflict",)),
        ("east", None, ()),
    ],
)
def test_a_code_that_the_point_contradicts_stands_with_a_tag(
    read: Read, code: str, point: Point | None, tags: tuple[str, ...]
) -> None:
    incident = read(jurisdiction=code, point=point)
    assert found(incident) == (code, "channel")
    assert incident.tags == tags


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("三河闸漏水", "west"),  # not 三河镇, though the river is named so
        ("三河镇漏水", "river"),
        ("大湖大道积水", "east"),
        ("去东岸街道", "east"),
        ("北山县的车", "north"),
        ("临水区柳树村", "village"),  # the deepest
        ("西岸镇柳树村", "village"),
        ("临水市临水区东岸街道", "east"),
        ("临水市北山县", "north"),  # what lies above the county says nothing
    ],
)
def test_names_are_taken_longest_from_the_left(read: Read, text: str, place: str) -> None:
    incident = read(text=text)
    assert found(incident) == (place, "text")
    assert incident.tags == ()


@pytest.mark.parametrize(
    "text", ["小区外", "东岸有人", "西岸 北山 临水", "三河", "大湖公园", "临水市", "区外", "新河村"]
)
def test_short_names_synthetic_nodes_and_empty_names_say_nothing_in_a_text(read: Read, text: str) -> None:
    assert found(read(title=text, text=text)) == ("county", "default")


def test_short_names_count_in_the_address(read: Read) -> None:
    assert found(read(address="东岸12号")) == ("east", "address")
    assert found(read(address="北山")) == ("north", "address")


def test_an_official_name_counts_everywhere_however_short(read: Read, ruleset: Ruleset) -> None:
    short = ruleset.jurisdictions | {"lin": Jurisdiction("lin", "林镇", "town", "county", ("林家",))}
    assert found(read({"jurisdictions": short}, text="林镇的路")) == ("lin", "text")
    assert found(read({"jurisdictions": short}, text="林家的路")) == ("county", "default")


def test_a_longer_alias_counts_in_a_text(read: Read) -> None:
    assert found(read(text="西岸口的路灯")) == ("west", "text")


def test_a_name_that_says_nothing_still_covers_what_it_contains(read: Read, ruleset: Ruleset) -> None:
    estate = {"places": (*ruleset.places, Place("东岸街道花园", "site"))}
    assert found(read(estate, text="东岸街道花园三栋")) == ("county", "default")
    assert read(text="大湖公园").areas == ()


@pytest.mark.parametrize(
    ("text", "place", "ambiguous"),
    [
        ("新河村", "county", False),  # alone it counts for nothing
        ("西岸镇新河村", "west", False),
        ("三河镇新河村", "river", False),  # of neither: only 三河镇 is left
        ("临水区新河村", "county", True),  # beneath the county both count
        ("东岸街道和西岸镇之间", "county", True),
        ("西岸镇柳树村到三河镇", "county", True),
        ("东岸街道到北山县", "county", True),  # nothing holds both: the root
        ("北山县和南山县", "beyond", True),
        ("东岸街道东岸街道", "east", False),
    ],
)
def test_several_places_meet_in_the_nearest_that_holds_them(
    read: Read, text: str, place: str, *, ambiguous: bool
) -> None:
    incident = read(text=text)
    assert incident.jurisdiction == place
    assert incident.tags == (("place-ambiguous",) if ambiguous else ())


def test_an_ambiguous_name_is_not_settled_from_another_field(read: Read) -> None:
    assert found(read(address="新河村", title="西岸镇")) == ("west", "text")
    assert found(read(address="新河村", text="无")) == ("county", "default")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"text": "大湖水面有死鱼"}, ("county", "text")),
        ({"address": "大湖"}, ("county", "address")),
        ({"point": _IN_LAKE}, ("county", "point")),
        ({"point": _IN_LAKE, "text": "东岸街道边"}, ("east", "text")),  # finer
        ({"text": "小塘水面"}, ("county", "default")),  # an area that says nothing of its place
    ],
)
def test_an_area_gives_its_place_where_nothing_finer_is_known(
    read: Read, fields: dict[str, object], place: tuple[str, str]
) -> None:
    assert found(read(**fields)) == place


def test_evidence_is_the_name_as_the_ruleset_writes_it_and_its_offsets(read: Read) -> None:
    text = "在 東岸街道…柳　树村"
    grounds = [e for e in read(text=text).evidence if e.of == "place"]
    assert [(e.value, e.words) for e in grounds] == [("east", "东岸街道"), ("village", "柳树村")]
    assert [text[e.start : e.end] for e in grounds] == ["東岸街道", "柳　树村"]


def test_a_name_that_a_text_repeats_is_evidence_a_few_times_and_the_incident_stays_writable(read: Read) -> None:
    text = "东岸街道柳树村" * (200_000 // 7)
    incident = read(text=text)
    words = [e.words for e in incident.evidence if e.of == "place"]
    assert words == ["东岸街道", "柳树村"] * MENTIONS
    assert len(incident_bytes(incident)) < 1_000_000


def test_the_order_of_places_never_decides(read: Read, ruleset: Ruleset) -> None:
    backwards = {
        "places": tuple(reversed(ruleset.places)),
        "jurisdictions": dict(reversed(ruleset.jurisdictions.items())),
        "areas": dict(reversed(ruleset.areas.items())),
    }
    for text in ("临水区新河村", "东岸街道和西岸镇", "三河闸", "大湖水面", "北山县和南山县"):
        assert found(read(text=text)) == found(read(backwards, text=text))
    point = Point(longitude=1.5, latitude=1.5)
    assert found(read(point=point)) == found(read(backwards, point=point)) == ("east", LocatedBy.POINT.value)


def test_a_point_outside_every_polygon_is_flagged_where_the_county_is_mapped(read: Read) -> None:
    assert read(point=_NOWHERE, text="路口").flags == (Flag.POINT_OUTSIDE,)
    assert read(point=_IN_EAST, text="路口").flags == ()


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"text": "东岸街道有噪音"}, ("east", "text")),
        ({"point": _IN_EAST, "text": "路口"}, ("east", "point")),
        ({"channel": "urban", "native_place": "DA-01", "text": "路口"}, ("east", "native")),
        ({"text": "路口"}, ("county", "channel")),
        ({"text": "北山县的事"}, ("county", "channel")),  # outside the county is no finer answer
        ({"text": "东岸街道和西岸镇之间"}, ("county", "channel")),
    ],
)
def test_a_code_that_says_only_the_county_answers_last(
    read: Read, told: dict[str, Any], place: tuple[str, str]
) -> None:
    incident = read(jurisdiction="county", **told)
    assert found(incident) == place
    assert incident.tags == ()
