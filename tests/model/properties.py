"""What must hold in every state: judged by what the broker has decided, never by what a worker believes.

Each property gives a sentence where it is broken, None where it holds. A transaction counts from the moment its
coordinator has decided, since nothing can call it back then.
"""

from collections.abc import Iterable

from tests.model.broker import readable
from tests.model.protocol import COMMITTED, COMMITTING, FORWARD, Broker, Entry, World


def decided(broker: Broker, log: Iterable[Entry]) -> list[Entry]:
    """Return the records of a log that a `read_committed` reader has seen or will see."""
    return [
        e
        for e in log
        if e.tag == COMMITTED or (e.tag > COMMITTED and broker.transactions[e.tag - 1].phase == COMMITTING)
    ]


def broken(world: World, broker: Broker) -> str | None:
    """Say which property does not hold, or None."""
    out = [e for e in decided(broker, broker.out) if e.number != FORWARD]
    return (
        _lost(world, broker, out)
        or _twice(world, broker, out)
        or _out_of_order(world, out)
        or _state_apart(world, broker, out)
    )


def _lost(world: World, broker: Broker, out: list[Entry]) -> str | None:
    answered = {e.id for e in out}
    passed_on = {e.source for e in decided(broker, broker.out) if e.number == FORWARD}
    for i, offset in enumerate(_decided_offsets(world, broker)):
        for at, name in enumerate(readable(world, broker, i)[:offset]):
            if name not in answered and (i, at) not in passed_on:
                return f"lost: the offset of input {i} is {offset}, and {name} at {at} has no output"
    return None


def _decided_offsets(world: World, broker: Broker) -> list[int]:
    offsets = list(broker.offsets)
    for number, at in enumerate(broker.transactions):
        inputs = world.units[0 if world.per_process else number][1]
        if at.phase == COMMITTING and at.pending is not None:
            for i, offset in zip(inputs, at.pending, strict=True):
                offsets[i] = offset
    return offsets


def _twice(world: World, broker: Broker, out: list[Entry]) -> str | None:
    for i, (before, after) in enumerate(zip(broker.offsets, _decided_offsets(world, broker), strict=True)):
        if after < before:
            return f"twice: the offset of input {i} goes back from {before} to {after}"
    seen: set[str] = set()
    for entry in out:
        if entry.id in seen:
            return f"twice: {entry.id} has two outputs"
        seen.add(entry.id)
    return None


def _out_of_order(world: World, out: list[Entry]) -> str | None:
    last: dict[int, int] = {}
    for entry in out:
        i, offset = entry.source
        if offset < last.get(i, -1):
            return f"out of order: {entry.id} at {offset} of input {i} came behind {last[i]}"
        last[i] = offset
    return None


def _state_apart(world: World, broker: Broker, out: list[Entry]) -> str | None:
    for task, inputs in enumerate(world.tasks):
        made = [e for e in out if e.number >= 0 and e.source[0] in (*inputs, -1)]
        kept = decided(broker, broker.changelogs[task])
        if [e.id for e in made] != [e.id for e in kept]:
            return f"state: outputs {[e.id for e in made]}, changelog {[e.id for e in kept]}"
        for n, entry in enumerate(made):
            if entry.number != n:
                return f"state: {entry.id} was decided as no. {entry.number}, and is no. {n}"
    return None


def finished(world: World, broker: Broker) -> bool:
    """Whether every record of every input has been taken and committed, and what was passed on as well."""
    lengths = [len(ids) for ids in world.inputs]
    if world.rekeyed is not None:
        lengths[world.rekeyed] = sum(e.number == FORWARD for e in decided(broker, broker.out))
    return list(broker.offsets) == lengths
