"""What a stage declares and nothing more: the runtime learns from it alone what to run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.ports import ProcessorFactory

Timers = Callable[[bytes], int | None]
"""Reads from a state value the millisecond at which its key falls due; None for a value that waits for nothing."""

Upgrade = Callable[[int, bytes], bytes]
"""Turns a state value of an older schema version (first argument) into one of the stage's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one turn may hold.

    `bytes_out` counts keys, values and headers of everything a turn writes. A broker takes requests of 100 MiB at
    most, and all partitions of one broker share a request: 105 batches of 1 MB hung (docs/gate.md).
    """

    records: int = 2_000
    bytes_out: int = 16 * 1024 * 1024
    slice_records: int = 256  # after so many records the loop is given a chance to heartbeat


@dataclass(frozen=True, slots=True)
class DeadLetterBound:
    """When an input (one topic-partition) has dead-lettered too much and pauses.

    It pauses at the record that would make `run` dead letters in a row, or that would raise the share of dead letters
    among its last `window` records above `ratio` once at least `least` of them have been dead-lettered.
    """

    run: int = 100
    ratio: float = 0.5
    least: int = 50
    window: int = 1_000


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the flow. Its tasks are its partition numbers: task *p* owns partition *p* of every input.

    `name` also names the consumer group and the transactional ids (`<prefix><name>-<p>`). `inputs` have the same
    number of partitions, as have `changelog`, each `<input>.dlq` and `outputs`, the topics that a task writes to under
    its own number; this is checked at start, and so is that there are `partitions` of them, unless that is None.
    `processor` is called with the partition number whenever a task starts. `state_version` is stamped on every
    changelog record: a newer one stops the worker, an older one goes through `upgrade`. A stage with `timers` keeps a
    state, and its processors are `TimedProcessor`s.
    """

    name: str
    inputs: tuple[str, ...]
    processor: ProcessorFactory
    changelog: str | None = None
    outputs: tuple[str, ...] = ()
    partitions: int | None = None
    state_version: int = 1
    upgrade: Upgrade | None = None
    timers: Timers | None = None
    limits: Limits = field(default_factory=Limits)
    bound: DeadLetterBound = field(default_factory=DeadLetterBound)

    def __post_init__(self) -> None:
        if not self.inputs or len(set(self.inputs)) != len(self.inputs):
            raise ValueError(f"stage {self.name!r} needs inputs, each once: {self.inputs!r}")
        if self.timers is not None and self.changelog is None:
            raise ValueError(
                f"stage {self.name!r} has timers: what falls due is read from a state, so it needs a changelog"
            )
