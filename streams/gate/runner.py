"""One stage in one process: its membership, its tasks, and what happens when a task is lost."""

from collections.abc import Callable, Mapping

from contracts.ports import Clock
from streams.gate.cluster import Cluster, Timeouts
from streams.gate.faults import FaultHook
from streams.gate.observer import Observer
from streams.gate.stage import Stage


class GateRunner:
    """Runs the tasks of one stage that the group assigns to this process.

    `exit_process` is called with a sentence when the process can no longer be trusted to make progress (crash-only):
    it ends the process and does not return; it may be called from another thread. `inputs_topic` is the compacted
    topic where paused inputs are written and resumed, or None to keep pauses to this process.
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
    ) -> None: ...

    async def start(self) -> None:
        """Check the topics and join the group; returns once the first assignment is known.

        Raises `StartRefused` when a topic is missing or not co-partitioned.
        """

    async def stop(self) -> None:
        """Finish or abort the turns in hand, leave the group; within 5 s with the default time-outs."""

    @property
    def ready(self) -> bool:
        """Whether every assigned task has its state and takes records."""
        raise NotImplementedError

    @property
    def tasks(self) -> Mapping[int, str]:
        """What each assigned task is doing: `restoring`, `waiting` or `running`."""
        raise NotImplementedError

    async def wait_ready(self, timeout: float) -> None:
        """Wait until `ready` with at least one task; raises `TimeoutError`."""
