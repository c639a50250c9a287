"""AWS event-ruler beside ours: the same rules on codes, the same incidents, and the same answer or it doesn't count.

A rule is a pattern of its own for each block, under one name: event-ruler takes that as "or". Trees become paths, a
code's and everything beneath it by a prefix; what an incident has several of becomes an array.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from connectors.kafka.jars import ensure_jars, read_lock
from contracts.incident import Incident
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.schema import Block, Ruleset

PEERS: Final = Path(__file__).resolve().parents[1] / "peers"
GROUP: Final = "event-ruler"
VERSION: Final = "1.7.3"
_PLAIN: Final = ("channel", "kind", "urgency", "reporter", "area")
_TREES: Final = ("category", "jurisdiction")


class NoPeer(Exception):
    """The peer can't be run here; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class PeersFigures:
    """Seconds of CPU an incident, seconds to add the rules, and the rules found for each incident."""

    seconds: float
    adding: float
    found: list[list[str]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the two sides compare: incidents asked, rules found by both, incidents on which they differ."""

    incidents: int
    matches: int
    disagreements: int


def agreement(ours: Sequence[Iterable[str]], theirs: Sequence[Iterable[str]]) -> Agreement:
    """Compare which rules each side found for each incident; an answer too few or too many is a disagreement."""
    pairs = [(set(a), set(b)) for a, b in zip(ours, theirs, strict=False)]
    differing = sum(a != b for a, b in pairs) + abs(len(ours) - len(theirs))
    return Agreement(max(len(ours), len(theirs)), sum(len(a & b) for a, b in pairs), differing)


def patterns(ruleset: Ruleset, catalogue: Catalogue) -> list[str]:
    """Return, for each block of each route but the fallback, the rule's name, a blank and event-ruler's pattern."""
    blocks = [(route.id, block) for route in ruleset.routes if not route.fallback for block in route.when]
    return [f"{name} {orjson.dumps(_pattern(block, catalogue)).decode()}" for name, block in blocks]


def _pattern(block: Block, catalogue: Catalogue) -> dict[str, Any]:
    pattern: dict[str, Any] = {name: sorted(v) for name in _PLAIN if (v := getattr(block, name)) is not None}
    for name in _TREES:
        codes = getattr(block, name)
        if codes is not None:
            paths = sorted(_path(name, code, catalogue) for code in codes)
            pattern[name] = [*paths, *({"prefix": f"{path}/"} for path in paths)]
    return pattern


def _path(tree: str, code: str, catalogue: Catalogue) -> str:
    return code if tree == "category" else "/".join(reversed(catalogue.place_chain(code)))


def event(incident: Incident, catalogue: Catalogue) -> bytes:
    """Return an incident as event-ruler is given it: the codes that rules ask about, and nothing else to parse."""
    told = {
        "channel": incident.report.channel,
        "kind": incident.kind,
        "urgency": incident.urgency,
        "reporter": incident.report.reporter.kind,
        "category": incident.category,
        "jurisdiction": _path("jurisdiction", incident.jurisdiction, catalogue),
    }
    return orjson.dumps(told | ({"area": incident.areas} if incident.areas else {}))


def java() -> str:
    """Return a Java that can compile. Raises `NoPeer`; the one that runs the broker cannot."""
    found = shutil.which("java")
    if found is None:
        raise NoPeer("no java on the path")
    modules = subprocess.run([found, "--list-modules"], capture_output=True, text=True, check=False).stdout
    if "jdk.compiler@" not in modules:
        raise NoPeer(f"{found} is no JDK: it has no module jdk.compiler")
    return found


def run_peer(
    rulesets: Sequence[Ruleset], incidents: Sequence[Incident], cache_dir: Path, rounds: int, warming: int
) -> list[PeersFigures]:
    """Run event-ruler once over all rulesets. Raises `NoPeer`, `JarError`, `subprocess.CalledProcessError`."""
    command = [java(), "-Xmx2g"]
    lock = read_lock((PEERS / "event-ruler.lock").read_text("utf-8"))
    jars = ensure_jars(cache_dir, GROUP, lock=lock)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        catalogue = Catalogue(rulesets[0])
        (work / "events").write_bytes(b"\n".join(event(incident, catalogue) for incident in incidents) + b"\n")
        command += ["-cp", ":".join(map(str, jars)), str(PEERS / "EventRuler.java"), f"{work / 'events'}"]
        command += [str(warming), str(rounds)]
        for n, ruleset in enumerate(rulesets):
            (work / f"rules{n}").write_text("\n".join(patterns(ruleset, catalogue)), "utf-8")
            command += [f"{work / f'rules{n}'}", f"{work / f'found{n}'}"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = [list(map(int, line.split())) for line in printed.splitlines()]
        found = [(work / f"found{n}").read_text("utf-8").splitlines() for n in range(len(rulesets))]
    return [
        PeersFigures(an_event / 1e9, adding / 1e9, [names.split() for names in told])
        for (an_event, adding), told in zip(lines, found, strict=True)
    ]
