"""The inputs topic, read outside the group: which inputs stand still, and what operators say to that.

One reader a process, from the first record on; the topic is compacted and small. A task asks for `caught_up` before it
takes anything, for its predecessor may have paused an input a moment ago.
"""

import asyncio
import logging
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from contracts.inputs import InputState, InputStatus, input_state
from contracts.ports import InboundRecord
from streams.gate.cluster import Cluster, Timeouts
from streams.gate.mending import MendingConsumer

log = logging.getLogger(__name__)

_POLL_MS = 500
_RETRY_S = 1.0


class InputsBoard:
    """The last word on each input of one stage; `told` is called with every word as it comes."""

    def __init__(
        self,
        cluster: Cluster,
        topic: str | None,
        stage: str,
        told: Callable[[InputState], None],
        timeouts: Timeouts | None = None,
    ) -> None:
        self._request_ms = (timeouts or Timeouts()).request_ms
        self._tp = TopicPartition(topic, 0) if topic is not None else None
        self._cluster = cluster
        self._stage = stage
        self._told = told
        self._states: dict[tuple[str, int], InputState] = {}
        self._position = 0
        self._moved = asyncio.Condition()
        self._consumer: MendingConsumer | None = None
        self._reading: asyncio.Task[None] | None = None

    def paused(self, partition: int) -> dict[str, InputState]:
        """Return the paused inputs of task `partition`, by topic."""
        return {
            topic: state
            for (topic, p), state in self._states.items()
            if p == partition and state.status is InputStatus.PAUSED
        }

    async def start(self) -> None:
        """Begin to read."""
        if self._tp is None:
            return
        self._consumer = MendingConsumer(
            bootstrap_servers=self._cluster.bootstrap,
            client_id=f"{self._cluster.client_id}-inputs-{self._stage}",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            request_timeout_ms=self._request_ms,
            **self._cluster.security,
        )
        await self._consumer.start()
        self._consumer.assign([self._tp])
        await self._consumer.seek_to_beginning(self._tp)
        self._reading = asyncio.create_task(self._read(self._consumer, self._tp), name="gate-inputs-board")

    async def stop(self) -> None:
        """Cease to read."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        if self._consumer is not None:
            await self._consumer.stop()

    async def caught_up(self) -> None:
        """Wait until everything written before now has been read; who waits sets the bound."""
        if self._tp is None or self._consumer is None:
            return
        end = (await self._consumer.end_offsets([self._tp]))[self._tp]
        async with self._moved:
            await self._moved.wait_for(lambda: self._position >= end)

    async def _read(self, consumer: MendingConsumer, tp: TopicPartition) -> None:
        while True:
            try:
                taken = await consumer.getmany(tp, timeout_ms=_POLL_MS)
                for record in taken.get(tp, ()):
                    self._note(record)
                async with self._moved:
                    self._position = await consumer.position(tp)
                    self._moved.notify_all()
            except KafkaError as error:
                log.warning("inputs topic cannot be read: %s", type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            except Exception:  # whatever it is, a stage that no longer hears its operators must not look well
                log.exception("inputs topic cannot be read; tried again")
                await asyncio.sleep(_RETRY_S)

    def _note(self, record: InboundRecord) -> None:
        try:
            state = input_state(record)
            if state is not None and state.stage == self._stage:
                self._states[state.topic, state.partition] = state
                self._told(state)
        except Exception:  # one record's fault is not the next one's
            log.exception("record of the inputs topic passed over", extra={"offset": record.offset})
