"""Every state that can be reached, breadth first, so that the first trace found is a shortest one.

Workers are alike, so a state is one broker and a sorted handful of workers. Both are numbered as they turn up and a
state is one integer of those numbers; what a worker may do depends on its number and the broker's alone and is worked
out once. A second pass goes backwards from the states in which all is done, along steps that are no faults: a state it
does not come to is one from which no run of luck leads on.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from tests.model.broker import assignments, broker_steps
from tests.model.properties import broken, finished
from tests.model.protocol import (
    Broker,
    Worker,
    World,
    fenced,
    first_broker,
    first_worker,
    regenerated,
)
from tests.model.workers import worker_steps

BITS = 20
MASK = (1 << BITS) - 1
REPORT_EVERY = 100_000
T = TypeVar("T")
Progress = Callable[[int, int], None]


class TooLarge(Exception):
    """There are more states than were allowed, or more than the numbering holds."""


@dataclass(frozen=True)
class Move:
    """A step between two states as `moves` gives it: words, whether it is a fault, and where each worker goes."""

    label: str
    fault: bool
    broker: Broker
    workers: tuple[Worker, ...]


def moves(world: World, broker: Broker, workers: tuple[Worker, ...]) -> Iterator[Move]:
    """Yield what can happen in a state; a label has `{0}`, `{1}` for the workers it names."""
    for label, fault, after, fences in broker_steps(world, broker):
        yield Move(label, fault, after, _with_fence(workers, fences, None))
    for n, worker in enumerate(workers):
        for step in worker_steps(world, broker, worker):
            others = _with_fence(workers, step.fences, n)
            label = step.label.format(w=f"{{{n}}}", owns=_owned(world, worker))
            yield Move(label, step.fault, step.broker, (*others[:n], step.worker, *others[n + 1 :]))
    yield from _rebalanced(world, broker, workers)


def _owned(world: World, worker: Worker) -> str:
    owned = [unit for unit, owns in zip(world.units, worker.owns, strict=True) if owns]
    if not owned:
        return "nothing"
    return " ".join(f"task {task}" if world.has("E-whole") else f"input {inputs[0]}" for task, inputs in owned)


def _with_fence(workers: tuple[Worker, ...], unit: int | None, except_for: int | None) -> tuple[Worker, ...]:
    if unit is None:
        return workers
    return tuple(w if n == except_for else fenced(w, unit) for n, w in enumerate(workers))


def _rebalanced(world: World, broker: Broker, workers: tuple[Worker, ...]) -> Iterator[Move]:
    """Once every member has joined, there is a new generation."""
    members = [n for n, worker in enumerate(workers) if worker.member]
    if not broker.rebalancing or not members or not all(workers[n].joined for n in members):
        return
    none = (False,) * len(world.units)
    for shares in assignments(world, len(members)):
        of = dict(zip(members, shares, strict=True))
        label = "the group has a new generation: " + " and ".join(f"{{{n}}}" for n in members)
        after = tuple(regenerated(worker, of.get(n, none)) for n, worker in enumerate(workers))
        yield Move(label, False, broker._replace(rebalancing=False), after)


class Space:
    """The numbering of brokers and workers, and the steps between numbers, each worked out once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.brokers: list[Broker] = []
        self.workers: list[Worker] = []
        self._broker_numbers: dict[Broker, int] = {}
        self._worker_numbers: dict[Worker, int] = {}
        self._of_broker: dict[int, list[tuple[bool, int, int | None]]] = {}
        self._of_worker: dict[int, list[tuple[bool, int, int, int | None]]] = {}
        self._fenced: dict[tuple[int, int], int] = {}
        self._joined: dict[int, bool] = {}
        self._regenerated: dict[tuple[int, tuple[bool, ...] | None], int] = {}

    def broker(self, broker: Broker) -> int:
        """Return the broker's number."""
        return _number(broker, self._broker_numbers, self.brokers)

    def worker(self, worker: Worker) -> int:
        """Return the worker's number."""
        return _number(worker, self._worker_numbers, self.workers)

    def pack(self, broker: int, workers: list[int]) -> int:
        """Return the state: workers in order of their numbers, since which is which makes no difference."""
        workers.sort()
        state = broker
        for worker in workers:
            state = state << BITS | worker
        return state

    def unpack(self, state: int) -> tuple[int, list[int]]:
        """Return the numbers that a state is made of."""
        workers = []
        for _ in range(self.world.workers):
            workers.append(state & MASK)
            state >>= BITS
        return state, workers[::-1]

    def first(self) -> int:
        """Return the state in which nothing has happened."""
        workers = [self.worker(first_worker(self.world, n)) for n in range(self.world.workers)]
        return self.pack(self.broker(first_broker(self.world)), workers)

    def successors(self, state: int) -> list[tuple[bool, int]]:
        """Return whether it takes a fault, and the state, for all that can happen."""
        broker, workers = self.unpack(state)
        found = []
        for fault, after, fences in self._broker_steps(broker):
            others = workers if fences is None else [self._fence(w, fences) for w in workers]
            found.append((fault, self.pack(after, list(others))))
        last = -1
        for n, worker in enumerate(workers):
            if worker == last:
                continue  # its twin has just done the same
            last = worker
            rest = workers[:n] + workers[n + 1 :]
            for fault, after, changed, fences in self._worker_steps(broker, worker):
                others = rest if fences is None else [self._fence(w, fences) for w in rest]
                found.append((fault, self.pack(after, [changed, *others])))
        if self.brokers[broker].rebalancing and all(self._is_ready(w) for w in workers):
            found += [(False, state) for state in self._rebalanced(broker, workers)]
        return found

    def _rebalanced(self, broker: int, workers: list[int]) -> Iterator[int]:
        members = [n for n, worker in enumerate(workers) if self.workers[worker].member]
        if members:
            after = self.broker(self.brokers[broker]._replace(rebalancing=False))
            for shares in assignments(self.world, len(members)):
                of = dict(zip(members, shares, strict=True))
                yield self.pack(after, [self._regenerate(w, of.get(n)) for n, w in enumerate(workers)])

    def _is_ready(self, number: int) -> bool:
        ready = self._joined.get(number)
        if ready is None:
            worker = self.workers[number]
            ready = self._joined[number] = worker.joined or not worker.member
        return ready

    def _broker_steps(self, number: int) -> list[tuple[bool, int, int | None]]:
        steps = self._of_broker.get(number)
        if steps is None:
            found = broker_steps(self.world, self.brokers[number])
            steps = [(fault, self.broker(after), fences) for _, fault, after, fences in found]
            self._of_broker[number] = steps
        return steps

    def _worker_steps(self, broker: int, worker: int) -> list[tuple[bool, int, int, int | None]]:
        key = broker << BITS | worker
        steps = self._of_worker.get(key)
        if steps is None:
            steps = [
                (step.fault, self.broker(step.broker), self.worker(step.worker), step.fences)
                for step in worker_steps(self.world, self.brokers[broker], self.workers[worker])
            ]
            self._of_worker[key] = steps
        return steps

    def _regenerate(self, number: int, owns: tuple[bool, ...] | None) -> int:
        key = (number, owns)
        after = self._regenerated.get(key)
        if after is None:
            given = (False,) * len(self.world.units) if owns is None else owns
            after = self._regenerated[key] = self.worker(regenerated(self.workers[number], given))
        return after

    def _fence(self, number: int, unit: int) -> int:
        key = (number, unit)
        after = self._fenced.get(key)
        if after is None:
            after = self._fenced[key] = self.worker(fenced(self.workers[number], unit))
        return after


def _number(thing: T, numbers: dict[T, int], things: list[T]) -> int:
    number = numbers.get(thing)
    if number is None:
        number = numbers[thing] = len(things)
        if number > MASK:
            raise TooLarge("too many brokers or workers to number")
        things.append(thing)
    return number


@dataclass(frozen=True)
class Found:
    """What came of it: states seen, steps between them, what is wrong if anything is, and the way there.

    Where a run is stuck, the path goes on until it has come to where it was before (`round_from` is that place in it),
    or until nothing more can happen.
    """

    states: int
    steps: int
    wrong: str | None = None
    path: tuple[tuple[Broker, tuple[Worker, ...]], ...] = ()
    round_from: int | None = None


def explore(world: World, most: int, progress: Progress | None = None) -> Found:
    """Look at every state; stops at the first that breaks a property. Raises `TooLarge` beyond `most` states."""
    space = Space(world)
    states = [space.first()]
    numbers = {states[0]: 0}
    parents = array("I", [0])
    sources, targets = array("I"), array("I")
    judged: dict[int, str | None] = {}
    steps = at = 0
    shift = BITS * world.workers
    while at < len(states):
        for fault, state in space.successors(states[at]):
            steps += 1
            number = numbers.get(state)
            if number is None:
                number = numbers[state] = len(states)
                states.append(state)
                parents.append(at)
                broker = state >> shift
                if broker not in judged:
                    judged[broker] = broken(world, space.brokers[broker])
                if judged[broker] is not None:
                    return Found(len(states), steps, judged[broker], _path(space, _way(states, parents, number)))
            if not fault and number != at:
                sources.append(at)
                targets.append(number)
        at += 1
        if at % REPORT_EVERY == 0 and progress is not None:
            progress(at, len(states))
        if len(states) > most:
            raise TooLarge(f"more than {most:,} states")
    stuck = _first_stuck(space, states, shift, sources, targets)
    if stuck is None:
        return Found(len(states), steps)
    way, round_from = _round(space, _way(states, parents, stuck))
    wrong = "stuck: without another fault, however long it goes on, there are records that are never taken"
    return Found(len(states), steps, wrong, _path(space, way), round_from)


def _first_stuck(
    space: Space, states: list[int], shift: int, sources: "array[int]", targets: "array[int]"
) -> int | None:
    """Return the first state from which no steps but faults lead to where all is done."""
    done = [finished(space.world, broker) for broker in space.brokers]
    reached = bytearray(len(states))
    stack = [n for n, state in enumerate(states) if done[state >> shift]]
    for n in stack:
        reached[n] = 1
    starts, befores = _backwards(len(states), sources, targets)
    while stack:
        n = stack.pop()
        for before in befores[starts[n] : starts[n + 1]]:
            if not reached[before]:
                reached[before] = 1
                stack.append(before)
    stuck = reached.find(0)
    return None if stuck < 0 else stuck


def _backwards(count: int, sources: "array[int]", targets: "array[int]") -> tuple["array[int]", "array[int]"]:
    """Return where each state's predecessors begin, and the predecessors."""
    starts = array("I", bytes(4 * (count + 1)))
    for target in targets:
        starts[target + 1] += 1
    for n in range(count):
        starts[n + 1] += starts[n]
    free = array("I", starts)
    befores = array("I", bytes(4 * len(sources)))
    for source, target in zip(sources, targets, strict=True):
        befores[free[target]] = source
        free[target] += 1
    return starts, befores


def _way(states: list[int], parents: "array[int]", last: int) -> list[int]:
    numbers = [last]
    while numbers[-1] != 0:
        numbers.append(parents[numbers[-1]])
    return [states[number] for number in reversed(numbers)]


def _round(space: Space, way: list[int]) -> tuple[list[int], int | None]:
    """Go on without faults until a state comes again; say where it was, or None if nothing more can happen."""
    way, begins = list(way), len(way) - 1
    places = {way[begins]: begins}
    while True:
        after = next((state for fault, state in space.successors(way[-1]) if not fault and state != way[-1]), None)
        if after is None:
            return way, None
        way.append(after)
        if after in places:
            return way, places[after]
        places[after] = len(way) - 1


def _path(space: Space, way: list[int]) -> tuple[tuple[Broker, tuple[Worker, ...]], ...]:
    path = []
    for state in way:
        broker, workers = space.unpack(state)
        path.append((space.brokers[broker], tuple(space.workers[w] for w in workers)))
    return tuple(path)


def retold(world: World, found: Found) -> list[Move]:
    """Return the moves along the path, workers in the places they had at the start and not sorted any more."""
    told: list[Move] = []
    broker, workers = found.path[0]
    for _, (broker_after, sorted_after) in pairwise(found.path):
        wanted = sorted(map(hash, sorted_after))
        fitting = (
            move
            for move in moves(world, broker, workers)
            if move.broker == broker_after and sorted(map(hash, move.workers)) == wanted
        )
        move = min(fitting, key=lambda move: move.fault)  # what needs no fault is told as what it is
        told.append(move)
        broker, workers = move.broker, move.workers
    return told
