"""A shadow on a real broker: not one byte of any agency's is another, and each difference is there exactly once."""

from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.incident import incident_bytes
from contracts.partition import partition_of_id
from contracts.serde import read
from contracts.shadow import ShadowDecision
from incidentbus.witness.reading import Seen
from streams.rulesets import HeldRuleset, RulesetInForce
from streams.shadows import Shadow
from tests.streams.processors.counter import Counter
from tests.streams.processors.test_dispatch_shadow import moving
from tests.streams.processors.test_on_a_broker import AGENCIES, Bus

CASES = 60
STAMP = 1_778_551_200_000


@pytest.fixture
def county(broker: Any, make_topics: Any, fresh_name: Any) -> Callable[..., Any]:
    async def make(held: HeldRuleset) -> Bus:
        made = Bus(broker.bootstrap, f"{fresh_name('county')}.", held)
        topics = made.topics
        spine = [topics.bus(noun) for noun in ("incidents", "directives", "decisions", "shadow-decisions")]
        await make_topics(*spine, *(f"{topic}.dlq" for topic in spine), partitions=2)
        await make_topics(topics.bus("dispatch-state"), partitions=2, configs={"cleanup.policy": "compact"})
        await make_topics(*(topics.agency_assignments(agency) for agency in AGENCIES))
        return made

    return make


async def published(bus: Bus, first: int, count: int) -> None:
    """Put incidents on the bus, each with a stamp of its own that is the same in every run."""
    counter = Counter(bus.rulesets)
    async with AIOKafkaProducer(bootstrap_servers=bus.bootstrap, acks="all") as producer:
        for number in range(first, first + count):
            incident = counter.incident(f"A{number}")
            await producer.send_and_wait(
                bus.topics.bus("incidents"), incident_bytes(incident), incident.id.encode(),
                partition=partition_of_id(incident.id, bus.topics.spine), timestamp_ms=STAMP + number,
            )  # fmt: skip


def told(bus: Bus, seen: list[Seen]) -> list[tuple[Any, ...]]:
    """Return records as an agency sees them, without the name of its county."""
    return sorted(
        (each.topic.removeprefix(bus.topics.prefix), each.partition, each.value, tuple(each.headers.items()))
        for each in seen
    )


async def assigned(bus: Bus) -> list[tuple[Any, ...]]:
    seen = await bus.read(r"agency\..+\.assignments\.v1", lambda seen: len(seen) >= 3 * CASES)
    return told(bus, seen)


async def test_a_shadow_that_moves_everything_changes_no_byte_that_an_agency_reads_even_over_a_restart(
    county: Callable[..., Any], small: RulesetInForce
) -> None:
    plain = await county(HeldRuleset(small))
    await published(plain, 0, CASES)
    async with plain.running(plain.dispatch()):
        expected = await assigned(plain)

    held = HeldRuleset(small)
    held.put_in_shadow(Shadow(moving(), lambda: 0.0))
    shadowed = await county(held)
    await published(shadowed, 0, CASES // 2)
    async with shadowed.running(shadowed.dispatch()):
        await shadowed.read(r"bus\.shadow-decisions\.v1", lambda seen: len(seen) >= CASES // 4)
    await published(shadowed, CASES // 2, CASES - CASES // 2)
    async with shadowed.running(shadowed.dispatch()):
        got = await assigned(shadowed)
        differences = await shadowed.read(r"bus\.shadow-decisions\.v1", lambda seen: len(seen) >= CASES)

    assert len(expected) == 3 * CASES
    assert got == expected
    found = [read(ShadowDecision, each.value or b"") for each in differences]
    assert len(found) == len({each.incident for each in found}) == CASES
    assert {(each.live.lead, each.shadow.lead) for each in found} == {("police", "command-centre")}
    letters = await shadowed.read(r"bus\..+\.dlq", lambda seen: True)
    assert letters == []
    assert plain.died == shadowed.died == []
