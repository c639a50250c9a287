"""Has cases decided anew, so that a case has an order to keep: what an operator does, on the directives topic."""

import asyncio
from typing import TYPE_CHECKING

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.codes import DirectiveKind
from contracts.directive import Correction, Directive
from contracts.ids import directive_id, incident_id
from contracts.partition import partition_of_id
from incidentbus.clock import utc_now
from incidentbus.witness.verdict import is_notice
from tests.faults.harness.tellings import CHANNEL

if TYPE_CHECKING:
    from tests.faults.harness.field import Field

ROUNDS = 2


async def decide_anew(field: "Field", every: int) -> None:
    """Until cancelled, ask for rounds 2 and 3 of each case whose number `every` divides, as its assignments arrive."""
    done: set[str] = set()
    looked = 0
    while True:
        assignments = field.watch.seen("assignments")
        upto = len(assignments)
        wanted = []
        for each in assignments[looked:upto]:
            if is_notice(each):
                continue
            body = orjson.loads(each.value or b"{}")
            external_id, round_ = body["external_id"], body["round"]
            cause = f"{external_id}-{round_}"
            mine = body["role"] == "lead" and round_ <= ROUNDS and external_id[1:].isdecimal()
            if mine and int(external_id[1:]) % every == 0 and cause not in done:
                done.add(cause)
                wanted.append((external_id, round_, cause))
        looked = upto
        if wanted:
            await _ask(field, wanted)
        await asyncio.sleep(0.2)


async def _ask(field: "Field", wanted: list[tuple[str, int, str]]) -> None:
    topics = field.settings.topics()
    left = list(wanted)
    while left:
        try:
            async with AIOKafkaProducer(**field.connection.options(), acks="all") as producer:
                while left:
                    external_id, round_, cause = left[0]
                    incident = incident_id(CHANNEL, external_id)
                    directive = Directive(
                        id=directive_id("redispatch", incident, cause), kind=DirectiveKind.REDISPATCH,
                        issued_at=utc_now(), issued_by="command-centre", incident=incident,
                        correction=Correction(category=("noise", "unclassified")[round_ % 2]),
                    )  # fmt: skip
                    partition = partition_of_id(incident, topics.spine)
                    raw = directive.model_dump_json(exclude_none=True).encode()
                    await producer.send_and_wait(
                        topics.bus("directives"), raw, key=incident.encode(), partition=partition
                    )
                    left.pop(0)
        except KafkaError:  # a broker that is down: the directive has an id, so asking twice is asking once
            await asyncio.sleep(1.0)
