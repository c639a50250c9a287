"""The rules and incidents that `make bench-rules` runs: drawn by a seed, so the same everywhere and every time.

A ruleset of R rules is the county's own (its agencies, categories, channels, calendars; some villages invented for it)
with its routes in the order in which people write them: narrow ones first, a few broad ones last, then the fallback. So
every size is the tail of the next, nearly every incident is routed by *some* rule at every size, decisions are about
as long, and what differs is how many rules are asked. Rules are written as YAML and come in through the loader, so
somebody could have written them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
import yaml

from contracts.codes import Kind, ReporterKind, Urgency
from contracts.ids import incident_id
from contracts.incident import Incident
from contracts.report import Report, Reporter
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.schema import Ruleset
from tests.bench.rules.moment import NOW
from tests.outside import MESSAGES

SIZES: Final = (10, 100, 1_000, 10_000)
COUNTY: Final = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets" / "hongze"
CHARACTERS: Final = 373
BROAD: Final = 5
OVERLAYS: Final = ("inform-town", "school-nearby", "vulnerable-people", "long-petition-letter")  # of the county's own
VILLAGES: Final = 14  # of each town
INVENTED: Final = "夜里十二点了，东边工地还在打桩，噪音很大，老人睡不着，明天孩子还要上学！希望有关部门（城管）来看看。"
EXPRESSIONS: Final = (
    "reporters > {n}", "text_length > {n}0", "received_hour >= {m} && urgency != 'low'", "title_length < {n}",
    "reports > {m} || text_length > {n}", "workday && received_hour < {m} || text_length > {n}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mix:
    """What rules ask about beside codes; `overlays` of the county are among the rules counted."""

    name: str
    codes_only: bool = True
    overlays: tuple[str, ...] = ()


CODES: Final = Mix("codes")
MIXED: Final = Mix("county", codes_only=False, overlays=OVERLAYS)


@cache
def base() -> Ruleset:
    """Return the county's ruleset with its villages: the words that rules are drawn from."""
    ruleset = load(_files([_route("only", {"channel": ["petition"]}, {"lead": "petition"})], overlays=())).ruleset
    assert ruleset is not None
    return ruleset


@cache
def files(mix: Mix, size: int, more: int = 0) -> dict[str, bytes]:
    """Return the files of a ruleset with `size` rules in all, overlays and fallback among them.

    `more` agencies are invented beside the county's own, and get their share of the rules.
    """
    return _files(rules(mix, size, more), mix.overlays, more)


def ruleset(mix: Mix, size: int, more: int = 0) -> Ruleset:
    """Return the ruleset, loaded as any other. The loader must have no error to tell."""
    loaded = load(files(mix, size, more))
    assert loaded.ruleset is not None, loaded.errors[:3]
    return loaded.ruleset


def rules(mix: Mix, size: int, more: int = 0) -> list[dict[str, Any]]:
    """Return the routes before the fallback as YAML has them, no two blocks equal."""
    seen: set[str] = set()
    draw = partial(_drawn, mix=mix, agencies=(*_world().agencies, *_invented(more)), seen=seen)
    broad = list(draw(Random(3), size=BROAD, broad=True))
    narrow = list(draw(Random(7), size=size - BROAD - len(mix.overlays) - 1, broad=False))
    return [*reversed(narrow), *broad]  # reversed: a longer list begins with rules that a shorter one lacks


def _drawn(
    random: Random, *, size: int, mix: Mix, agencies: Sequence[str], broad: bool, seen: set[str]
) -> Iterator[dict[str, Any]]:
    for n in range(size):
        blocks = [_fresh(random, mix, seen, n, broad) for _ in range(2 if n % 10 == 6 else 1)]
        excepted = not mix.codes_only and n % 7 == 5
        extra = {"unless": _codes(random, ("kind", "reporter"))} if excepted else {}
        yield _route(
            f"{'broad' if broad else 'narrow'}-{n}", blocks, _assign(random, n, agencies), _effects(random, n) | extra
        )


def _hits(random: Random, share: float) -> bool:
    return random.random() < share


def _fresh(random: Random, mix: Mix, seen: set[str], n: int, broad: bool) -> dict[str, Any]:
    """Draw a block until it is one that nobody has: in the county's mix 40 % ask for words and 5 % by an expression."""
    while True:
        block = _branches(random, n) if broad else _codes(random)
        if not mix.codes_only and n % 5 in {1, 3}:
            block["text"] = _text(random)
        if not mix.codes_only and n % 20 == 15:
            block["expr"] = random.choice(EXPRESSIONS).format(n=random.randint(2, 99), m=random.randint(1, 12))
        key = json.dumps(block, sort_keys=True)
        if len(block) > 1 and key not in seen:
            seen.add(key)
            return block


def _branches(random: Random, n: int) -> dict[str, Any]:
    """Draw the conditions of a broad rule: two branches in five, told in most ways; the last takes what is left."""
    world = _world()
    branches = [code for code in world.categories if "/" not in code]
    first, many = n * len(branches) // BROAD, len(branches) * 2 // BROAD + 1
    if n == BROAD - 1:
        return {"category": sorted(branches), "channel": sorted(world.channels)}
    way: dict[str, Sequence[str]] = {"kind": list(Kind)} if n in {1, 2} else {"channel": world.channels}
    if n == 3:
        way["reporter"] = list(ReporterKind)
    told = {name: _some(random, values, len(values) - 1) for name, values in way.items()}
    return {"category": sorted((branches * 2)[first : first + many]), **told}


def _codes(random: Random, only: Sequence[str] = ()) -> dict[str, Any]:
    """Draw conditions on codes: a few kinds of matter in some places, told in some way."""
    world = _world()
    places = world.villages if _hits(random, 0.4) else world.towns
    drawn = {
        "category": (0.95, world.categories, random.choice((1, 1, 2, 3))),
        "jurisdiction": (0.7, places, random.choice((1, 1, 2))),
        "channel": (0.5, world.channels, random.choice((2, 3, 4))),
        "kind": (0.3, list(Kind), random.choice((2, 3))),
        "urgency": (0.1, list(Urgency), 1),
        "reporter": (0.08, list(ReporterKind), 1),
        "area": (0.04, world.areas, 2),
    }
    asked = {name: value for name, value in drawn.items() if name in only or (not only and _hits(random, value[0]))}
    return {name: _some(random, values, count) for name, (_, values, count) in asked.items()}


def _some(random: Random, values: Sequence[str], count: int) -> list[str]:
    return sorted(map(str, random.sample(list(values), count)))


def _text(random: Random) -> dict[str, Any]:
    words = _world().words
    text = {"any": _some(random, words, random.randint(2, 6))}
    if random.random() < 0.2:
        text["none"] = [word for word in _some(random, words, 2) if word not in text["any"]]
    if random.random() < 0.2:
        text["all"] = [word for word in _some(random, words, 1) if word not in str(text)]
    return {way: value for way, value in text.items() if value}


def _invented(more: int) -> list[str]:
    return [f"invented-{n}" for n in range(more)]


def _assign(random: Random, n: int, agencies: Sequence[str]) -> dict[str, Any]:
    """Return who leads and helps: the same shares among few rules as among many, so that decisions are as long."""
    role = {"function": random.choice(("urban-management", "police")), "tier": "town"}
    lead, helper = random.sample(agencies, 2)
    return {"lead": role if n % 5 in {0, 4} else lead} | ({"co_handlers": [helper]} if n % 5 in {1, 2} else {})


def _effects(random: Random, n: int) -> dict[str, Any]:
    effects: dict[str, Any] = {}
    if n % 5 in {0, 4}:
        effects["deadline"] = {"respond": random.choice(("2h", "4wh", "1bd", "3bd"))}
    if n % 5 == 2:
        effects["urgency"] = "urgent"
    if n % 10 == 3:
        effects["effective"] = {"from": "2025-01-01"}
    return effects


def _route(name: str, when: Any, assign: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": name, "title": name, "when": when, "assign": assign, **(more or {})}


@dataclass(frozen=True, slots=True)
class World:
    """The codes and words that are drawn from."""

    root: str
    towns: tuple[str, ...]
    villages: tuple[str, ...]
    categories: tuple[str, ...]
    channels: tuple[str, ...]
    areas: tuple[str, ...]
    agencies: tuple[str, ...]
    words: tuple[str, ...]


@cache
def _world() -> World:
    county = base()
    towns = [place.code for place in county.jurisdictions.values() if place.tier == "town"]
    words = {word for category in county.categories.values() for word in category.words if len(word) > 1}
    return World(
        county.root,
        tuple(towns),
        tuple(place.code for place in county.jurisdictions.values() if place.tier == "village"),
        tuple(code for code in county.categories if code != "unclassified"),
        tuple(county.channels),
        tuple(county.areas),
        tuple(code for code, agency in county.agencies.items() if agency.tier == "district"),
        tuple(sorted(words)),
    )


def _files(routes: Sequence[dict[str, Any]], overlays: Sequence[str], more: int = 0) -> dict[str, bytes]:
    own = read_bundle(COUNTY)
    kept = {name: raw for name, raw in own.items() if not name.startswith(("routes/", "tests/"))}
    if overlays:
        told = yaml.safe_load(own["routes/90-overlays.yaml"])
        told["overlays"] = [overlay for overlay in told["overlays"] if overlay["id"] in overlays]
        kept["routes/90-overlays.yaml"] = json.dumps(told, ensure_ascii=False).encode()
    kept["routes/99-fallback.yaml"] = own["routes/99-fallback.yaml"]
    kept["jurisdictions.yaml"] += "".join(_villages(own["jurisdictions.yaml"].decode())).encode()
    kept["agencies.yaml"] += "".join(_agencies(more)).encode()
    functions = "".join(f"  {code}: {code}\n" for code in _invented(more))
    kept["ruleset.yaml"] = kept["ruleset.yaml"].replace(b"functions:\n", b"functions:\n" + functions.encode(), 1)
    lines = "".join(f"- {json.dumps(_quoted(route), ensure_ascii=False)}\n" for route in routes)
    kept["routes/10-drawn.yaml"] = f"owner: command\nroutes:\n{lines}".encode()
    return kept


def _quoted(route: dict[str, Any]) -> dict[str, Any]:
    blocks = route["when"]
    return route | {"when": blocks[0]} if isinstance(blocks, list) and len(blocks) == 1 else route


def _villages(jurisdictions: str) -> Iterator[str]:
    towns = [line.split('"')[1] for line in jurisdictions.splitlines() if "tier: town" in line]
    for town in towns:
        for n in range(VILLAGES):
            yield f'- {{code: "{town}-{n}", name: "{town}-{n}", tier: village, parent: "{town}", synthetic: "true"}}\n'


def _agencies(more: int) -> Iterator[str]:
    for code in _invented(more):
        place = f'tier: district, jurisdiction: ["{_world().root}"], supervisor: command-centre'
        yield f"- {{code: {code}, title: {code}, function: {code}, {place}}}\n"


def whose_texts() -> str:
    """Return whose the messages are: citizens', where such are kept beside this clone, else invented."""
    return "citizens'" if any(MESSAGES.glob("*.ndjson")) else "invented"


def texts(count: int) -> list[tuple[str, str]]:
    """Return (title, text) pairs of `CHARACTERS` on average."""
    rows = [orjson.loads(line) for file in sorted(MESSAGES.glob("*.ndjson")) for line in file.read_bytes().splitlines()]
    if not rows:
        return [("工地夜间施工没人管", (INVENTED * 40)[:CHARACTERS])] * count
    chosen = Random(5).sample(rows, min(count, len(rows)))
    told = [(row["title"], row["text"]) for row in chosen]
    return _lengthened((told * (count // len(told) + 1))[:count])


def _lengthened(chosen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Let some tell it twice (or less), until the average is what it shall be."""
    wanted = CHARACTERS * len(chosen)
    have = sum(len(text) for _, text in chosen)
    made = []
    for title, text in chosen:
        change = max(-len(text) + 1, min(len(text), wanted - have))
        have += change
        made.append((title, (text + text)[: len(text) + change]))
    return made


def reports(count: int) -> list[Report]:
    """Return as many reports, of every channel."""
    random, world = Random(13), _world()
    told = texts(count)
    return [
        Report(
            channel=random.choice(world.channels), external_id=f"B{n:07d}", title=title, text=text,
            address="洪泽区东风路12号院门口", reported_at=NOW,
            reporter=Reporter(kind=random.choice(list(ReporterKind)), name="来件人", phone="00000000000"),
        )
        for n, (title, text) in enumerate(told)
    ]  # fmt: skip


def incidents(count: int) -> list[Incident]:
    """Return as many incidents: reports understood, then put under drawn codes, so that every rule has its matter."""
    random, world = Random(17), _world()
    interpreter = compile_ruleset(base()).interpreter
    made = []
    for report in reports(count):
        id_ = incident_id(report.channel, report.external_id)
        drawn = {
            "category": random.choice(world.categories),
            "jurisdiction": random.choice(world.villages if random.random() < 0.8 else world.towns),
            "kind": random.choice(list(Kind)),
            "urgency": random.choice((Urgency.NORMAL, Urgency.NORMAL, Urgency.URGENT)),
            "areas": (random.choice(world.areas),) if random.random() < 0.15 else (),
            "about": (),
        }
        made.append(interpreter.understand(report, id_, NOW).model_copy(update=drawn))
    return made


def read_by(compiled: Compiled, incidents: Sequence[Incident]) -> list[Incident]:
    """Return the incidents as intake leaves them under this ruleset: with the words that its rules ask for."""
    made = []
    for incident in incidents:
        read = compiled.interpreter.understand(incident.report, incident.id, NOW)
        told = {"understood_by": read.understood_by, "rule_words": read.rule_words}
        made.append(incident.model_copy(update=told))
    return made


def compiled(mix: Mix, size: int, more: int = 0) -> Compiled:
    """Return the ruleset made ready."""
    return compile_ruleset(ruleset(mix, size, more))
