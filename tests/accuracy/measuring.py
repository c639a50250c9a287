"""What the kept rulesets get right on texts that they were not written from. It counts; `run.py` prints and judges.

Three samples: messages of a board with the first-level category that an official gave them, the board's other messages
(from another province, so every place of the county found in one is a false hit), and requests of New York City with
the agency that really got each. They are read beside the clone and never copied into it. A fourth is our own:
`places.ndjson`, messages written by hand that name places of the county, each with where it should be put.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from contracts.codes import LocatedBy
from contracts.decision import Decision, DecisionState
from contracts.ids import incident_id
from contracts.incident import Incident
from contracts.report import Report
from incidentbus.rowfiles import rows
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import Block, Route
from tests.outside import DATA

ROOT: Final = Path(__file__).resolve().parents[2]
RULESETS: Final = ROOT / "routing_rules" / "rulesets"
PLACES: Final = Path(__file__).with_name("places.ndjson")
BOARD: Final = "mailbox"
UNCLASSIFIED: Final = "unclassified"
_NOW: Final = datetime(2026, 6, 1, 1, tzinfo=UTC)

# The board's first level → the tops of our tree where its matters lie. The two trees cut differently: culture stands
# beside education there and beside scenic spots here, noise is a matter of the environment and of the city.
TOPS: Final = {
    "城乡建设": {"urban", "facility", "housing", "land", "noise", "safety", "utility", "industry"},
    "环境保护": {"environment", "noise"},
    "交通运输": {"traffic"},
    "教育文体": {"education", "tourism"},
    "劳动和社会保障": {"labour"},
    "商贸旅游": {"market", "tourism", "industry"},
    "卫生计生": {"health"},
}


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, with its 95 % interval."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """The part, 0 to 1."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %, 0 to 1; an empty sample says nothing: (0, 1)."""
        return wilson(self.hits, self.of)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.hits} of {self.of} = {self.share:.3f} (95 %: {low:.3f}-{high:.3f})"


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's score interval of a share (E. B. Wilson, JASA 22, 1927); `z` is the normal quantile."""
    if of == 0:
        return 0.0, 1.0
    share, extra = hits / of, z * z / of
    middle = (share + extra / 2) / (1 + extra)
    half = z * math.sqrt(share * (1 - share) / of + extra / (4 * of)) / (1 + extra)
    return max(0.0, middle - half), min(1.0, middle + half)


def ruleset(name: str) -> Compiled:
    """Return a kept ruleset, compiled."""
    loaded = load_directory(RULESETS / name)
    if loaded.ruleset is None:
        raise SystemExit(f"accuracy: ruleset {name} does not load: {[f.line() for f in loaded.errors]}")
    return compile_ruleset(loaded.ruleset)


def board(name: str) -> list[Report]:
    """Return a file of the board's messages, no category given."""
    read = rows((DATA / "messages" / f"{name}.ndjson").read_bytes(), "message-board", BOARD)
    return [_taken(row.outcome).model_copy(update={"native_category": None}) for row in read]


def categories(hongze: Compiled) -> Counter[str]:
    """Count right, unclassified and wrong at the first level, over the labelled messages."""
    counted: Counter[str] = Counter()
    lines = (DATA / "messages" / "labelled.ndjson").read_bytes().splitlines()
    for line, report in zip(lines, board("labelled"), strict=True):
        top = _understood(hongze, report).category.split("/")[0]
        right = top in TOPS[orjson.loads(line)["label"]]
        counted["right" if right else UNCLASSIFIED if top == UNCLASSIFIED else "wrong"] += 1
    return counted


def fallbacks(hongze: Compiled, reports: Iterable[Report]) -> Share:
    """Count those that no rule of substance takes: what leads is the fallback, or a route that asks nothing of them."""
    open_routes = {route.id for route in hongze.ruleset.routes if asks_nothing(route)}
    fallen = [_decided(hongze, report).route in open_routes for report in reports]
    return Share(sum(fallen), len(fallen))


def asks_nothing(route: Route) -> bool:
    """Whether a report can win the route though its category, place, text and agency complained of say nothing."""
    return not route.when or any(_says_nothing(block) for block in route.when)


def _says_nothing(block: Block) -> bool:
    unsure = block.category is None or UNCLASSIFIED in block.category
    return unsure and block.area is None and block.text is None and block.about is None


def found_places(hongze: Compiled, reports: Iterable[Report]) -> Share:
    """Count the messages in which a place or area of the ruleset was found."""
    found = [
        incident.located_by is not LocatedBy.DEFAULT or bool(incident.areas)
        for incident in (_understood(hongze, report) for report in reports)
    ]
    return Share(sum(found), len(found))


@dataclass(frozen=True)
class Put:
    """A message written by hand: its text, where it should be put and where it was."""

    text: str
    expected: tuple[str, frozenset[str]]
    actual: tuple[str, frozenset[str]]

    @property
    def right(self) -> bool:
        """Whether jurisdiction and areas are as expected."""
        return self.expected == self.actual


def placed(hongze: Compiled) -> list[Put]:
    """Return the messages written by hand, each with where the ruleset puts it."""
    return list(_placed(hongze))


def _placed(hongze: Compiled) -> Iterator[Put]:
    for number, line in enumerate(PLACES.read_bytes().splitlines()):
        row = orjson.loads(line)
        report = Report(channel=BOARD, external_id=str(number), title=row["title"], text=row["text"])
        incident = _understood(hongze, report)
        expected = row["jurisdiction"], frozenset(row["areas"])
        yield Put(row["text"], expected, (incident.jurisdiction, frozenset(incident.areas)))


@dataclass(frozen=True)
class Request:
    """A request of New York City: its number, the city's type, the agency that got it, and ours (None: left to 311)."""

    number: int
    type: str
    agency: str
    ours: str | None


def requests(nyc: Compiled) -> list[Request]:
    """Return the city's requests with the lead that the ruleset gives each."""
    content = (DATA / "nyc311" / "requests.csv").read_bytes()
    answers = list(csv.DictReader(content.decode("utf-8").splitlines()))
    read = rows(content, "nyc311", "nyc-311")
    return [_requested(nyc, _taken(row.outcome), row.number, answers[row.number - 1]) for row in read]


def _requested(nyc: Compiled, report: Report, number: int, answer: dict[str, str]) -> Request:
    decision = _decided(nyc, report)
    ours = None if "fallback" in decision.route else decision.lead
    return Request(number, answer["Complaint Type"], answer["Agency"].lower(), ours)


def leads(read: Iterable[Request]) -> Counter[str]:
    """Count right, fallback and wrong leads."""
    return Counter(
        "fallback" if each.ours is None else "right" if each.ours == each.agency else "wrong" for each in read
    )


def unseen(read: list[Request]) -> Counter[str]:
    """Count the odd rows as if only the types of the even rows were known: what the sample alone teaches."""
    learnt = {each.type for each in read if each.number % 2 == 0}
    odd = [each for each in read if each.number % 2]
    return leads(each if each.type in learnt else Request(each.number, each.type, each.agency, None) for each in odd)


def _understood(compiled: Compiled, report: Report) -> Incident:
    return compiled.interpreter.understand(report, incident_id(report.channel, report.external_id), _NOW)


def _decided(compiled: Compiled, report: Report) -> Decision:
    return decide(_understood(compiled, report), DecisionState(), compiled, _NOW)


def _taken(outcome: Report | Exception) -> Report:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
