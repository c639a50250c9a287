"""Hongze is as wide as a county: its counts, its villages by the list they come from, its tree in three levels."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.schema import Block, Ruleset
from routing_rules.tools.coverage import Coverage, coverage
from routing_rules.tools.testing import run_tests

RULESETS = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets"
VILLAGES = Path(__file__).with_name("villages-320813.csv")
"""Codes and names of the county's villages and communities: 国家统计局《统计用区划代码》, as of 2023-06-30."""
BODIES = ("社区居民委员会", "社区居委会", "居民委员会", "居委会", "村民委员会", "村委会", "社区", "村")
FIVE_CHANNELS = ("hotline-12345", "urban-management", "police-110", "petition", "mailbox")

NAMED = {
    "12345政务热线": "channel:hotline-12345", "数字化城管": "channel:urban-management",
    "非警务警情": "channel:police-110", "信访": "channel:petition", "网格上报": "channel:grid",
    "感知告警": "channel:sensor",
    "联动指挥中心": "agency:command-centre", "市平台": "agency:city-platform", "城管": "agency:urban-management",
    "公安": "agency:police", "信访局": "agency:petition", "市场监管": "agency:market-supervision",
    "应急管理": "agency:emergency-management", "综治中心": "agency:governance-centre",
    "镇综治中心": "agency:governance-gaoliangjian", "社区网格站": "agency:grid-gaoliangjian",
    "小区议事厅": "agency:residents-council", "综合执法指挥中心": "agency:enforcement-command",
    "公共法律服务": "agency:legal-services-centre", "法律援助": "agency:legal-aid", "诉讼服务": "agency:court-service",
    "检察": "agency:procuratorate", "督查考核": "function:inspection", "两校一园": "overlay:school-nearby",
}  # fmt: skip
"""What a county's joined-up government is made of → the channel, agency, function or rule that it is here."""


@pytest.fixture(scope="module")
def hongze() -> Compiled:
    loaded = load(read_bundle(RULESETS / "hongze"))
    assert loaded.ruleset is not None, loaded.findings
    return compile_ruleset(loaded.ruleset)


@pytest.fixture(scope="module")
def ruleset(hongze: Compiled) -> Ruleset:
    return hongze.ruleset


def covered(name: str) -> Coverage:
    files = read_bundle(RULESETS / name)
    loaded = load(files)
    assert loaded.ruleset is not None
    return coverage(run_tests(compile_ruleset(loaded.ruleset), files))


def test_its_counts_are_those_of_a_county(ruleset: Ruleset) -> None:
    emergency = [route for route in ruleset.routes if any(_emergency(block) for block in route.when)]
    counts = {
        "agencies": len(ruleset.agencies), "routes": len(ruleset.routes), "overlays": len(ruleset.overlays),
        "routes for emergency": len(emergency), "categories": len(ruleset.categories), "places": len(ruleset.places),
        "tiers of agencies": len({agency.tier for agency in ruleset.agencies.values()}),
    }  # fmt: skip
    least = {
        "agencies": 28, "routes": 80, "overlays": 15, "routes for emergency": 6, "categories": 200, "places": 200,
        "tiers of agencies": 4,
    }  # fmt: skip
    print("hongze:", ", ".join(f"{name} {count}" for name, count in counts.items()))
    assert {name: count for name, count in counts.items() if count < least[name]} == {}


def _emergency(block: Block) -> bool:
    return block.mode is not None and {mode.value for mode in block.mode} == {"emergency"}


@pytest.mark.parametrize(("name", "here"), NAMED.items())
def test_what_the_county_joins_up_is_a_channel_an_agency_a_function_or_a_rule(
    ruleset: Ruleset, name: str, here: str
) -> None:
    sort, _, code = here.partition(":")
    known = {
        "channel": ruleset.channels, "agency": ruleset.agencies, "function": ruleset.functions,
        "overlay": {overlay.id for overlay in ruleset.overlays},
    }  # fmt: skip
    assert code in known[sort], name


def test_every_village_of_the_tree_is_on_the_list_or_marked_as_made_up(ruleset: Ruleset) -> None:
    listed = dict(_villages())
    villages = {code: node for code, node in ruleset.jurisdictions.items() if node.tier == "village"}
    assert {code for code, node in villages.items() if code not in listed and not node.synthetic} == set()
    assert {code for code in listed if code not in villages} == set()
    for code, node in villages.items():
        assert node.synthetic or node.name.endswith(listed[code]), code
        assert node.parent == code[:9], code


def test_every_village_of_the_gazetteer_is_on_the_list_for_its_town(ruleset: Ruleset) -> None:
    listed = {(code[:9], _bare(name)) for code, name in _villages()}
    villages = [place for place in ruleset.places if place.kind == "village"]
    within = {(code, _bare(place.name)) for place in villages for code in place.codes if code != ruleset.outside}
    assert within == listed


def _villages() -> Iterator[tuple[str, str]]:
    with VILLAGES.open(encoding="utf-8", newline="") as file:
        yield from ((row["code"], row["name"]) for row in csv.DictReader(file))


def _bare(name: str) -> str:
    """The name without what sort of body it is; villages become communities and keep the rest."""
    for body in BODIES:
        if name.endswith(body) and len(name) > len(body):
            return name.removesuffix(body).removesuffix("村")
    return name


def test_the_list_has_the_villages_of_nine_towns() -> None:
    codes = [code for code, _ in _villages()]
    assert len(set(codes)) == len(codes) == 125
    assert all(len(code) == 12 and code.startswith("320813") for code in codes)
    assert len({code[:9] for code in codes}) == 9


def test_a_village_shared_with_other_counties_counts_only_beside_another_place(ruleset: Ruleset) -> None:
    shared = [place for place in ruleset.places if place.kind == "village" and ruleset.outside in place.codes]
    assert {place.name for place in shared} >= {"太平村", "和平村", "前进村", "幸福村"}
    assert all(len(place.codes) == 2 for place in shared)


def test_the_tree_has_three_levels_under_every_branch_but_the_protected(ruleset: Ruleset) -> None:
    levels = Counter(code.count("/") + 1 for code in ruleset.categories)
    print("hongze categories by level:", dict(sorted(levels.items())))
    assert set(levels) == {1, 2, 3}
    assert levels[2] >= 90
    assert levels[3] >= 150
    tops = {code for code in ruleset.categories if "/" not in code}
    deep = {code.split("/")[0] for code in ruleset.categories if code.count("/") == 2}
    assert tops - deep == {"discipline", "petition-matter", "unclassified"}


def test_every_category_can_be_reached_by_words_or_by_a_channels_label(ruleset: Ruleset) -> None:
    for code in ruleset.categories:
        beneath = [node for name, node in ruleset.categories.items() if name == code or name.startswith(f"{code}/")]
        assert code == "unclassified" or any(node.words for node in beneath), code


def test_all_five_channels_have_labels_in_the_tree_and_four_of_them_at_every_level(ruleset: Ruleset) -> None:
    at = {channel: Counter[int]() for channel in FIVE_CHANNELS}
    for code, node in ruleset.categories.items():
        for channel in FIVE_CHANNELS:
            at[channel][code.count("/") + 1] += len(node.native.get(channel, ()))
    print(
        "hongze labels by channel and level:", {channel: dict(sorted(count.items())) for channel, count in at.items()}
    )
    assert (
        at["mailbox"][1] == at["mailbox"].total() == 12
    )  # six labels of one branch each, and 城乡建设 on the six that it covers
    for channel in FIVE_CHANNELS[:4]:
        assert sum(at[channel].values()) >= 80, channel
        assert all(at[channel][level] > 0 for level in (1, 2, 3)), channel


@pytest.mark.parametrize(("name", "near"), [("hongze", 90), ("nyc", 80)])
def test_the_kept_rulesets_set_gates_and_meet_them(name: str, near: int) -> None:
    of = covered(name)
    print(of.text("en"))
    assert {gate.name for gate in of.gates} == {"rules", "near_miss"}
    assert of.passed, of.text()
    assert of.rules.missing == ()
    assert of.near_misses.done * 100 >= near * of.near_misses.total, of.text()


def test_hongzes_cases_use_every_hard_rule_agency_and_deadline() -> None:
    of = covered("hongze")
    assert (of.hard_rules.missing, of.leads.missing, of.dues.missing) == ((), (), ())


def test_the_figures_of_its_guide_are_those_of_the_ruleset(ruleset: Ruleset) -> None:
    guide = (RULESETS.parents[1] / "docs" / "rules" / "hongze.md").read_text(encoding="utf-8").replace("\n", "")
    told = re.search(r"现有 (\d+) 家单位.*?(\d+) 条派单规则（(\d+) 条急时专用）、(\d+) 条附加规则、(\d+) 个分类", guide)
    assert told is not None
    emergency = sum(any(_emergency(block) for block in route.when) for route in ruleset.routes)
    counts = (len(ruleset.agencies), len(ruleset.routes), emergency, len(ruleset.overlays), len(ruleset.categories))
    assert tuple(map(int, told.groups())) == counts
    of = covered("hongze").near_misses
    assert f"{of.total} 个条件里有 {of.done} 个有“只差这一项”的用例" in guide
