"""What is published: tellings numbered by their external ids, so that whoever reads them can say which are missing."""

import zlib
from random import Random
from typing import NamedTuple

import orjson

CHANNEL = "hotline-12345"
MATTERS = (
    ("夜间施工噪音", "高良涧街道工地半夜打桩，吵得睡不着。"),
    ("占道经营", "小区门口摆摊占道，出行困难。"),
    ("拖欠工资", "工地拖欠工资三个月，请帮助讨薪。"),
    ("污水直排", "河道里有死鱼，有人偷排污水。"),
    ("问一件事", "想问一下怎么办。"),
)
KEPT_BACK = 100


class Telling(NamedTuple):
    """One record to publish. `external_id` is None where it must become a dead letter; `partition` None: by the key."""

    external_id: str | None
    payload: bytes
    partition: int | None = None
    channel: str = CHANNEL
    headers: tuple[tuple[str, bytes], ...] = ()
    judged: bool = True
    """False: the publisher sends it and the ledger does not list it; whoever sends it says what must come of it."""


def report(number: int, more: str = "") -> Telling:
    """Return the telling of one matter; `more` makes it another body of the same."""
    title, text = MATTERS[number % len(MATTERS)]
    external_id = f"F{number:08d}"
    body = {"市受理编号": external_id, "标题": title, "内容": f"{text}第{number}件。{more}", "诉求类型": "求助"}
    return Telling(external_id, orjson.dumps(body), _elsewhere(number, external_id))


def unreadable(number: int) -> Telling:
    """Return a record that is beyond reading."""
    return Telling(None, b'{"\xe5\xb8\x82' + str(number).encode())


def ordinary(number: int, chance: Random) -> list[Telling]:
    """A twentieth repeats an id, a fiftieth another body of one, a hundredth is beyond reading."""
    if number % 100 == 99:
        return [unreadable(number)]
    if number > KEPT_BACK and number % 20 == 19:
        return [report(_earlier(number, chance))]
    if number > KEPT_BACK and number % 50 == 33:
        return [report(number), report(_earlier(number, chance), f"补充{number}。")]
    return [report(number)]


def _earlier(number: int, chance: Random) -> int:
    """Return a number of the last hundred whose own place was a report."""
    earlier = chance.randrange(number - KEPT_BACK, number)
    return earlier - 1 if earlier % 20 == 19 else earlier


def _elsewhere(number: int, external_id: str) -> int | None:
    """Every other one goes where a publisher on librdkafka would put it (of four partitions)."""
    return zlib.crc32(external_id.encode()) % 4 if number % 2 else None
