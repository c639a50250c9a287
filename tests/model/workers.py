"""A worker's part in the group: it joins, is told what it owns, is thrown out and learns of it, or is killed.

`streams/gate/membership.py` and `runner.py` do this; what a worker does with a task of its own is in `tasks`.
"""

from collections.abc import Iterator

from tests.model.protocol import (
    IN_HAND,
    PARKED,
    PRESENT,
    RESTORED,
    Broker,
    Step,
    Task,
    Worker,
    World,
    first_worker,
    with_task,
)
from tests.model.tasks import task_steps


def worker_steps(world: World, broker: Broker, worker: Worker) -> Iterator[Step]:
    """Yield whatever this worker may do next, and what may happen to it."""
    nothing = first_worker(world, worker.slot)
    if not worker.up:
        yield Step("{w}'s session runs out, and it is started again", False, broker._replace(rebalancing=True), nothing)
        return
    yield from _mishaps(broker, worker, nothing)
    yield from _group_steps(world, broker, worker)
    for unit, task in enumerate(worker.tasks):
        if task is not None:
            for label, fault, after, changed, fences in task_steps(world, broker, worker, unit, task):
                yield Step(label, fault, after, with_task(worker, unit, changed), fences)


def _mishaps(broker: Broker, worker: Worker, nothing: Worker) -> Iterator[Step]:
    if worker.member or worker.synced or worker.joined:
        yield Step("{w} is killed", True, broker, nothing._replace(up=False) if worker.member else nothing)
    if worker.member:
        out = worker._replace(member=False, joined=False, owns=nothing.owns)
        yield Step("{w} is frozen; its session runs out", True, broker._replace(rebalancing=True), out)


def _group_steps(world: World, broker: Broker, worker: Worker) -> Iterator[Step]:
    if not world.has("D-callback") and any(t and t.phase < RESTORED for t in worker.tasks):
        if worker.member:
            out = worker._replace(member=False, joined=False, owns=(False,) * len(world.units))
            told = "{w} restores in the callback, sends no heartbeats, and its session runs out"
            yield Step(told, False, broker._replace(rebalancing=True), out)
        return
    stirred = broker._replace(rebalancing=True)
    if not worker.member:
        fresh = not (worker.synced or any(worker.tasks))
        label = "{w} joins the group" if fresh else "{w} learns that it was thrown out, and joins as a new member"
        yield Step(label, False, stirred, _parked(worker)._replace(member=True, joined=True, renamed=not fresh))
    elif broker.rebalancing and not worker.joined:
        skipped = world.per_process and world.has("P-follow") and not worker.synced
        after = _parked(worker)._replace(joined=True, renamed=worker.renamed or skipped)
        yield Step("{w} hears of the rebalance, and rejoins", False, broker, after)
    elif not broker.rebalancing and not worker.synced:
        yield Step("{w} is told its assignment: {owns}", False, broker, _assigned(world, broker, worker))
    elif not broker.rebalancing and any(o and t is None for o, t in zip(worker.owns, worker.tasks, strict=True)):
        yield Step("{w} has lost a task, and asks for a rebalance", False, stirred, worker)


def _parked(worker: Worker) -> Worker:
    """Take the grants away; a turn that cannot end within the bound is dropped with its task."""
    tasks = tuple(t._replace(grant=PARKED) if t and t.phase not in IN_HAND else None for t in worker.tasks)
    return worker._replace(synced=False, tasks=tasks)


def _assigned(world: World, broker: Broker, worker: Worker) -> Worker:
    """A task stays only with the same member; where it starts anew it knows nothing.

    With an id for each task, whoever had it meanwhile has fenced it; without, nobody may have had it meanwhile.
    """
    tasks: list[Task | None] = []
    for (_, inputs), owned, kept in zip(world.units, worker.owns, worker.tasks, strict=True):
        if not owned:
            tasks.append(None)
        elif kept is None or worker.renamed:
            early = () if world.has("B-locate") else tuple(broker.offsets[i] for i in inputs)
            tasks.append(Task(grant=PRESENT, ahead=early, position=early))
        else:
            tasks.append(kept._replace(grant=PRESENT))
    return worker._replace(synced=True, renamed=False, tasks=tuple(tasks))
