"""One stage in one process: its membership, its tasks, and what happens when a task is lost."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiokafka import TopicPartition

from contracts.inputs import InputState
from contracts.ports import Clock
from streams.gate.assignor import Holding
from streams.gate.attention import Attention
from streams.gate.board import InputsBoard
from streams.gate.cluster import Cluster, Timeouts
from streams.gate.errors import StateTooNew, TaskLost
from streams.gate.faults import FaultHook
from streams.gate.group_commit import GroupMetadata
from streams.gate.membership import Membership
from streams.gate.observer import Observer, Silent
from streams.gate.outputs import ClusterBook, TopicBook
from streams.gate.slots import Slots
from streams.gate.stage import Stage
from streams.gate.startup import PATIENCE_S, check_topics
from streams.gate.task import Surroundings, Task
from streams.gate.timed_task import TimedTask
from streams.gate.watchdog import Watchdog

log = logging.getLogger(__name__)

RESTORES_AT_ONCE = 4
LOSSES = 8
"""How often in a row a task may be lost without a turn between before the process ends."""
_TICK_S = 0.25
_FIRST_BACKOFF_S = 0.1
_LOOP = "the event loop"


class GateRunner:
    """Runs the tasks of one stage that the group assigns to this process.

    `exit_process` is called with a sentence when the process can no longer be trusted to make progress (crash-only):
    it ends the process and does not return; it may be called from another thread. `inputs_topic` is the compacted
    topic where paused inputs are written and resumed, or None to keep pauses to this process. `book` knows what topics
    take; without one it is read from the cluster.
    """

    def __init__(
        self,
        stage: Stage,
        cluster: Cluster,
        *,
        clock: Clock,
        exit_process: Callable[[str], None],
        prefix: str = "",
        inputs_topic: str | None = None,
        observer: Observer | None = None,
        timeouts: Timeouts | None = None,
        faults: FaultHook | None = None,
        book: TopicBook | None = None,
    ) -> None:
        self._stage = stage
        self._cluster = cluster
        self._clock = clock
        self._exit = exit_process
        self._prefix = prefix
        self._inputs_topic = inputs_topic
        self._observer: Observer = observer or Silent()
        self._timeouts = timeouts or Timeouts()
        self._faults = faults
        self._book = book
        self._tasks: dict[int, Task] = {}
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._losses: dict[int, int] = {}
        self._group: GroupMetadata | None = None
        self._settled = asyncio.Event()
        self._stopping = False
        self._ticking: asyncio.Task[None] | None = None
        self._joining: asyncio.Task[None] | None = None

    # for assembly

    async def start(self) -> None:
        """Check the topics and join the group; returns once the first assignment is known, or `stop` was called.

        Raises `StartRefused` when a topic is missing or not co-partitioned, `TimeoutError` when the group lets wait.
        """
        if self._stopping:
            return
        self._joining = asyncio.create_task(self._join(), name=f"gate-{self._stage.name}-join")
        try:
            await asyncio.wait([self._joining])
        finally:
            if not self._told_to_stop() and not _well(self._joining):
                await self.stop()
        if not self._joining.cancelled():
            await self._joining  # raises what it ended with

    async def _join(self) -> None:
        book = self._book or ClusterBook(self._cluster)
        await check_topics(self._stage, book, self._inputs_topic, patience_s=PATIENCE_S)
        if self._stopping:
            return
        self._membership = Membership(
            self._stage,
            self._cluster,
            self._timeouts,
            f"{self._prefix}{self._stage.name}",
            holding=self._holding,
            revoked=self._on_revoked,
            assigned=self._on_assigned,
        )
        self._board = InputsBoard(self._cluster, self._inputs_topic, self._stage.name, self._on_told, self._timeouts)
        self._watchdog = Watchdog(self._timeouts.stuck_s, self._exit)
        self._attention = Attention(
            self._membership.consumer, self._timeouts.fetch_wait_ms, asyncio.get_running_loop().time
        )
        self._around = Surroundings(
            self._stage, self._cluster, self._timeouts, self._prefix, self._membership.consumer, book, self._board,
            self._clock, self._observer, self._inputs_topic, self._faults, self._on_progress,
            asyncio.Semaphore(RESTORES_AT_ONCE), Slots(), self._attention,
        )  # fmt: skip
        self._watchdog.start()
        self._ticking = asyncio.create_task(self._tick(), name=f"gate-{self._stage.name}-tick")
        for step in (self._board.start, self._membership.start):
            if not self._told_to_stop():
                await step()
        async with asyncio.timeout(self._timeouts.start_s):
            await self._settled.wait()

    async def stop(self) -> None:
        """Finish or abort the turns in hand, leave the group; within 5 s with the default time-outs.

        A start under way ends first: what it would set up behind our back, nobody would take down.
        """
        self._stopping = True
        self._settled.set()
        while self._joining is not None and not self._joining.done():
            await asyncio.wait([self._joining], timeout=self._timeouts.stop_s)
            self._joining.cancel()  # more than once, if need be: a client may swallow it
        if self._ticking is None:
            return  # it never began
        self._ticking.cancel()
        self._watchdog.stop()
        await self._park_all()
        for partition in list(self._tasks):
            self._discard(partition)
        if self._closing:
            await asyncio.wait(self._closing, timeout=self._timeouts.stop_s)
        await self._membership.stop(self._timeouts.stop_s)
        await self._board.stop()

    @property
    def ready(self) -> bool:
        """Whether an assignment is known and every task of it has its state and takes records."""
        running = all(task.phase == "running" for task in self._tasks.values())
        return self._settled.is_set() and running and not self._stopping

    @property
    def tasks(self) -> Mapping[int, str]:
        """What each assigned task is doing: `restoring`, `waiting` or `running`."""
        return {partition: task.phase for partition, task in sorted(self._tasks.items())}

    async def wait_ready(self, timeout: float) -> None:
        """Wait until `ready` with at least one task; raises `TimeoutError`."""
        async with asyncio.timeout(timeout):
            while not (self.ready and self._tasks):
                await asyncio.sleep(0.02)

    def _told_to_stop(self) -> bool:
        """Whether `stop` was called, perhaps while somebody waited; a call, for type checkers remember attributes."""
        return self._stopping

    # what the group says

    def _holding(self) -> Holding:
        return Holding(self._group.generation if self._group else -1, frozenset(self._tasks))

    async def _on_revoked(self) -> None:
        if not self._stopping:
            self._settled.clear()
        await self._park_all()

    def _on_assigned(self, group: GroupMetadata, assigned: set[TopicPartition]) -> None:
        """Note who owns what from now on; nothing here waits."""
        if self._stopping:
            return
        partitions = {tp.partition for tp in assigned}
        kept = self._group is not None and group.member_id == self._group.member_id
        for partition in [p for p in self._tasks if not kept or p not in partitions]:
            self._discard(partition)
        for partition in [p for p in self._losses if p not in partitions]:
            self._forget(partition)
        self._group = group
        for partition in sorted(partitions):
            if partition not in self._tasks:
                self._begin(partition)
            self._tasks[partition].grant(group)
        self._observer.assigned(self._stage.name, len(partitions))
        self._settled.set()

    def _on_told(self, state: InputState) -> None:
        if (task := self._tasks.get(state.partition)) is not None:
            task.told(state)

    async def _park_all(self) -> None:
        """Let turns in hand end; a task that cannot within the bound is dropped, its transaction with it."""
        parking = {p: asyncio.create_task(task.park()) for p, task in self._tasks.items()}
        if not parking:
            return
        await asyncio.wait(parking.values(), timeout=self._timeouts.leave_s)
        for partition, parked in parking.items():
            if not parked.done():
                parked.cancel()
                log.warning("turn cut short", extra={"stage": self._stage.name, "partition": partition})
                self._observer.aborted(self._stage.name, partition, "interrupted")
                self._discard(partition)

    # tasks come and go

    def _begin(self, partition: int) -> None:
        kind = Task if self._stage.timers is None else TimedTask
        task = self._tasks[partition] = kind(self._around, partition)
        run = self._runs[partition] = asyncio.create_task(task.run(), name=f"gate-{self._stage.name}-{partition}")
        self._losses.setdefault(partition, 0)
        self._watchdog.beat(self._name(partition))
        run.add_done_callback(lambda done: self._on_ended(task, done))

    def _discard(self, partition: int) -> None:
        """Drop a task whole: its state, and its producer once the turn in hand has let go."""
        task, run = self._tasks.pop(partition), self._runs.pop(partition)
        run.cancel()
        closing = asyncio.create_task(self._close(task, run))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _close(self, task: Task, run: asyncio.Task[None]) -> None:
        await asyncio.wait([run])
        await task.close()

    def _on_ended(self, task: Task, run: asyncio.Task[None]) -> None:
        if run.cancelled():
            return
        error = run.exception()
        if self._tasks.get(task.partition) is not task:
            return  # discarded while it was ending
        self._discard(task.partition)
        if isinstance(error, StateTooNew | MemoryError):
            self._end(str(error) or type(error).__name__)
        elif error is not None:
            self._on_lost(task, error)

    def _on_lost(self, task: Task, error: BaseException) -> None:
        cause = error.cause if isinstance(error, TaskLost) else "defect"
        losses = 1 if task.turns else self._losses.get(task.partition, 0) + 1
        self._losses[task.partition] = losses
        log.error("task lost: %s", error, exc_info=error if cause == "defect" else None)
        self._observer.lost(self._stage.name, task.partition, cause)
        if losses >= LOSSES:
            self._end(f"{self._name(task.partition)} was lost {losses} times in a row, last: {error}")
            return
        delay = min(_FIRST_BACKOFF_S * 2 ** (losses - 1), self._timeouts.retry_limit_s)
        asyncio.get_running_loop().call_later(delay, self._rejoin_for, task.partition)

    def _rejoin_for(self, partition: int) -> None:
        """A lost task comes back by a new assignment, here or elsewhere; never by fencing whoever has it now."""
        if not self._stopping and self._settled.is_set() and partition not in self._tasks:
            self._membership.rejoin()

    def _forget(self, partition: int) -> None:
        self._losses.pop(partition, None)
        self._watchdog.forget(self._name(partition))

    # progress

    def _on_progress(self, partition: int) -> None:
        self._watchdog.beat(self._name(partition))

    async def _tick(self) -> None:
        while True:
            self._watchdog.beat(_LOOP)
            self._attention.look()
            if (sentence := self._membership.check()) is not None:
                self._end(sentence)
            await asyncio.sleep(_TICK_S)

    def _end(self, sentence: str) -> None:
        log.critical("process ends: %s", sentence)
        self._exit(sentence)

    def _name(self, partition: int) -> str:
        return f"task {self._stage.name}-{partition}"


def _well(ended: "asyncio.Task[None]") -> bool:
    return ended.done() and not ended.cancelled() and ended.exception() is None
