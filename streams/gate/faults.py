"""Named points of a task's life where a test may strike. No hook is the default and costs one comparison."""

from collections.abc import Awaitable, Callable
from typing import Literal

Point = Literal[
    "assigned", "initialised", "restored", "begun", "sent", "delivered", "offsets", "before_commit", "committed"
]
"""`assigned`: the predecessor is not fenced yet. `initialised`: it is. `restored`: state read, offsets not yet.

Of a transaction: `begun`; `sent`: batches handed over, not awaited; `delivered`: all acknowledged; `offsets`: added to
it; `before_commit`; `committed`: the broker has it, the task's memory has not."""

FaultHook = Callable[[Point, int], Awaitable[None]]
"""Awaited with the point and the task's partition number; may sleep, raise, or end the process."""


async def strike(hook: FaultHook | None, point: Point, partition: int) -> None:
    """Let the hook act, if there is one."""
    if hook is not None:
        await hook(point, partition)
