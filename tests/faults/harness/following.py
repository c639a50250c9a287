"""Simulated agencies at work while a row breaks things: they tell facts, time is hurried, the fourth witness reads."""

import asyncio
import time
from typing import TYPE_CHECKING, Final

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from connectors.kafka.publisher import Outgoing, open_publisher
from contracts.errors import Temporary
from incidentbus.clock import utc_now
from incidentbus.demo.agencies import SimulatedAgencies
from incidentbus.witness import TopicReader
from routing_rules.engine.loader import load_directory
from streams.gate.mending import MendingConsumer
from tests.faults.harness.followed import Followed, Topics, judge_followed
from tests.faults.harness.readers import Readers

if TYPE_CHECKING:
    from tests.faults.harness.field import Field

STEP_S: Final = 43_200.0
EVERY_S: Final = 1.5
QUIET_S: Final = 4.0
_TOPICS: Final = {
    "told": r"agency\..+\.feedback\.v1",
    "lifecycle": r"bus\.lifecycle\.v1",
    "directives": r"bus\.directives\.v1",
    "cases": r"bus\.cases\.v1",
}


class Keyed(MendingConsumer):
    """Notes whose each record is, for a case's value doesn't say."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.keys: dict[tuple[str, int, int], str] = {}

    async def getmany(self, *partitions: object, **options: object) -> dict[object, list[object]]:
        """Fetch, and note the keys."""
        fetched = await super().getmany(*partitions, **options)
        for tp, records in fetched.items():
            for record in records:
                self.keys[tp.topic, tp.partition, record.offset] = (record.key or b"").decode()
        return fetched


class Following(Readers):
    """The agencies and the witness of one row."""

    def __init__(self, field: "Field") -> None:
        loaded = load_directory(field.settings.ruleset_dir)
        assert loaded.ruleset is not None
        self._field = field
        self._agencies = SimulatedAgencies(field.settings.topics(), loaded.ruleset)
        prefix = field.settings.topic_prefix.replace(".", r"\.")
        options = field.connection.options()
        super().__init__({name: TopicReader(prefix + each, options, Keyed) for name, each in _TOPICS.items()})
        self.clock_file = field.directory / "clock"
        self.ahead = 0.0
        """Seconds that the workers' clock is ahead."""

    async def start(self) -> None:
        """Read, and let the agencies work, until `stop`."""
        await super().start()
        self.work.append(asyncio.create_task(self._live()))

    def hurry(self, seconds: float = STEP_S) -> None:
        """Set the workers' clock forward."""
        self.ahead += seconds
        self.clock_file.write_text(str(self.ahead), "utf-8")

    async def _live(self) -> None:
        """Tell what is to be told, again through a new client where the broker was away: a fact's id is its content."""
        assignments, lifecycle = 0, 0
        told: list[Outgoing] = []
        while True:
            try:
                async with open_publisher(self._field.connection) as publisher:
                    while True:
                        new = self._field.watch.seen("assignments")[assignments:]
                        lived = self.readers["lifecycle"].seen[lifecycle:]
                        assignments, lifecycle = assignments + len(new), lifecycle + len(lived)
                        for seen in [*new, *lived]:
                            told += self._agencies.heed(seen, utc_now())
                        await self._agencies.tell(publisher, told)
                        told = []
                        await asyncio.sleep(0.05)
            except (KafkaError, Temporary, OSError):
                await asyncio.sleep(0.5)

    async def settle(self, seconds: float) -> Followed:
        """Wait until nothing moves any more and nothing is missing, or nothing has moved for so long; judge."""
        while True:
            still = time.monotonic() - max(self.moved, self._field.watch.moved)
            if still > QUIET_S:
                judged = await asyncio.to_thread(self.judged)
                if not judged.lost or still > seconds:
                    return judged
            await asyncio.sleep(0.5)

    def judged(self) -> Followed:
        """Judge what was seen so far."""
        watch, readers = self._field.watch, self.readers
        topics = Topics(
            told=readers["told"].seen, lifecycle=readers["lifecycle"].seen, dead=watch.seen("dead"),
            directives=readers["directives"].seen, decisions=watch.seen("decisions"), cases=readers["cases"].seen,
        )  # fmt: skip
        consumer: AIOKafkaConsumer = readers["cases"]._consumer
        assert isinstance(consumer, Keyed)
        clock_ms = int((time.time() + self.ahead - QUIET_S) * 1000)
        judged = judge_followed(topics, clock_ms, consumer.keys)
        if not judged.clean:
            lifecycle = readers["lifecycle"].seen
            again = len(lifecycle) - len({(each.partition, each.offset) for each in lifecycle})
            found: dict[str, object] = {"records met again by the reader": again}
            found |= {name: getattr(judged, name)[:50] for name in ("lost", "twice", "disordered")}
            (self._field.directory / "followed.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return judged
