"""Row 12: channels publish a fifth of all reports again, seconds and hours later, some with changed bodies.

"Hours later": the workers' clock steps three hours between, and all of them are started anew, so that what was seen is
known from the changelog alone. A changed body must become one `report_updated` fact, once.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from random import Random

import orjson

from incidentbus.witness.reading import Seen
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario
from tests.faults.harness.tellings import Telling, report, unreadable

HOURS = 3 * 3_600.0
CHANGED = 0.3
RECENT = 1_000


def again(number: int, chance: Random) -> list[Telling]:
    """One in five numbers also tells an earlier one again: half of them of late, half from any time before."""
    own = unreadable(number) if number % 100 == 99 else report(number)
    if number < RECENT or number % 5:
        return [own]
    earlier = chance.randrange(number - RECENT, number) if number % 2 else chance.randrange(number)
    if earlier % 100 == 99:
        earlier -= 1
    changed = f"补充说明{chance.randrange(3)}。" if chance.random() < CHANGED else ""
    return [own, report(earlier, changed)]


async def republish(field: Field) -> None:
    """Step the clock by hours half-way, and start every worker anew."""
    file = field.directory / "clock"
    await field.until(lambda: field.publisher.number > field.size.reports // 2, 900.0, "half is published")
    file.write_text(str(HOURS), "utf-8")
    for worker in list(field.fleet.workers):
        await field.leave(worker)
    for _ in range(field.scenario.workers):
        field.start(INCIDENTBUS_FAULT_CLOCK=str(file))
    await field.flowing()
    field.did(f"{HOURS} s later, all workers anew")
    await field.until(lambda: field.publisher.enough, 900.0, "all is published")
    await asyncio.sleep(1.0)


def facts(field: Field) -> Iterator[str]:
    """Compare the facts with the bodies that were published: one fact for each body beyond the first."""
    due = sum(len(bodies) - 1 for bodies in field.publisher.bodies.values())
    told = Counter(
        (body["incident"], body["body_digest"]) for body in map(_body, field.watch.seen("facts"))
        if body["fact"] == "report_updated"
    )  # fmt: skip
    twice = sum(count - 1 for count in told.values())
    field.note(f"changed bodies: {due} due, {len(told)} told")
    if twice:
        yield f"{twice} updates told twice"
    if len(told) != due:
        yield f"{len(told)} updates told of {due}"


def _body(seen: Seen) -> dict[str, str]:
    body: dict[str, str] = orjson.loads(seen.value or b"{}")
    return body


SCENARIO = Scenario(
    number=12, name="a fifth is published again", counted="times", least=1, act=republish, also=facts, stall=None,
    load=Load(rate=1_500, quick_rate=1_000, tellings=again),
)  # fmt: skip
