"""Replay: incidents of a file decided again, each beside the decision that was made then. No broker is needed.

A line is a JSON object: `incident` as it stood in that round, `decision` as it was written (what dispatch adds to it,
`subject` and `held`, is left aside), and `amends: true` where the decision amended a round and did not open one. A line
without a decision is decided as a new case at the time of receipt. The file is cut into pieces of whole lines; pieces
may be decided by several processes, but are counted in the order of the file, so that how many work changes nothing.
What is counted can be kept in a state file after each piece; a replay that was stopped goes on from there.
"""

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from contracts.codes import ReasonCode
from contracts.decision import Decision, DecisionState, RulesetStamp, decision_wire
from contracts.errors import Permanent
from contracts.incident import read_incident
from contracts.moments import Moment
from contracts.serde import read, write
from incidentbus.wholefiles import write_whole
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load
from routing_rules.tools.differences.history import MOST_EXAMPLES, Counted, Group, Moves
from streams.processors.dispatch.shadowing import differences

PIECE: Final = 1 << 20
"""Bytes of a piece, more by the rest of a line: a few hundred decisions, and at most so much is done twice."""
_ADDED_LATER: Final = ("subject", "held")
_SAME: Final = 1  # version of the state file's form


class UnfitState(Exception):
    """A state file that is not of this replay: of another file, another ruleset, or no state at all."""


class Broken(NamedTuple):
    """A decision that comes out otherwise under the digest that made it: where it stands, and the first such field."""

    line: int
    incident: str
    field: str


@dataclass
class Tally:
    """What a replay counted. `moves`: decisions by another digest; `broken`: defects, the first few and how many."""

    lines: int = 0
    same: int = 0
    alone: int = 0
    amended: int = 0
    unreadable: int = 0
    broken: int = 0
    moves: Moves = field(default_factory=Moves)
    broken_examples: list[Broken] = field(default_factory=list)
    unreadable_examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in what the next piece of the file came to; its lines are numbered from its own first."""
        shifted = [each._replace(line=each.line + self.lines) for each in other.broken_examples]
        unread = [(line + self.lines, why) for line, why in other.unreadable_examples]
        self.broken_examples = [*self.broken_examples, *shifted][:MOST_EXAMPLES]
        self.unreadable_examples = [*self.unreadable_examples, *unread][:MOST_EXAMPLES]
        for name in ("lines", "same", "alone", "amended", "unreadable", "broken"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.moves.add(other.moves)

    def record(self) -> dict[str, Any]:
        """Return the totals as a JSON object."""
        return {
            "lines": self.lines, "same": self.same, "agrees": self.moves.decided - self.moves.differing,
            "differing": self.moves.differing, "moving": self.moves.moving, "alone": self.alone,
            "amended": self.amended, "unreadable": self.unreadable, "broken": self.broken,
            "broken_examples": [each._asdict() for each in self.broken_examples],
        }  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """What of a decision is needed to make it again; the rest is read only where bytes can't be compared."""

    incident: str
    now: Moment
    ruleset: RulesetStamp
    state: DecisionState


_ASKED: Final = tuple(field.name for field in fields(_Asked))


def judged(piece: bytes, compiled: Compiled) -> Tally:
    """Return what the lines of one piece come to."""
    tally = Tally()
    for number, line in enumerate(piece.removesuffix(b"\n").split(b"\n"), start=1):
        tally.lines = number
        if line.strip():
            try:
                _judge(line, number, compiled, tally)
            except Permanent as error:
                tally.unreadable += 1
                if len(tally.unreadable_examples) < MOST_EXAMPLES:
                    tally.unreadable_examples.append((number, str(error)))
    return tally


def _judge(line: bytes, number: int, compiled: Compiled, tally: Tally) -> None:
    parts = _parts(line)
    incident = read_incident(orjson.dumps(parts.get("incident")))
    raw = parts.get("decision")
    if raw is None:
        decide(incident, DecisionState(), compiled, incident.received_at)
        tally.alone += 1
        return
    if parts.get("amends"):
        tally.amended += 1
        return
    if not isinstance(raw, dict):
        raise Permanent(ReasonCode.WRONG_TYPE, "a decision is a JSON object")
    asked = read(_Asked, orjson.dumps({name: raw[name] for name in _ASKED if name in raw}))
    if asked.incident != incident.id:
        raise Permanent(ReasonCode.INVALID_VALUE, "the decision is of another incident")
    again = decide(incident, asked.state, compiled, asked.now)
    if asked.ruleset.hash != compiled.ruleset.hash:
        then = read(Decision, orjson.dumps(raw))
        tally.moves.take(then, again, differences(then, again), incident.id)
        return
    fault = _fault(raw, write(decision_wire(again)))
    if fault is None:
        tally.same += 1
        return
    tally.broken += 1
    if len(tally.broken_examples) < MOST_EXAMPLES:
        tally.broken_examples.append(Broken(number, incident.id, fault))


def _parts(line: bytes) -> dict[str, Any]:
    try:
        parts: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Permanent(ReasonCode.UNPARSABLE, f"{error.msg}, column {error.colno}") from None
    if not isinstance(parts, dict):
        raise Permanent(ReasonCode.WRONG_TYPE, "a line is a JSON object")
    return parts


def _fault(then: Mapping[str, Any], again: bytes) -> str | None:
    """Return None where the bytes are the same, else the first field that isn't, `order` where only that differs."""
    kept = {name: value for name, value in then.items() if name not in _ADDED_LATER}
    if orjson.dumps(kept) == again:
        return None
    new = orjson.loads(again)
    return next((name for name in {**kept, **new} if kept.get(name) != new.get(name)), "order")


def replay(
    bundle: Mapping[str, bytes],
    file: Path,
    *,
    workers: int = 1,
    state: Path | None = None,
    show: Callable[[int, int], None] = lambda _done, _total: None,
    piece: int = PIECE,
) -> Tally:
    """Replay a file through a ruleset that loads; go on from `state` where that exists, and keep it after each piece.

    `show` is told how many bytes of how many are done. Raises `UnfitState`, and `OSError` where a file can't be read
    or written.
    """
    size = file.stat().st_size
    of = {"form": _SAME, "bundle": _digest(bundle), "size": size, "head": _head(file)}
    done, tally = (0, Tally()) if state is None or not state.exists() else _kept(state, of)
    with _deciders(bundle, workers) as decided:
        for length, counted in decided(pieces(file, done, piece)):
            tally.add(counted)
            done += length
            if state is not None:
                write_whole(state, orjson.dumps({**of, "done": done, "tally": _as_json(tally)}))
            show(done, size)
    return tally


def pieces(file: Path, start: int, size: int = PIECE) -> Iterator[bytes]:
    """Yield the bytes of a file from `start` in pieces of whole lines."""
    with file.open("rb") as opened:
        opened.seek(start)
        while piece := opened.read(size):
            yield piece if piece.endswith(b"\n") else piece + opened.readline()


_Decided = Callable[[Iterator[bytes]], Iterator[tuple[int, Tally]]]
_COMPILED: dict[str, Compiled] = {}  # of a worker process: its one ruleset


@contextmanager
def _deciders(bundle: Mapping[str, bytes], workers: int) -> Iterator[_Decided]:
    """Give what decides pieces in order: this process alone, or so many others."""
    if workers == 1:
        compiled = _compile(bundle)
        yield lambda found: ((len(piece), judged(piece, compiled)) for piece in found)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _start, (dict(bundle),)) as pool:
        yield lambda found: _bounded(pool, found, 3 * workers)


def _bounded(pool: Any, found: Iterator[bytes], most: int) -> Iterator[tuple[int, Tally]]:
    """Yield what pieces come to in their order, with no more than `most` of them in memory."""
    waiting: list[tuple[int, Any]] = []
    for piece in found:
        waiting.append((len(piece), pool.apply_async(_in_worker, (piece,))))
        if len(waiting) >= most:
            length, result = waiting.pop(0)
            yield length, result.get()
    for length, result in waiting:
        yield length, result.get()


def _start(bundle: dict[str, bytes]) -> None:
    _COMPILED[""] = _compile(bundle)


def _in_worker(piece: bytes) -> Tally:
    return judged(piece, _COMPILED[""])


def _compile(bundle: Mapping[str, bytes]) -> Compiled:
    loaded = load(bundle)
    if loaded.ruleset is None:
        raise ValueError("the ruleset does not load")
    return compile_ruleset(loaded.ruleset)


def _digest(bundle: Mapping[str, bytes]) -> str:
    made = hashlib.sha256()
    for name in sorted(bundle):
        made.update(orjson.dumps([name, len(bundle[name])]) + bundle[name])
    return made.hexdigest()


def _head(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.sha256(opened.read(PIECE)).hexdigest()


def _kept(state: Path, of: Mapping[str, Any]) -> tuple[int, Tally]:
    try:
        content = orjson.loads(state.read_bytes())
        fits = {name: content[name] for name in of} == of
        return _checked(fits, content["done"], _from_json(content["tally"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise UnfitState("not the state of a replay") from error


def _checked(fits: bool, done: int, tally: Tally) -> tuple[int, Tally]:
    if not fits:
        raise UnfitState("of another file or another ruleset")
    return done, tally


def _as_json(tally: Tally) -> dict[str, Any]:
    plain = {name: value for name, value in vars(tally).items() if name != "moves"}
    groups = [[*group, vars(counted)] for group, counted in tally.moves.groups.items()]
    broken = [list(each) for each in tally.broken_examples]
    return {**plain, "broken_examples": broken, "moves": [tally.moves.decided, groups]}


def _from_json(content: Mapping[str, Any]) -> Tally:
    decided, groups = content["moves"]
    moves = Moves(decided, {Group(*names): Counted(**counted) for *names, counted in groups})
    broken = [Broken(*each) for each in content["broken_examples"]]
    unread = [(line, why) for line, why in content["unreadable_examples"]]
    return Tally(**{**content, "moves": moves, "broken_examples": broken, "unreadable_examples": unread})
