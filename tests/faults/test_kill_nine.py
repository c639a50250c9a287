"""`kill -9`, again and again, under load: nothing is lost, nothing comes twice, no case goes backwards.

20,000 tellings at 500/s, two workers with eight tasks, a kill every 4 s. Among the tellings are repeats through the
other kind of partitioner, corrections, unreadable payloads; and every so often an operator has a case decided anew, so
that cases have an order to keep. The verdict is the witness's.
"""

import asyncio
import random
import time
import zlib
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from contracts.codes import DirectiveKind
from contracts.directive import Correction, Directive
from contracts.ids import directive_id, incident_id
from contracts.partition import partition_of_id
from incidentbus.clock import utc_now
from incidentbus.witness.reading import Seen
from tests.faults.aborted import aborted_runs

TELLINGS, PER_SECOND, KILL_EVERY, KILLS_AT_LEAST = 20_000, 500, 4.0, 8
MATTERS = (
    ("夜间施工噪音", "高良涧街道工地半夜打桩，吵得睡不着。"),
    ("占道经营", "小区门口摆摊占道，出行困难。"),
    ("拖欠工资", "工地拖欠工资三个月，请帮助讨薪。"),
    ("污水直排", "河道里有死鱼，有人偷排污水。"),
    ("问一件事", "想问一下怎么办。"),
)


def telling(number: int, chance: random.Random) -> tuple[str | None, bytes]:
    """Return (external id or None, payload): a twentieth repeats an id, a hundredth is beyond reading."""
    if number % 100 == 99:
        return None, b'{"\xe5\xb8\x82' + str(number).encode()
    if number > 100 and number % 20 == 19:
        number = chance.randrange(number - 100, number)
        number -= number % 20 == 19 or number % 100 == 99
    title, text = MATTERS[number % len(MATTERS)]
    body = {"市受理编号": f"F{number:08d}", "标题": title, "内容": f"{text}第{number}件。", "诉求类型": "求助"}
    return body["市受理编号"], orjson.dumps(body)


async def publish_all(deployment: Any, producer: AIOKafkaProducer, chance: random.Random) -> None:
    topic = deployment.settings.topics().channel_reports("hotline-12345")
    started, waiting = time.monotonic(), []
    for number in range(TELLINGS):
        external_id, payload = telling(number, chance)
        key = external_id.encode() if external_id else None
        partition = zlib.crc32(key or b"") % 4 if number % 2 else None
        sent = await producer.send(topic, payload, key=key, partition=partition)
        waiting.append((external_id, sent))
        if number % 50 == 0:
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.monotonic()))
    for external_id, sent in waiting:
        placed = await sent
        deployment.ledger.note("hotline-12345", external_id, (placed.topic, placed.partition, placed.offset))


async def decide_anew(deployment: Any, producer: AIOKafkaProducer, seen: list[Seen], done: set[str]) -> None:
    """Have every fortieth case that has arrived decided anew, twice."""
    topics = deployment.settings.topics()
    for each in seen:
        body = orjson.loads(each.value or b"{}")
        external_id = body["external_id"]
        if body["role"] != "lead" or int(external_id[1:]) % 40 or body["round"] > 2:
            continue
        cause = f"{external_id}-{body['round']}"
        if cause in done:
            continue
        done.add(cause)
        incident = incident_id("hotline-12345", external_id)
        category = ("noise", "unclassified")[body["round"] % 2]
        directive = Directive(
            id=directive_id("redispatch", incident, cause), kind=DirectiveKind.REDISPATCH, issued_at=utc_now(),
            issued_by="command-centre", incident=incident, correction=Correction(category=category),
        )  # fmt: skip
        partition = partition_of_id(incident, topics.spine)
        raw = directive.model_dump_json(exclude_none=True).encode()
        await producer.send_and_wait(topics.bus("directives"), raw, key=incident.encode(), partition=partition)


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_kill_nine_under_load_loses_nothing_and_repeats_nothing(deployment: Any, record_property: Any) -> None:
    chance = random.Random(20_260_512)
    for _ in range(2):
        deployment.fleet.start()
    kills, done, looked = 0, set[str](), 0
    options = deployment.connection.options()
    async with AIOKafkaProducer(**options, acks="all", enable_idempotence=True, linger_ms=5) as producer:
        publishing = asyncio.create_task(publish_all(deployment, producer, chance))
        last = time.monotonic()
        while not publishing.done():
            await deployment.catch_up()
            assignments = deployment.readers["assignments"].seen
            await decide_anew(deployment, producer, assignments[looked:], done)
            looked = len(assignments)
            if time.monotonic() - last > KILL_EVERY:
                deployment.replace(chance.choice(deployment.fleet.workers))
                kills, last = kills + 1, time.monotonic()
        await publishing
    verdict = await deployment.settle(seconds=90)
    aborted = await aborted_runs(deployment)
    again = sum(orjson.loads(each.value or b"{}")["round"] > 1 for each in deployment.readers["assignments"].seen)
    told = (
        f"kills={kills} aborted_transactions={aborted} matters={verdict.matters} assignments={verdict.assignments} "
        f"later_rounds={again} dead_letters={verdict.dead_letters} lost={len(verdict.lost)} "
        f"duplicates={len(verdict.duplicates)} disordered={len(verdict.disordered)}"
    )
    record_property("faults", told)
    print(told)
    assert verdict.lost == ()
    assert verdict.duplicates == ()
    assert verdict.disordered == ()
    assert verdict.strangers == ()
    assert kills >= KILLS_AT_LEAST
    assert aborted > 0
    assert again > 0
