"""Row 8: a tenth of what comes is beyond reading or contradicts itself; then one source sends nothing but that.

The burst lies on one partition of another channel's topic. Its input must pause by itself, the others go on, and the
operator's command has to let it go on: resumed as it is, the bound trips again; with the rest of the burst allowed, all
of it becomes dead letters and the sound reports behind it arrive.
"""

import asyncio
import base64
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson

from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario
from tests.faults.harness.tellings import Telling, report

ROOT = Path(__file__).resolve().parents[2]
MALFORMED = ROOT / "connectors" / "channels" / "hotline_12345" / "samples" / "malformed.ndjson"
PAYLOADS = [base64.b64decode(orjson.loads(line)["base64"]) for line in MALFORMED.read_bytes().splitlines()]
ENVELOPES = (
    (("ce_specversion", b"0.3"), ("ce_id", b"1"), ("ce_source", b"/x"), ("ce_type", b"t")),
    (("ce_specversion", b"1.0"), ("ce_source", b"/x"), ("ce_type", b"t")),
    (("ce_specversion", b"1.0"), ("ce_id", b"\xff\xfe"), ("ce_source", b"/x"), ("ce_type", b"t")),
)
"""A sound report under an envelope that contradicts what it says it is."""
OTHER, PARTITION = "petition", 2
BURST = 5_000
BEHIND = 50


def hostile(number: int, chance: Random) -> list[Telling]:
    """Return a report, or for one number in ten what must become a dead letter."""
    if number % 10 != 9:
        return [report(number)]
    kind = chance.randrange(len(PAYLOADS) + len(ENVELOPES))
    if kind < len(PAYLOADS):
        return [Telling(None, PAYLOADS[kind])]
    return [report(number)._replace(external_id=None, headers=ENVELOPES[kind - len(PAYLOADS)])]


async def burst(field: Field) -> None:
    """Send the burst with sound reports behind it, see its input paused and the others go on, then resume."""
    count = BURST
    topic = field.settings.topics().channel_reports(OTHER)
    for number in range(count):
        await field.publisher.send(Telling(None, PAYLOADS[number % len(PAYLOADS)], PARTITION, OTHER))
    for number in range(BEHIND):
        await field.publisher.send(petition(number))
    await field.until(lambda: _dead(field, topic) > 0, 30.0, "the burst makes dead letters")
    await _stands_still(field, topic)
    tripped_at = _dead(field, topic)
    await field.flowing()
    if not 0 < tripped_at < count:
        raise AssertionError(f"the bound did not trip: {tripped_at} dead letters of {count}")
    field.did(f"{count} wholly bad on {topic}/{PARTITION}: stood still after {tripped_at}; the others went on")
    await _resume(topic, field)
    await _stands_still(field, topic)
    again = _dead(field, topic) - tripped_at
    await _resume(topic, field, "--allow", str(count))
    await field.until(lambda: _dead(field, topic) == count, 60.0, "the whole burst is dead letters")
    field.did(f"resumed once, {again} more; resumed with what is left allowed")


def petition(number: int) -> Telling:
    """Return a sound petition that lies behind the burst."""
    id_ = f"P{number:08d}"
    body = {**_SOUND, "xfjbh": id_}
    return Telling(id_, orjson.dumps(body), PARTITION, OTHER)


_SOUND = orjson.loads((ROOT / "connectors/channels/petition/samples/reports.ndjson").read_bytes().splitlines()[0])


def _dead(field: Field, topic: str) -> int:
    return sum(each.topic == f"{topic}.dlq" for each in field.watch.seen("dead"))


async def _stands_still(field: Field, topic: str) -> None:
    """Wait until no more dead letters of the topic come for a while."""
    before = -1
    while before != (now := _dead(field, topic)):
        before = now
        await asyncio.sleep(0.7)


async def _resume(topic: str, field: Field, *more: str) -> None:
    """Run the operator's command, again while a pause is only just being written."""
    command = [sys.executable, "-m", "incidentbus", "inputs", "resume", topic, str(PARTITION), "--by", "faults", *more]
    environment = {**os.environ, **field.fleet.environment}
    for _ in range(10):
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        told, wrong = await process.communicate()
        if process.returncode == 0:
            field.note(told.decode().strip())
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"inputs resume: exit {process.returncode}: {wrong.decode()[-300:]}")


def letters_of_the_burst(field: Field) -> Iterator[str]:
    """Say if a dead letter of the burst is missing: the ledger counts them, this names the topic."""
    count = BURST
    dead = _dead(field, field.settings.topics().channel_reports(OTHER))
    if dead != count:
        yield f"{dead} dead letters of a burst of {count}"


SCENARIO = Scenario(
    number=8, name="hostile input and a bad burst", counted="bursts seen and resumed", least=2, quick_least=2,
    act=burst, also=letters_of_the_burst, stall=None, load=Load(rate=500, quick_rate=700, tellings=hostile),
)  # fmt: skip
