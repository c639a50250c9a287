"""Row 15: surges are watched for while the observers (Faust) are killed with `kill -9`, and the broker with them.

Reports come from eight towns in four categories, far more than those towns know: each group surges, and grows. Two
observers share the groups; one is killed each time and the broker every third time, with reports flowing. Afterwards an
observer that nobody disturbs reads a copy of the same incidents: what it tells is what should have been told.
"""

import asyncio
from random import Random
from typing import cast

import orjson

from tests.faults.harness.field import Field
from tests.faults.harness.observed import Observed
from tests.faults.harness.observing import SURGE, Observing, compared
from tests.faults.harness.scenario import Load, Scenario
from tests.faults.harness.tellings import Telling
from tests.faults.row05_broker_killed import a_broker_of_its_own, kill_a_worker_or_the_broker

BETWEEN = (3.0, 9.0)
"""Seconds between two kills: some fall into a rebalance or a restoring, some into quiet work."""
SETTLE_S = 90.0
OBSERVERS = 2
TOWNS = ("高良涧街道", "黄集街道", "朱坝街道", "三河镇", "岔河镇", "老子山镇", "蒋坝镇", "西顺河镇")
MATTERS = (
    ("夜间施工噪音", "工地半夜打桩，吵得睡不着。"),
    ("占道经营", "小区门口摆摊占道，出行困难。"),
    ("拖欠工资", "工地拖欠工资三个月，请帮助讨薪。"),
    ("污水直排", "河道里有死鱼，有人偷排污水。"),
)


def tellings(number: int, chance: Random) -> list[Telling]:
    """Return a report of one town and matter; a twentieth repeats one of the last hundred."""
    if number > 100 and number % 20 == 19:
        number = chance.randrange(number - 100, number)
    town = TOWNS[number % len(TOWNS)]
    title, text = MATTERS[number // len(TOWNS) % len(MATTERS)]
    external_id = f"S{number:08d}"
    body = {
        "市受理编号": external_id,
        "镇街": town,
        "标题": title,
        "内容": f"{town}{text}第{number}件。",
        "诉求类型": "投诉",
    }
    return [Telling(external_id, orjson.dumps(body))]


async def observe(field: Field) -> None:
    """Start the witness, a worker that understands and dispatches, and two observers."""
    observing = Observing(field, field.settings.topic_prefix)
    field.kept["observing"] = observing
    await observing.start()
    field.start()
    for _ in range(OBSERVERS):
        field.fleet.start(SURGE)


async def kill_observers(field: Field) -> None:
    """Kill observers, and the broker every third time, while reports flow; then let a calm one say what was due."""
    observing = cast("Observing", field.kept["observing"])
    await field.flowing()
    field.publisher.release()
    while field.times < field.least or not field.publisher.enough:
        await asyncio.sleep(field.chance.uniform(*BETWEEN))
        observers = [each for each in field.fleet.workers if each.stages == SURGE]
        await kill_a_worker_or_the_broker(field, observers, lambda: field.fleet.start(SURGE))
    judged = await compared(field, observing, SETTLE_S)
    await observing.stop()
    field.kept["observed"] = judged
    field.note(judged.line())
    field.say(f"   {judged.line()}")


def findings(field: Field) -> list[str]:
    """Return what the witness found, or that it didn't come to it."""
    judged = field.kept.get("observed")
    if not isinstance(judged, Observed):
        return ["the witness of surges did not come to its verdict"]
    told = [] if judged.clean else [judged.line(), *judged.lost[:2], *judged.twice[:2], *judged.invented[:2]]
    return told if judged.facts > judged.surges > len(TOWNS) and judged.amended else [*told, "hardly a surge was told"]


SCENARIO = Scenario(
    number=15, name="surges: observers, broker killed", counted="kills", least=12, quick_least=4, act=kill_observers,
    load=Load(rate=60, quick_rate=60, tellings=tellings, anew=0), ground=a_broker_of_its_own, prepare=observe,
    also=findings, stall=None, share=0.1, environment={"INCIDENTBUS_SURGE_PORT": "0"},
)  # fmt: skip
