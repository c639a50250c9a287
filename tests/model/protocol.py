"""The gate's protocol as a small state machine: what a worker, the group's and the transactions' coordinators may do.

Nothing of `streams/gate` is imported: this says in a page what that code has to keep to, and every step here has its
place there (docs/model.md names it). A state is one `Broker` and a `Worker` per process; numbers that only ever grow
(epochs, generations) are kept as "is it the present one", so that runs of any length, with any number of faults, fall
on finitely many states. Steps of one worker depend on that worker and the broker alone, which `explore` lives on.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

CURES: Final = {
    "A-await": "every batch's future is awaited",
    "A-bisect": "a refused turn is bisected to the record at fault",
    "A-sequences": "an abort sets sequence numbers to the broker's",
    "B-locate": "committed() and seek() after InitProducerId",
    "B-restore": "the predecessor is fenced before the changelog is read",
    "C-generation": "offsets are committed under the group's generation",
    "C-clock": "a turn of the clock alone commits its offsets too",
    "C-fence-back": "a fenced task, or one without an answer, is dropped whole",
    "D-callback": "the callback only notes the assignment",
    "E-whole": "tasks are assigned whole",
    "F-rekey": "intake computes the partition itself",
    "G-overlay": "state changes merge after the commit only",
    "G-seek": "after an abort the inputs seek back",
    "H-abort": "an abort after an error reaches the broker",
    "J-committed": "a state is restored from committed records",
    "P-follow": "one id a process: a task is kept only from the generation before",
    "P-stable": "one id a process: offsets are asked for when none is pending",
    "P-wait": "one id a process: the changelog is read when nothing is open in it",
    "T-offsets": "outputs, changelog and offsets are one transaction",
}
EVERY: Final = frozenset(CURES)

# phases of a task; from TAKEN on a turn is in hand
ASSIGNED, READ_EARLY, INITIALISED, RESTORED, IDLE, TAKEN, SENT, OFFSETS, REFUSED, INTERRUPTED, ADRIFT = range(11)
IN_HAND: Final = frozenset((TAKEN, SENT, OFFSETS, REFUSED, INTERRUPTED, ADRIFT))
# of a transaction
NONE, OPEN, COMMITTING, ABORTING = range(4)
# grants: none, of an earlier generation, of the present one
PARKED, STALE, PRESENT = range(3)
# how a turn is cut after a refusal
WHOLE, SINGLE, BLAMED = range(3)
COMMITTED, ABORTED = 0, -1
DEAD: Final = -1
FORWARD: Final = -2
CLOCK: Final = "clock"
DATA_MARKS, OFFSET_MARK = 1, 2
SHARED: Final = -1


@dataclass(frozen=True)
class World:
    """What is explored: `inputs` holds the external ids on each input partition, in order.

    `tasks` says which inputs each task reads, `bad` whose output the broker refuses every time; `take` is the most
    records of one turn. `rekeyed`, where given, is the input to which task 0 forwards what belongs to task 1. A stage
    that `remembers` passes over an id that it has had; one that doesn't shows a repeat as a repeat. With a `clock`, a
    turn may begin without a record, once (its id is `CLOCK`). With `anew`, a thrown-out process that thaws may make
    its producer anew with its turn still in hand, as clients do that know no better. `per_process`: each process has
    one transactional id for all it owns, and so fences nobody but its own past.
    """

    inputs: tuple[tuple[str, ...], ...] = (("x", "y"), ("x",))
    tasks: tuple[tuple[int, ...], ...] = ((0, 1),)
    workers: int = 2
    take: int = 2
    bad: str | None = None
    rekeyed: int | None = None
    remembers: bool = False
    clock: bool = False
    anew: bool = True
    per_process: bool = False
    cures: frozenset[str] = EVERY
    units: tuple[tuple[int, tuple[int, ...]], ...] = field(init=False)

    def __post_init__(self) -> None:
        """A unit has an owner and a transactional id; without E each input has its own."""
        if "E-whole" in self.cures:
            units = tuple(enumerate(self.tasks))
        else:
            units = tuple((task, (i,)) for task, inputs in enumerate(self.tasks) for i in inputs)
        object.__setattr__(self, "units", units)

    @property
    def ids(self) -> int:
        """How many transactional ids there are."""
        return self.workers if self.per_process else len(self.units)

    def has(self, cure: str) -> bool:
        """Whether the cure is in place."""
        return cure in self.cures


class Transaction(NamedTuple):
    """One transactional id at its coordinator: the offsets that it would commit, and the markers still to come."""

    phase: int = NONE
    marks: int = 0
    pending: tuple[int, ...] | None = None


class Entry(NamedTuple):
    """A record that was written: input and offset of what it was made of, its id, the number that it was decided as.

    `tag` says whose open transaction it belongs to (its id + 1), or that this is settled.
    """

    source: tuple[int, int]
    id: str
    number: int
    tag: int


class Broker(NamedTuple):
    """All that is kept: transactions, the output partition, a changelog per task, committed offsets; a rebalance."""

    rebalancing: bool
    transactions: tuple[Transaction, ...]
    out: tuple[Entry, ...]
    changelogs: tuple[tuple[Entry, ...], ...]
    offsets: tuple[int, ...]


class Task(NamedTuple):
    """One unit in one process. `live`: its producer's epoch is the present one. `made`: what the turn decided.

    `behind`: how many outputs the broker has taken that the producer's sequence numbers, set back, know nothing of.
    """

    phase: int = ASSIGNED
    live: bool = False
    grant: int = PARKED
    state: tuple[str, ...] = ()
    ahead: tuple[int, ...] = ()
    position: tuple[int, ...] = ()
    made: tuple[tuple[tuple[int, int], str, int], ...] = ()
    cut: int = WHOLE
    behind: int = 0


class Worker(NamedTuple):
    """One process. `member` and `owns` are the coordinator's view, the rest its own.

    `joined`: has asked to be in the generation to come. `synced`: acts under an assignment. `renamed`: is another
    member than the one its tasks were assigned to, or has missed a generation where that matters. `slot`: its own
    transactional id, where each process has one. `up` is False from a crash until the session has run out.
    """

    up: bool = True
    member: bool = False
    joined: bool = False
    synced: bool = False
    renamed: bool = False
    slot: int = SHARED
    owns: tuple[bool, ...] = ()
    tasks: tuple[Task | None, ...] = ()


class Step(NamedTuple):
    """What one worker or the broker does. `fences`: the id whose other producers end by it, or None."""

    label: str
    fault: bool
    broker: Broker
    worker: Worker
    fences: int | None = None


def first_broker(world: World) -> Broker:
    """Nothing has happened."""
    return Broker(False, (Transaction(),) * world.ids, (), ((),) * len(world.tasks), (0,) * len(world.inputs))


def first_worker(world: World, slot: int) -> Worker:
    """A process that has just started."""
    return Worker(
        slot=slot if world.per_process else SHARED, owns=(False,) * len(world.units), tasks=(None,) * len(world.units)
    )


# what others' steps do to a worker


def id_of(worker: Worker, unit: int) -> int:
    """Return which transactional id the worker writes under for a unit: the unit's, or the process's own."""
    return unit if worker.slot == SHARED else worker.slot


def fenced(worker: Worker, number: int) -> Worker:
    """Somebody raised the epoch of a transactional id."""
    for unit, task in enumerate(worker.tasks):
        if task is not None and task.live and id_of(worker, unit) == number:
            worker = with_task(worker, unit, task._replace(live=False))
    return worker


def regenerated(worker: Worker, owns: tuple[bool, ...]) -> Worker:
    """The group has a new generation, and the coordinator gives this worker `owns`."""
    tasks = tuple(t._replace(grant=STALE) if t and t.grant == PRESENT else t for t in worker.tasks)
    return worker._replace(joined=False, owns=owns, tasks=tasks)


def with_task(worker: Worker, unit: int, task: Task | None) -> Worker:
    """Return the worker with one of its tasks changed."""
    return worker._replace(tasks=(*worker.tasks[:unit], task, *worker.tasks[unit + 1 :]))


def with_transaction(broker: Broker, number: int, transaction: Transaction) -> Broker:
    """Return the broker with one transaction changed."""
    changed = (*broker.transactions[:number], transaction, *broker.transactions[number + 1 :])
    return broker._replace(transactions=changed)


def named(world: World, unit: int) -> str:
    """Return what a unit is called in traces."""
    task, inputs = world.units[unit]
    return f"task {task}" if world.has("E-whole") else f"task {task}'s input {inputs[0]}"


def id_named(world: World, number: int) -> str:
    """Return what a transactional id is called in traces."""
    return f"process {number}" if world.per_process else named(world, number)
