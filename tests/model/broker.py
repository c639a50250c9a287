"""The broker's part: the coordinator of the transactions, the logs, and who may get what when the group rebalances."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from tests.model.protocol import (
    ABORTED,
    ABORTING,
    COMMITTED,
    COMMITTING,
    DATA_MARKS,
    FORWARD,
    OFFSET_MARK,
    OPEN,
    Broker,
    Entry,
    Transaction,
    World,
    id_named,
    with_transaction,
)


def broker_steps(world: World, broker: Broker) -> Iterator[tuple[str, bool, Broker, int | None]]:
    """Markers are written one after the other, and an open transaction may time out.

    Where nobody fences what a dead process has left open, the time-out is what ends it, and no fault.
    """
    for number, at in enumerate(broker.transactions):
        of = f"of {id_named(world, number)}"
        if at.phase == OPEN:
            yield f"the transaction {of} times out", not world.per_process, aborting(broker, number), number
        elif at.phase == ABORTING:
            yield f"the abort {of} is marked", False, marked(world, broker, number, DATA_MARKS | OFFSET_MARK), None
        elif at.phase == COMMITTING:
            if at.marks & DATA_MARKS:
                yield (
                    f"the commit {of} is marked in outputs and changelog",
                    False,
                    marked(world, broker, number, DATA_MARKS),
                    None,
                )
            if at.marks & OFFSET_MARK:
                yield (
                    f"the commit {of} is marked in the offsets",
                    False,
                    marked(world, broker, number, OFFSET_MARK),
                    None,
                )


def aborting(broker: Broker, number: int) -> Broker:
    """The coordinator has decided to abort; nothing is marked yet."""
    return with_transaction(broker, number, Transaction(ABORTING, DATA_MARKS))


def marked(world: World, broker: Broker, number: int, marks: int) -> Broker:
    """Write markers of a decided transaction; with the last of them it is over."""
    at = broker.transactions[number]
    commit = at.phase == COMMITTING
    if marks & DATA_MARKS:
        keep = commit or not world.has("J-committed")  # what was aborted lies there still, for who reads uncommitted
        settle = _settled(number + 1, COMMITTED if commit else ABORTED, keep)
        broker = broker._replace(
            out=tuple(e for e in settle(broker.out) if e.tag != ABORTED),
            changelogs=tuple(map(settle, broker.changelogs)),
        )
    if marks & OFFSET_MARK and commit and at.pending is not None:
        mine = world.units[0 if world.per_process else number][1]
        new = tuple(at.pending[mine.index(i)] if i in mine else old for i, old in enumerate(broker.offsets))
        broker = broker._replace(offsets=new)
    left = at.marks & ~marks
    return with_transaction(broker, number, at._replace(marks=left) if left else Transaction())


def _settled(tag: int, into: int, keep: bool) -> Callable[[Sequence[Entry]], tuple[Entry, ...]]:
    def settle(log: Sequence[Entry]) -> tuple[Entry, ...]:
        return tuple(e._replace(tag=into) if e.tag == tag else e for e in log if keep or e.tag != tag)

    return settle


def readable(world: World, broker: Broker, i: int) -> tuple[str, ...]:
    """Return the ids that a `read_committed` reader finds on an input."""
    if i != world.rekeyed:
        return world.inputs[i]
    return tuple(e.id for e in broker.out if e.number == FORWARD and e.tag == COMMITTED)


def assignments(world: World, members: int) -> Iterator[tuple[tuple[bool, ...], ...]]:
    """Yield every way of dealing the units to so many members: the assignor may give anything to anyone."""
    for owners in product(range(members), repeat=len(world.units)):
        yield tuple(tuple(owner == m for owner in owners) for m in range(members))
