"""The loader: what a ruleset becomes once read, its identity, and a ruleset that others wrote."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Kind, LocatedBy, Milestone, Mode, Urgency
from routing_rules.engine.loader import Loaded, load, load_directory, read_bundle
from routing_rules.engine.loading import rules
from routing_rules.engine.schema import (
    AgencyRef,
    FirstReceiver,
    RoleRef,
    Route,
    Ruleset,
    Span,
    SpanUnit,
    Status,
    TimeCondition,
)
from routing_rules.messages import Level
from tests import outside

REPO = Path(__file__).parents[4]
EXAMPLE = read_bundle(REPO / "docs" / "rules" / "example")


def loaded(changes: Mapping[str, str]) -> Loaded:
    return load({**EXAMPLE, **{file: text.encode() for file, text in changes.items()}})


def ruleset_of(changes: Mapping[str, str]) -> Ruleset:
    result = loaded(changes)
    assert result.ruleset is not None, [finding.line() for finding in result.errors]
    return result.ruleset


def rule(text: str) -> Route:
    ruleset = ruleset_of({"routes/50-example.yaml": f"owner: urban\nroutes:\n- {text}\n"})
    return next(route for route in ruleset.routes if route.at.file == "routes/50-example.yaml")


def test_routes_stand_in_the_order_of_file_numbers_and_then_of_their_places() -> None:
    routes = ruleset_of({}).routes
    assert [route.id for route in routes] == [
        "flood",
        "outside-county",
        "hawking-after-hours",
        "hawking",
        "leisure-noise",
        "lake",
        "fallback",
    ]
    assert [route.order for route in routes] == list(range(1, 8))
    assert (routes[3].at.file, routes[3].at.line, routes[3].at.column) == ("routes/20-topics.yaml", 13, 3)


def test_every_field_of_a_route_is_read() -> None:
    route = rule("""id: all-fields
  title: 全
  owner: police
  basis: 某法第一条
  status: trial
  effective: {from: "2026-05-01", until: "2026-09-30"}
  gate: true
  when: {category: [noise], kind: [tip], located_by: [default], mode: [routine], response_level: [1, 2]}
  unless: {text: {any: ["ＫＴＶ", "list:loudspeakers"], none: [演练], in: title}}
  assign: {lead: first_receiver, co_handlers: [urban], inform: [{function: government, tier: town, climb: false}]}
  on_return: [{function: urban}]
  deadline: {acknowledge: 2h, respond: none, resolve: 5bd, fixed: true}
  deadline_by_kind: {tip: {resolve: 15d}}
  urgency: urgent
  tags: [night]
  confidential: true""")
    block, unless = route.when[0], route.unless[0]
    assert (route.owner, route.basis, route.status, route.gate) == ("police", "某法第一条", Status.TRIAL, True)
    assert (route.effective.start, route.effective.until) == (date(2026, 5, 1), date(2026, 9, 30))
    assert (block.category, block.kind) == (frozenset({"noise"}), frozenset({Kind.TIP}))
    assert (block.located_by, block.mode) == (frozenset({LocatedBy.DEFAULT}), frozenset({Mode.ROUTINE}))
    assert block.response_level == frozenset({1, 2})
    assert unless.text is not None
    assert unless.text.any == ("ktv", "喇叭", "音箱", "扩音器")
    assert (unless.text.none, unless.text.where) == (("演练",), "title")
    assert route.lead == FirstReceiver()
    assert route.co_handlers == (AgencyRef("urban"),)
    assert route.inform == (RoleRef("government", "town", climb=False),)
    assert route.on_return == (RoleRef("urban"),)
    assert route.deadline.fixed
    assert route.deadline.spans == {
        Milestone.ACKNOWLEDGE: Span(2, SpanUnit.HOURS),
        Milestone.RESPOND: Span(0, SpanUnit.NONE),
        Milestone.RESOLVE: Span(5, SpanUnit.BUSINESS_DAYS),
    }
    assert route.deadline_by_kind[Kind.TIP].spans == {Milestone.RESOLVE: Span(15, SpanUnit.CALENDAR_DAYS)}
    assert (route.urgency, route.tags, route.confidential) == (Urgency.URGENT, ("night",), True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{between: ["21:30", "07:00"]}', TimeCondition((1290, 420))),
        ('{between: [22:00, "24:00"]}', TimeCondition((1320, 1440))),
        ("{days: [fri, restday]}", TimeCondition(None, frozenset({"fri", "restday"}))),
        ('{date: {between: ["11-30", "02-29"]}}', TimeCondition(None, frozenset(), ((11, 30), (2, 29)))),
    ],
)
def test_times_are_read_as_written_and_never_as_yaml_would(written: str, read: TimeCondition) -> None:
    assert (
        rule(f"{{id: x, title: 某, when: {{received_at: {written}}}, assign: {{lead: urban}}}}").when[0].received_at
        == read
    )


def test_a_block_may_be_one_mapping_or_a_list_of_them() -> None:
    one = rule("{id: x, title: 某, when: {category: [noise]}, assign: {lead: urban}}")
    several = rule("{id: x, title: 某, when: [{category: [noise]}, {kind: [tip]}], assign: {lead: urban}}")
    assert (len(one.when), len(several.when)) == (1, 2)


def test_a_share_is_kept_as_so_many_of_ten_thousand() -> None:
    text = "owner: urban\noverlays:\n- {id: x, title: 某, sample: 2.5%, add: {tags: [night]}}\n"
    assert ruleset_of({"routes/91-example.yaml": text}).overlays[-1].sample == 250


def test_what_the_county_declares_is_read_with_words_in_normal_form() -> None:
    ruleset = ruleset_of({})
    assert (ruleset.id, ruleset.version, ruleset.root, ruleset.outside) == ("yunxi", "2026.05.1", "900100", "outside")
    assert ruleset.tiers == ("village", "town", "county", "city")
    assert ruleset.channels["urban-grid"].gives == frozenset({"native_category", "point", "occurred_at"})
    assert ruleset.channels["hotline-12345"].live
    assert not ruleset.channels["petition"].live
    assert ruleset.kind_words[Kind.TIP] == ("举报",)
    assert ruleset.conflict.not_between == "到给向跟"
    assert ruleset.categories["noise/leisure"].words == {"ktv": 3, "广场舞": 3}
    assert ruleset.agencies["city-platform"].top
    assert ruleset.jurisdictions["outside"].synthetic
    assert ruleset.areas["mirror-lake"].jurisdiction == "900100"
    assert ruleset.places[0].area == "mirror-lake"


def test_owners_of_categories_are_inherited_downward() -> None:
    ruleset = ruleset_of({})
    assert ruleset.categories["noise/hawking"].owner == "urban"
    assert ruleset.categories["unclassified"].owner is None


def test_the_category_for_what_nobody_knows_is_there_though_nobody_writes_it() -> None:
    without = EXAMPLE["categories.yaml"].decode().replace("- {code: unclassified, title: 未分类}\n", "")
    assert "unclassified" in ruleset_of({"categories.yaml": without}).categories


def test_words_may_be_a_list_that_weighs_one_each() -> None:
    more = EXAMPLE["categories.yaml"].decode() + "- {code: light, title: 路灯, owner: urban, words: [路灯, 灯杆]}\n"
    assert ruleset_of({"categories.yaml": more}).categories["light"].words == {"路灯": 1, "灯杆": 1}


def test_a_calendar_has_each_day_of_its_holidays() -> None:
    calendar = ruleset_of({}).calendars["cn", 2026]
    assert calendar.holidays[date(2026, 5, 3)] == "劳动节"
    assert date(2026, 5, 6) not in calendar.holidays
    assert calendar.hours == ((510, 720), (840, 1080))
    assert calendar.week == frozenset(range(5))


RING = [[100, 30], [101, 30], [101, 31], [100, 30]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
SHAPES = {
    "Polygon": POLYGON,
    "MultiPolygon": {"type": "MultiPolygon", "coordinates": [[RING], [RING]]},
    "Feature": {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [RING, RING]}},
    "FeatureCollection": {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"title": "池"}, "geometry": POLYGON}],
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_areas_are_read_from_every_form_of_polygon(shape: str) -> None:
    area = ruleset_of({"areas/pond.geojson": json.dumps(SHAPES[shape])}).areas["pond"]
    assert len(area.polygons) == (2 if shape == "MultiPolygon" else 1)
    assert area.polygons[0][0][0] == (100.0, 30.0)
    assert area.title == ("池" if shape == "FeatureCollection" else "pond")


@pytest.mark.parametrize(
    "broken",
    [
        [], {"type": "Point", "coordinates": [100, 30]}, {"type": "Polygon", "coordinates": [[[100, 30], [101, 30]]]},
        {"type": "Polygon", "coordinates": [[*RING[:3], [100, 31]]]},
        {"type": "Polygon", "coordinates": [[[30, 100]] * 4]},
        {"type": "FeatureCollection", "features": [None]}, {"type": "Polygon", "coordinates": [[[True, 1]] * 4]},
    ],
)  # fmt: skip
def test_what_is_no_closed_polygon_on_the_earth_is_told(broken: object) -> None:
    assert {finding.code for finding in loaded({"areas/pond.geojson": json.dumps(broken)}).errors} == {"RR146"}


def test_the_hash_is_of_the_content_and_not_of_how_it_is_written() -> None:
    base = ruleset_of({}).hash
    rewritten = """# 换一种写法
routes:
  - assign:
      lead: 'centre'
    fallback: "true"
    title: "没有着落的，县联动指挥中心研判"
    id: fallback
owner: command
"""
    assert ruleset_of({"routes/99-fallback.yaml": rewritten}).hash == base
    assert ruleset_of({"tests/more.test.yaml": "about: 另一组\ncases: []\n"}).hash == base
    assert ruleset_of({"routes/99-fallback.yaml": rewritten.replace("研判", "办理")}).hash != base


@given(st.permutations(sorted(EXAMPLE)))
def test_the_hash_does_not_depend_on_the_order_in_which_files_come(order: list[str]) -> None:
    result = load({file: EXAMPLE[file] for file in order})
    assert result.ruleset is not None
    assert result.ruleset.hash == HASH


HASH = ruleset_of({}).hash


def test_moving_a_rule_to_another_file_makes_another_ruleset() -> None:
    files = dict(EXAMPLE)
    files["routes/98-fallback.yaml"] = files.pop("routes/99-fallback.yaml")
    result = load(files)
    assert result.ruleset is not None
    assert result.ruleset.hash != HASH


def test_a_bundle_has_the_files_of_the_ruleset_and_no_hidden_or_other_ones(tmp_path: Path) -> None:
    for name in (
        "ruleset.yaml",
        "routes/10-x.yaml",
        "areas/a.geojson",
        "README.md",
        ".hidden.yaml",
        ".git/x.yaml",
        "a/.b/c.yaml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert sorted(read_bundle(tmp_path)) == ["areas/a.geojson", "routes/10-x.yaml", "ruleset.yaml"]


def test_a_ruleset_with_an_error_is_refused_whole_and_one_with_warnings_loads() -> None:
    assert (
        loaded({"routes/50-x.yaml": "routes:\n- {id: x, when: {kind: [wish]}, assign: {lead: urban}}\n"}).ruleset
        is None
    )
    warned = loaded({"routes/50-x.yaml": "routes:\n- {id: x, when: {kind: [tip]}, assign: {lead: urban}}\n"})
    assert warned.ruleset is not None
    assert {finding.code for finding in warned.findings} == {"RR109", "RR145"}


@outside.needs_ruleset
def test_an_outside_ruleset_loads_without_an_error_or_a_warning() -> None:
    result = load_directory(outside.RULESET)
    assert result.ruleset is not None
    assert [finding.line() for finding in result.findings if finding.level is not Level.NOTE] == []
    counts = (len(result.ruleset.routes), len(result.ruleset.overlays), len(result.ruleset.agencies))
    assert (*counts, len(result.ruleset.categories)) == (20, 5, 25, 28)


def test_there_may_be_so_many_rules_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules.MOST_RULES == 10_000
    monkeypatch.setattr(rules, "MOST_RULES", 50)
    few = 50 - len(ruleset_of({}).routes) - len(ruleset_of({}).overlays)
    rows = [f"- {{id: r{n}, title: 某, when: {{kind: [tip]}}, assign: {{lead: urban}}}}\n" for n in range(few + 1)]
    assert loaded({"routes/50-many.yaml": "owner: urban\nroutes:\n" + "".join(rows[:-1])}).errors == ()
    (finding,) = loaded({"routes/50-many.yaml": "owner: urban\nroutes:\n" + "".join(rows)}).errors
    assert (finding.code, finding.params["n"]) == ("RR137", "51")
