"""Commands of an operator: made into directives whose ids come from what is said, published, and what came of them.

A command is what it says: kind, case or whom it is on, by whom, why, its particulars, and the day in the machine's own
zone. The same said twice on one day happens once, whoever types it; said for another reason it is another (ADR 0138).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from connectors.kafka.clients import Connection, consumer
from connectors.kafka.publisher import Outgoing, open_publisher
from contracts.codes import DirectiveKind
from contracts.deadletter import DeadLetter
from contracts.directive import Directive
from contracts.dispatch_record import DirectiveOutcome, DirectiveTaken
from contracts.envelope import binary_headers
from contracts.errors import Permanent
from contracts.ids import content_digest, directive_id
from contracts.lifecycle import LifecycleFact
from contracts.partition import partition_of_id
from contracts.serde import read, write
from contracts.topics import Topics
from incidentbus.readmodel.reading import existing
from streams.gate.mending import MendingConsumer

TYPE: Final = "incidentbus.directive.v1"
_TAKEN: Final = b"incidentbus.directive-taken.v1"
_POLL_MS: Final = 200
_NOT_CONTENT: Final = frozenset({"id", "issued_at"})

Show = Callable[[int, int], None]


def command(kind: DirectiveKind, by: str, why: str, at: datetime, *, cause: str = "", **particulars: Any) -> Directive:
    """Return the directive of a command. `cause` stands for its content where that alone says what it is.

    Raises pydantic's `ValidationError` where something is not as a directive has it.
    """
    told = Directive(id="-", kind=kind, issued_at=at, issued_by=by, reason=why, **particulars)
    content = write(told.model_dump(exclude=set(_NOT_CONTENT), exclude_none=True, mode="json"))
    cause = cause or content_digest(content, at.astimezone().date().isoformat()).hex()
    on = told.incident or f"{told.agency or ''}/{told.rule or ''}"
    return told.model_copy(update={"id": directive_id(kind, on, cause)})


def partitions_of(directive: Directive, topics: Topics) -> tuple[int, ...]:
    """Return where a directive goes: to the case's task, or to every task where it names no case."""
    if directive.incident is None:
        return tuple(range(topics.spine))
    return (partition_of_id(directive.incident, topics.spine),)


def outgoing(directive: Directive, topics: Topics) -> list[Outgoing]:
    """Return the records of a directive, one for each partition that it goes to."""
    headers = binary_headers(
        id_=directive.id,
        source="incidentbus/operators",
        type_=TYPE,
        time=directive.issued_at,
        subject=directive.incident,
    )
    key, value = (directive.incident or directive.id).encode(), write(directive)
    return [
        Outgoing(topics.bus("directives"), key, value, headers, partition)
        for partition in partitions_of(directive, topics)
    ]


@dataclass(slots=True)
class Came:
    """What came of one directive. `facts`: what its case's life made of it; `refusal`: why that refused it."""

    wanted: int
    taken: dict[int, DirectiveTaken] = field(default_factory=dict)
    facts: list[LifecycleFact] = field(default_factory=list)
    refusal: str = ""

    @property
    def complete(self) -> bool:
        """Whether all has come that will: of what dispatch passed on, also what the case's life made of it."""
        if self.refusal:
            return True
        passed = any(
            each.outcome is DirectiveOutcome.PASSED_ON and each.directive.incident for each in self.taken.values()
        )
        return len(self.taken) >= self.wanted and (not passed or bool(self.facts))

    @property
    def because(self) -> str:
        """Return why it was refused, or nothing."""
        refused = [each.because for each in self.taken.values() if each.outcome is DirectiveOutcome.REFUSED]
        return self.refusal or next(iter(refused), "")


@asynccontextmanager
async def _listening(
    connection: Connection, topics: Topics, partitions: Iterable[int]
) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer at the ends of what answers to directives come on."""
    answers = {topics.bus("decisions"), topics.bus("lifecycle"), topics.dead_letters(topics.bus("directives"))}
    there = await existing(connection, answers.__contains__)
    wanted = set(partitions)
    parts = [TopicPartition(name, number) for name, numbers in there.items() for number in numbers if number in wanted]
    async with consumer(connection, kind=MendingConsumer) as client:
        client.assign(parts)
        ends = await client.end_offsets(parts)
        for tp in parts:
            client.seek(tp, ends[tp])
        yield client


async def issue(
    connection: Connection,
    topics: Topics,
    directives: Sequence[Directive],
    wait_s: float,
    show: Show = lambda _, __: None,
) -> dict[str, Came]:
    """Publish directives and return by id what came of them within `wait_s`; with 0 nothing is waited for.

    Raises `Temporary` where the broker goes away, aiokafka's `KafkaConnectionError` where none answers.
    """
    came = {each.id: Came(len(partitions_of(each, topics))) for each in directives}
    records = [record for each in directives for record in outgoing(each, topics)]
    if not wait_s:
        async with open_publisher(connection) as publisher:
            await publisher.publish_many(records, show)
        return came
    concerned = {partition for each in directives for partition in partitions_of(each, topics)}
    async with _listening(connection, topics, concerned) as client, open_publisher(connection) as publisher:
        await publisher.publish_many(records, show)
        deadline = asyncio.get_running_loop().time() + wait_s
        while any(not each.complete for each in came.values()) and asyncio.get_running_loop().time() < deadline:
            for tp, found in (await client.getmany(timeout_ms=_POLL_MS)).items():
                for record in found:
                    _take(came, tp.topic.split(".")[-2], record)
    return came


def _take(came: Mapping[str, Came], noun: str, record: ConsumerRecord) -> None:
    try:
        if record.topic.endswith(".dlq"):
            _take_letter(came, record)
        elif noun == "lifecycle":
            fact = read(LifecycleFact, record.value)
            if fact.cause in came:
                came[fact.cause].facts.append(fact)
        elif ("ce_type", _TAKEN) in record.headers:
            taken = read(DirectiveTaken, record.value)
            if taken.directive.id in came:
                came[taken.directive.id].taken[record.partition] = taken
    except (Permanent, ValueError):  # somebody else's, or another release's: not an answer to us
        return


def _take_letter(came: Mapping[str, Came], record: ConsumerRecord) -> None:
    letter = DeadLetter.of(record)
    id_ = next((raw.decode() for name, raw in letter.headers if name == "ce_id" and raw), "")
    if id_ in came:
        came[id_].refusal = f"{letter.reason.value}: {letter.detail}" if letter.detail else letter.reason.value
