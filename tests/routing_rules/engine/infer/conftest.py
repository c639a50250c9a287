"""A small made-up county, and a way to let it read a report."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.codes import Kind
from contracts.incident import Incident
from contracts.report import Report
from routing_rules.engine.infer.understand import Interpreter
from routing_rules.engine.schema import Agency, Area, Category, ChannelSpec, Conflict, Jurisdiction, Place, Ruleset

Read = Callable[..., Incident]


def square(west: float, south: float, east: float, north: float) -> tuple[tuple[float, float], ...]:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def _categories() -> dict[str, Category]:
    nodes = [
        Category("noise", "噪声", words={"噪音": 3, "扰民": 2}),
        Category(
            "noise/construction",
            "施工",
            words={"施工": 2, "打桩": 3, "工地": 2},
            masked=("工地食堂",),
            native={"urban": ("施工噪音",), "sensor": ("x", "y")},
        ),
        Category("noise/nightlife", "娱乐", words={"ktv": 3, "音响": 2}),
        Category("food", "食品", words={"食堂": 3, "变质": 3, "过期": 2}),
        Category("food/school", "学校食品", words={"学生餐": 4}, native={"sensor": ("y",)}),
        Category("unclassified", "未分类"),
    ]
    return {node.code: node for node in nodes}


def _jurisdictions() -> dict[str, Jurisdiction]:
    places = [
        Jurisdiction("city", "临水市", "city"),
        Jurisdiction("county", "临水区", "district", "city", ("临水县", "临水"), native={"urban": ("全区",)}),
        Jurisdiction("east", "东岸街道", "town", "county", ("东岸",), native={"urban": ("DA-01",)}),
        Jurisdiction("west", "西岸镇", "town", "county", ("西岸", "西岸口")),
        Jurisdiction("river", "三河镇", "town", "county"),
        Jurisdiction("village", "柳树村", "village", "west"),
        Jurisdiction("beyond", "区外", "city", synthetic=True),
        Jurisdiction("north", "北山县", "district", "beyond", ("北山",)),
        Jurisdiction("south", "南山县", "district", "beyond"),
    ]
    return {place.code: place for place in places}


def _areas() -> dict[str, Area]:
    areas = [
        Area("east", "东岸", ((square(0, 0, 2, 2),),)),
        Area("county", "临水区", ((square(0, 0, 10, 10), square(7, 7, 8, 8)),)),
        Area("lake", "大湖", ((square(1, 1, 20, 3),),), "county"),
        Area("pond", "小塘", ((square(30, 30, 31, 31),),)),
    ]
    return {area.id: area for area in areas}


def _agencies() -> dict[str, Agency]:
    agencies = [
        Agency("centre", "指挥中心", "command", "city", top=True),
        Agency("urban", "区城管局", "urban", "district", supervisor="centre", names=("城管局", "城管")),
        Agency("urban-east", "城管局东岸分局", "urban", "town", supervisor="urban"),
        Agency("police", "公安局", "police", "district", supervisor="centre"),
        Agency("water-1", "第一水厂", "water", "town", supervisor="centre", names=("水厂",)),
        Agency("water-2", "第二水厂", "water", "town", supervisor="centre", names=("水厂",)),
    ]
    return {agency.code: agency for agency in agencies}


def _ruleset() -> Ruleset:
    return Ruleset(
        id="made-up",
        title="临水区",
        version="1",
        hash="0" * 64,
        timezone="Asia/Shanghai",
        root="county",
        tiers=("village", "town", "district", "city"),
        calendar="cn",
        functions={},
        channels={"hotline": ChannelSpec("hotline", "热线"), "urban": ChannelSpec("urban", "城管")},
        kind_default=Kind.HELP,
        kind_words={
            Kind.TIP: ("举报",),
            Kind.COMPLAINT: ("投诉", "扰民"),
            Kind.CONSULT: ("请问", "咨询"),
            Kind.PRAISE: ("表扬",),
        },
        tags={},
        responses={},
        routes=(),
        overlays=(),
        agencies=_agencies(),
        jurisdictions=_jurisdictions(),
        categories=_categories(),
        places=(
            Place("三河闸", "site", ("west",)),
            Place("三河", "water", ("west", "river")),
            Place("大湖大道", "road", ("east",)),
            Place("大湖公园", "site"),
            Place("大湖", "water", area="lake"),
            Place("大湖水面", "water", area="lake"),
            Place("小塘水面", "water", area="pond"),
            Place("新河村", "village", ("east", "west")),
        ),
        areas=_areas(),
        outside="beyond",
        conflict=Conflict(within=6, not_between="[到给过后]", before=("投诉", "举报"), after=("不作为", "推诿")),
    )


@pytest.fixture(scope="session")
def ruleset() -> Ruleset:
    return _ruleset()


@pytest.fixture(scope="session")
def read(ruleset: Ruleset) -> Read:
    """Return a function from a report's fields to the incident; `changes` replaces parts of the ruleset."""
    usual = Interpreter(ruleset)

    def understood(changes: dict[str, Any] | None = None, **fields: Any) -> Incident:
        report = Report(**({"channel": "hotline", "external_id": "1"} | fields))
        interpreter = Interpreter(replace(ruleset, **changes)) if changes else usual
        return interpreter.understand(report, "inc-1", datetime(2026, 5, 12, 10, tzinfo=UTC))

    return understood
