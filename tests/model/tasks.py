"""A task's life: fence, restore, locate, then turns (`streams/gate/task.py` and `transaction.py`, step by step).

What happens within one process without a word to the broker is part of the step before or behind it: a crash between
two such steps leaves nothing else behind than a crash beside them.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from tests.model.broker import aborting, marked, readable
from tests.model.protocol import (
    ABORTING,
    ADRIFT,
    ASSIGNED,
    BLAMED,
    CLOCK,
    COMMITTED,
    COMMITTING,
    DATA_MARKS,
    DEAD,
    FORWARD,
    IDLE,
    IN_HAND,
    INITIALISED,
    INTERRUPTED,
    NONE,
    OFFSET_MARK,
    OFFSETS,
    OPEN,
    PARKED,
    PRESENT,
    READ_EARLY,
    REFUSED,
    RESTORED,
    SENT,
    SINGLE,
    TAKEN,
    WHOLE,
    Broker,
    Entry,
    Task,
    Transaction,
    Worker,
    World,
    id_of,
    named,
    with_transaction,
)

Move = tuple[str, bool, Broker, Task | None, int | None]


def task_steps(world: World, broker: Broker, worker: Worker, unit: int, task: Task) -> Iterator[Move]:
    zombie = world.anew and not worker.member and task.phase in IN_HAND and not task.live
    if task.phase == ADRIFT or zombie:
        who = "{w} makes its producer anew, its turn still in hand:" if zombie else "{w} makes its producer anew:"
        anew = task._replace(phase=TAKEN)
        yield from _initialise(world, broker, worker, unit, task, anew, who, zombie and task.phase != ADRIFT)
    if task.phase == ASSIGNED and not world.has("B-restore"):
        yield from _restore(world, broker, worker, unit, task, READ_EARLY)
    elif task.phase in (ASSIGNED, READ_EARLY):
        after = task._replace(phase=INITIALISED if task.phase == ASSIGNED else RESTORED)
        yield from _initialise(world, broker, worker, unit, task, after, "{w}:", False)
    elif task.phase == INITIALISED:
        yield from _restore(world, broker, worker, unit, task, RESTORED)
    elif task.phase == RESTORED:
        yield from _locate(world, broker, unit, task)
    elif task.phase == IDLE:
        yield from _take(world, broker, unit, task)
    elif task.phase != ADRIFT:
        yield from _turn_steps(world, broker, worker, unit, task)


def _initialise(
    world: World, broker: Broker, worker: Worker, unit: int, task: Task, after: Task, who: str, fault: bool
) -> Iterator[Move]:
    """InitProducerId: answered once no transaction is left; an open one is aborted by it first."""
    at, told = broker.transactions[id_of(worker, unit)], f"{who} InitProducerId for {named(world, unit)}"
    if at.phase == NONE:
        yield told, fault, broker, after._replace(live=True, behind=0), id_of(worker, unit)
        if not fault:
            yield f"{told}; the answer is lost", True, broker, None, id_of(worker, unit)
    elif at.phase == OPEN:
        yield (
            f"{told} aborts the open transaction",
            fault,
            aborting(broker, id_of(worker, unit)),
            task._replace(live=False),
            id_of(worker, unit),
        )


def _restore(world: World, broker: Broker, worker: Worker, unit: int, task: Task, after: int) -> Iterator[Move]:
    if not world.has("D-callback") and worker.member:
        return  # a state takes longer to read than a session lasts
    log = broker.changelogs[world.units[unit][0]]
    if world.per_process and world.has("P-wait") and any(entry.tag > COMMITTED for entry in log):
        return  # nobody fenced the predecessor: what it has open ends by itself, or by its time-out
    state: list[str] = []
    for entry in log:
        if entry.tag > COMMITTED and world.has("J-committed"):
            break  # the last stable offset
        state.append(entry.id)
    told = f"{{w}} restores {named(world, unit)}: {_ids(state)}"
    yield told, False, broker, task._replace(phase=after, state=tuple(state)), None


def _locate(world: World, broker: Broker, unit: int, task: Task) -> Iterator[Move]:
    if world.per_process and world.has("P-stable") and any(at.pending is not None for at in broker.transactions):
        return  # unstable offsets: asked again
    if world.has("B-locate"):
        at = tuple(broker.offsets[i] for i in world.units[unit][1])
        task = task._replace(ahead=at, position=at)
    told = f"{{w}} stands at {_where(world, unit, task.position)}"
    yield told, False, broker, task._replace(phase=IDLE), None


def _take(world: World, broker: Broker, unit: int, task: Task) -> Iterator[Move]:
    if task.grant == PARKED:
        return
    inputs = world.units[unit][1]
    if world.clock and CLOCK not in task.state:
        made = ((-1, 0), CLOCK, len(task.state))
        yield (
            f"{{w}} acts by the clock, decides {_made([made])}",
            False,
            broker,
            task._replace(phase=TAKEN, made=(made,)),
            None,
        )
    lengths = [len(readable(world, broker, i)) - at for i, at in zip(inputs, task.position, strict=True)]
    most = world.take if task.cut == WHOLE else 1
    for counts in product(*(range(min(n, most) + 1) for n in lengths)):
        if 0 < sum(counts) <= most:
            yield _taken(world, broker, unit, task, counts)


def _taken(world: World, broker: Broker, unit: int, task: Task, counts: Sequence[int]) -> Move:
    """The processor over the overlay: what was seen before is passed over, the rest is decided by the count so far."""
    of, inputs = world.units[unit]
    state, made, names = list(task.state), [], []
    for i, start, count in zip(inputs, task.position, counts, strict=True):
        for offset in range(start, start + count):
            name = readable(world, broker, i)[offset]
            names.append(f"{name}@{i}.{offset}")
            if world.rekeyed is not None and of == 0 and world.has("F-rekey"):
                made.append(((i, offset), name, FORWARD))
            elif task.cut == BLAMED:
                made.append(((i, offset), name, DEAD))
            elif name not in state or not world.remembers:
                made.append(((i, offset), name, len(state)))
                state.append(name)
    after = task._replace(
        phase=TAKEN, position=tuple(p + n for p, n in zip(task.position, counts, strict=True)), made=tuple(made)
    )
    if not world.has("G-overlay"):
        after = after._replace(state=tuple(state))
    blamed = " and blames it" if task.cut == BLAMED else ""
    return f"{{w}} takes {' '.join(names)}{blamed}, decides {_made(made)}", False, broker, after, None


def _turn_steps(world: World, broker: Broker, worker: Worker, unit: int, task: Task) -> Iterator[Move]:
    if not task.live and (world.has("T-offsets") or task.phase == OFFSETS):
        yield f"{{w}} finds itself fenced from {named(world, unit)}", False, broker, lost(world, task), None
    elif task.phase == TAKEN:
        yield from _send(world, broker, worker, unit, task)
    elif task.phase == SENT:
        yield from _add_offsets(world, broker, worker, unit, task)
    elif task.phase == OFFSETS:
        yield from _end(world, broker, worker, unit, task)
    else:
        yield _abort(world, broker, worker, unit, task)


def lost(world: World, task: Task) -> Task | None:
    """A task that cannot go on is dropped whole; without that cure it keeps its turn and makes its producer anew."""
    return None if world.has("C-fence-back") else task._replace(phase=ADRIFT, live=False)


def _send(world: World, broker: Broker, worker: Worker, unit: int, task: Task) -> Iterator[Move]:
    at = broker.transactions[id_of(worker, unit)]
    if at.phase in (COMMITTING, ABORTING):
        return  # concurrent transactions: the markers of the last one are still to come
    tag = id_of(worker, unit) + 1 if world.has("T-offsets") else COMMITTED
    entries = tuple(Entry(*made, tag) for made in task.made)
    kept = tuple(e for e in entries if e.number >= 0)
    of = world.units[unit][0]
    opened = (
        with_transaction(broker, id_of(worker, unit), at._replace(phase=OPEN)) if world.has("T-offsets") else broker
    )
    logged = tuple(log + kept if n == of else log for n, log in enumerate(opened.changelogs))
    refused = any(e.id == world.bad and e.number >= 0 for e in entries)
    after = SENT if not world.has("A-await") else REFUSED
    if refused:
        told = f"{{w}} sends {_made(task.made)}; the outputs are refused, the changelog is taken"
        yield told, False, opened._replace(changelogs=logged), task._replace(phase=after), None
        return
    told = f"{{w}} sends {_made(task.made)} and the changelog"
    taken = entries
    if task.behind and entries:
        if task.behind != len(entries):
            yield f"{told}; the broker finds a gap in the sequence", False, opened, lost(world, task), None
            return
        told, taken = f"{told}; the broker has had these numbers, says yes and writes no output", ()
    written = opened._replace(out=broker.out + taken)
    yield told, False, written._replace(changelogs=logged), task._replace(phase=SENT, behind=0), None
    if entries and world.has("T-offsets"):
        behind = 0 if world.has("A-sequences") else len(entries)
        failed = task._replace(phase=INTERRUPTED if world.has("A-await") else SENT, behind=behind)
        yield told + "; the changelog's batch fails", True, written, failed, None


def _add_offsets(world: World, broker: Broker, worker: Worker, unit: int, task: Task) -> Iterator[Move]:
    told = f"{{w}} adds the offsets {_where(world, unit, task.position)}"
    at = broker.transactions[id_of(worker, unit)]
    if not world.has("C-clock") and [name for _, name, _ in task.made] == [CLOCK]:
        yield "{w} adds no offsets", False, broker, task._replace(phase=OFFSETS), None
    elif world.has("C-generation") and not (worker.member and task.grant == PRESENT):
        after = aborting(broker, id_of(worker, unit)) if at.phase == OPEN else broker
        yield f"{told}: refused, another generation; aborts, drops the task", False, after, None, None
    elif world.has("T-offsets"):
        after = with_transaction(broker, id_of(worker, unit), at._replace(pending=task.position))
        yield told, False, after, task._replace(phase=OFFSETS), None
    else:
        bare = with_transaction(broker, id_of(worker, unit), Transaction(COMMITTING, OFFSET_MARK, task.position))
        yield told, False, marked(world, bare, id_of(worker, unit), OFFSET_MARK), _settled_turn(world, task), None


def _end(world: World, broker: Broker, worker: Worker, unit: int, task: Task) -> Iterator[Move]:
    at = broker.transactions[id_of(worker, unit)]
    decided = with_transaction(
        broker, id_of(worker, unit), at._replace(phase=COMMITTING, marks=DATA_MARKS | OFFSET_MARK)
    )
    told = f"{{w}} commits {named(world, unit)}"
    yield told, False, decided, _settled_turn(world, task), None
    yield f"{told}; the answer is lost", True, decided, lost(world, task), None
    yield f"{told}; the request is lost", True, broker, lost(world, task), None


def _settled_turn(world: World, task: Task) -> Task:
    state = task.state
    if world.has("G-overlay"):
        state += tuple(name for _, name, count in task.made if count >= 0)
    return task._replace(phase=IDLE, state=state, ahead=task.position, made=(), cut=WHOLE)


def _abort(world: World, broker: Broker, worker: Worker, unit: int, task: Task) -> Move:
    """The turn is given up: overlay dropped, inputs sought back; after a refusal the next one is cut finer."""
    cut = task.cut
    if task.phase == REFUSED and world.has("A-bisect"):
        cut = BLAMED if sum(task.position) - sum(task.ahead) == 1 else SINGLE
    position = task.ahead if world.has("G-seek") else task.position
    after = task._replace(phase=IDLE, position=position, made=(), cut=cut)
    told = f"{{w}} gives the turn up, and stands at {_where(world, unit, position)}"
    if not world.has("H-abort"):
        return f"{told}; the abort never reaches the broker", False, broker, after, None
    return told, False, aborting(broker, id_of(worker, unit)), after, None


# words


def _where(world: World, unit: int, offsets: Sequence[int]) -> str:
    return " ".join(f"{i}.{at}" for i, at in zip(world.units[unit][1], offsets, strict=True))


def _ids(ids: Sequence[str]) -> str:
    return f"[{' '.join(ids)}]"


def _made(made: Sequence[tuple[tuple[int, int], str, int]]) -> str:
    words = {DEAD: "a dead letter", FORWARD: "passed on"}
    return ", ".join(f"{name} ({words.get(count, f'as no. {count}')})" for _, name, count in made) or "nothing new"
