"""Row 9: rulesets swapped every second for a minute under load, one in three broken; no broken one ever decides."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator

import orjson
from aiokafka import AIOKafkaProducer

from contracts.ruleset import RulesetBundle, RulesetPointer, pack
from incidentbus.clock import utc_now
from routing_rules.engine.loader import load, read_bundle
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario

VARIANTS = 6
IN_FORCE = tuple(f"-{number}" for number in range(VARIANTS))
EVERY = 1.0
BROKEN = ("another's hash", "does not load", "is missing", "is no pointer")


async def swap(field: Field) -> None:
    """Publish bundle after bundle, each with the pointer at it."""
    files = read_bundle(field.settings.ruleset_dir)
    good = await asyncio.to_thread(lambda: [_variant(files, number) for number in range(VARIANTS)])
    sound = await asyncio.to_thread(_variant, files, VARIANTS)  # never in force: under a hash that isn't its own
    async with AIOKafkaProducer(**field.connection.options(), acks="all", max_request_size=16 << 20) as producer:
        while field.times < field.least:
            number = field.times
            if number % 3 == 2:
                what = BROKEN[number // 3 % len(BROKEN)]
                await _broken(field, producer, sound, what, number)
            else:
                what, bundle = "good", good[number % VARIANTS]
                await _publish(field, producer, bundle)
            field.did(f"{what}: variant {number % VARIANTS}")
            await asyncio.sleep(EVERY)
        await _publish(field, producer, good[0])


def _variant(files: dict[str, bytes], number: int) -> RulesetBundle:
    """Return the ruleset under another version: other content, another hash, the same rules."""
    text = files["ruleset.yaml"].decode()
    changed, count = re.subn(r'(?m)^(version: *"[^"]+)".*$', rf'\g<1>-{number}"', text, count=1)
    if count != 1:
        raise AssertionError("ruleset.yaml names no version")
    packed = {**files, "ruleset.yaml": changed.encode()}
    loaded = load(packed)
    if loaded.ruleset is None:
        raise AssertionError([finding.code for finding in loaded.errors])
    return RulesetBundle(
        id=loaded.ruleset.id, version=loaded.ruleset.version, hash=loaded.ruleset.hash, published_at=utc_now(),
        published_by="faults", packed=pack(packed),
    )  # fmt: skip


async def _publish(field: Field, producer: AIOKafkaProducer, bundle: RulesetBundle) -> None:
    topics = field.settings.topics()
    raw = bundle.model_dump_json().encode()
    await producer.send_and_wait(topics.bus("rulesets"), raw, key=bundle.hash.encode(), partition=0)
    pointer = RulesetPointer(hash=bundle.hash, version=bundle.version, set_at=utc_now(), set_by="faults")
    await _point(field, producer, pointer.model_dump_json().encode())


async def _broken(field: Field, producer: AIOKafkaProducer, bundle: RulesetBundle, what: str, number: int) -> None:
    hash_ = f"{number:064x}"
    if what == "is no pointer":
        await _point(field, producer, b'{"hash": "none')
        return
    pointer = RulesetPointer(hash=hash_, version="broken", set_at=utc_now(), set_by="faults")
    if what != "is missing":
        packed = dict(bundle.packed)
        if what == "does not load":
            packed = pack({"ruleset.yaml": b"version: [\n"})
        raw = bundle.model_copy(update={"hash": hash_, "packed": packed}).model_dump_json().encode()
        await producer.send_and_wait(field.settings.topics().bus("rulesets"), raw, key=hash_.encode(), partition=0)
    await _point(field, producer, pointer.model_dump_json().encode())


async def _point(field: Field, producer: AIOKafkaProducer, pointer: bytes) -> None:
    await producer.send_and_wait(field.settings.topics().bus("ruleset-in-force"), pointer, key=b"in-force", partition=0)


def who_decided(field: Field) -> Iterator[str]:
    """Say if a broken ruleset decided, or if the swaps can't be seen in the decisions."""
    stamps: Counter[str] = Counter()
    for each in field.watch.seen("decisions"):
        body = orjson.loads(each.value or b"{}")
        if "roles" in body:
            stamps[body["ruleset"]["version"]] += 1
    field.note(f"decisions by version: {dict(stamps)}")
    if strange := [version for version in stamps if not version.endswith(IN_FORCE) and "-" in version]:
        yield f"rulesets decided that never should: {strange}"
    if len(stamps) < VARIANTS // 2:
        yield f"only {len(stamps)} rulesets decided anything"


SCENARIO = Scenario(
    number=9, name="rulesets swapped, a third broken", counted="swaps", least=60, quick_least=30, act=swap,
    also=who_decided, stall=None, load=Load(rate=1_000, quick_rate=500),
)  # fmt: skip
