"""This process's place in the stage's consumer group.

The callbacks only note what was assigned and pause it. aiokafka sends no heartbeat until the callback has returned, so
whatever is slow (reading a state) would get the member thrown out, and its successor, and so on without end (hole D).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from streams.gate.assignor import Holding, TaskAssignor
from streams.gate.cluster import Cluster, Timeouts
from streams.gate.freshness import keep_fresh
from streams.gate.group_commit import GroupMetadata
from streams.gate.stage import Stage

NEVER_MS = 2**31 - 1
"""aiokafka leaves the group when nobody polls for a while; with every input paused nobody does, and that is right."""


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """Joins the group and says what it assigns. `revoked` is awaited before the group goes on; `assigned` is not."""

    def __init__(
        self,
        stage: Stage,
        cluster: Cluster,
        timeouts: Timeouts,
        group_id: str,
        *,
        holding: Callable[[], Holding],
        revoked: Callable[[], Awaitable[None]],
        assigned: Callable[[GroupMetadata, set[TopicPartition]], None],
    ) -> None:
        self._stage = stage
        self._cluster = cluster
        self._group_id = group_id
        self._revoked = revoked
        self._assigned = assigned
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=cluster.bootstrap,
            client_id=f"{cluster.client_id}-{stage.name}",
            group_id=group_id,
            group_instance_id=cluster.group_instance_id,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            session_timeout_ms=timeouts.session_ms,
            heartbeat_interval_ms=timeouts.heartbeat_ms,
            rebalance_timeout_ms=timeouts.rebalance_ms,
            request_timeout_ms=timeouts.request_ms,
            max_poll_interval_ms=NEVER_MS,
            partition_assignment_strategy=(TaskAssignor(holding),),
            max_partition_fetch_bytes=2 << 20,
            fetch_max_wait_ms=timeouts.fetch_wait_ms,
            **cluster.security,
        )

    async def start(self) -> None:
        """Join; the first assignment comes through the callback."""
        await self.consumer.start()
        keep_fresh(self.consumer._client)
        self.consumer.subscribe(list(self._stage.inputs), listener=self)

    def rejoin(self) -> None:
        """Have the group rebalance: the way by which a lost task comes back, here or elsewhere."""
        self.consumer._coordinator.request_rejoin()

    def check(self) -> str | None:
        """Say why this membership is at an end, or None. Also lets the coordinator go on after an error."""
        coordinator = self.consumer._coordinator
        if coordinator is None:
            return None  # not joined yet
        if coordinator._coordination_task.done():
            return "the group's coordination has ended"
        with contextlib.suppress(KafkaError):
            coordinator.check_errors()
        return None

    async def stop(self, bound_s: float) -> None:
        """Leave the group. A rebalance under way may keep aiokafka waiting: past the bound it is cut off."""
        try:
            async with asyncio.timeout(bound_s):
                await self.consumer.stop()
        except TimeoutError:
            if self.consumer._coordinator is None:
                return
            self.consumer._coordinator._coordination_task.cancel()
            with contextlib.suppress(TimeoutError, KafkaError):
                async with asyncio.timeout(bound_s):
                    await self.consumer._coordinator._maybe_leave_group()
                    await self.consumer._client.close()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the turns in hand come to an end; heartbeats go on meanwhile."""
        await self._revoked()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Note the assignment under its generation, and return."""
        self.consumer.pause(*assigned)
        coordinator = self.consumer._coordinator
        if coordinator.generation < 0:
            return  # thrown out already: another round is under way
        group = GroupMetadata(
            self._group_id, coordinator.generation, coordinator.member_id, self._cluster.group_instance_id
        )
        self._assigned(group, assigned)
