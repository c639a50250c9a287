"""A path through the states as a person reads it: who does what, which of it is a fault, and what is kept after it."""

import re
from collections.abc import Iterator

from tests.model.explore import Found, Move, retold
from tests.model.protocol import DEAD, FORWARD, Broker, World

NAMES = "abc"
_DOER = re.compile(r"\{(\d)\}")


def trace(world: World, found: Found) -> str:
    """Return the numbered steps and, last, what is wrong; empty where nothing is."""
    if found.wrong is None:
        return ""
    return "\n".join([*_lines(world, found), f"    => {found.wrong}"])


def _lines(world: World, found: Found) -> Iterator[str]:
    before, asleep = found.path[0][0], set[int]()
    for number, move in enumerate(retold(world, found), 1):
        if number - 1 == found.round_from:
            yield "      (from here it goes round)"
        fault = "  [fault]" if move.fault else ""
        yield f"  {number:3}. {_thawed(move, asleep)}{fault}{_kept(before, move.broker)}"
        before = move.broker
    if found.round_from is not None:
        yield f"       and so on from {found.round_from + 1}"


def _thawed(move: Move, asleep: set[int]) -> str:
    """A worker that does something after its session ran out has thawed; the first time, that is said."""
    text = move.label.format(*NAMES)
    doer = _DOER.match(move.label)
    if doer is None:
        return text
    who = int(doer.group(1))
    if "is frozen" in move.label:
        asleep.add(who)
    elif who in asleep:
        asleep.discard(who)
        return text if "is killed" in text else f"{NAMES[who]} thaws; {text}"
    return text


def _kept(before: Broker, after: Broker) -> str:
    changed = []
    if before.offsets != after.offsets:
        changed.append("offsets " + " ".join(f"{i}.{at}" for i, at in enumerate(after.offsets)))
    if before.out != after.out:
        words = {DEAD: "dead letter", FORWARD: "passed on"}
        told = (f"{e.id}:{words.get(e.number, e.number)}{'' if e.tag == 0 else ' (open)'}" for e in after.out)
        changed.append("outputs " + ", ".join(told) if after.out else "no outputs")
    return f"  -> {'; '.join(changed)}" if changed else ""
