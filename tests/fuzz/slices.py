"""Bases of the fuzzer: small rulesets cut out of the kept ones, each of which loads; and the kept ones whole.

A whole county takes a quarter of a second to load, a slice some milliseconds: what breaks on one breaks on the other.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.source import plain, read

Tree = Any
"""Text, lists and mappings: a YAML file as its author wrote it."""

KEPT: Final = Path(__file__).resolve().parents[2] / "routing_rules" / "rulesets"
_BARE: Final = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9_./\u4e00-\u9fff+%-]*")
_MANY: Final = 2


class Twice(list[tuple[str, Tree]]):
    """A mapping that may hold one key twice, as a slip of the pen does."""


def emit(tree: Tree) -> str:
    """Return a tree as YAML: what is at the top line by line, what is beneath in one line each."""
    if not isinstance(tree, dict | Twice):
        return _flow(tree) + "\n"
    lines = []
    for key, value in tree if isinstance(tree, Twice) else tree.items():
        if isinstance(value, list) and not isinstance(value, Twice) and value:
            lines += [f"{_flow(key)}:", *(f"- {_flow(item)}" for item in value)]
        else:
            lines.append(f"{_flow(key)}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _flow(tree: Tree) -> str:
    if isinstance(tree, dict | Twice):
        pairs = tree if isinstance(tree, Twice) else tree.items()
        return "{" + ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in pairs) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(_flow, tree)) + "]"
    text = str(tree)
    return text if _BARE.fullmatch(text) else json.dumps(text)


@cache
def whole(name: str) -> Mapping[str, bytes]:
    """Return the files of a kept ruleset, its tests apart."""
    return {file: content for file, content in read_bundle(KEPT / name).items() if not file.startswith("tests/")}


@cache
def trees(name: str) -> Mapping[str, Tree]:
    """Return a kept ruleset's YAML files as trees."""
    documents = ((file, read(file, content)) for file, content in whole(name).items() if file.endswith(".yaml"))
    return {file: plain(document.root) for file, document in documents if document.root is not None}


def sliced(name: str, chance: random.Random) -> dict[str, Tree]:
    """Return a few neighbouring rules of a kept ruleset with what they need. It should load; `bases` sees to it."""
    kept = trees(name)
    files = [file for file in kept if file.startswith("routes/") and "fallback" not in file]
    chosen = {file: _few(kept[file], chance) for file in chance.sample(files, chance.choice((1, 1, 2)))}
    chosen |= {file: kept[file] for file in kept if file.startswith("routes/") and "fallback" in file}
    chosen = {file: tree for file, tree in chosen.items() if tree.get("routes") or tree.get("overlays")}
    words = set(_texts(list(chosen.values())))
    lists = {f"words/{word[5:]}.yaml" for word in words if word.startswith("list:")}
    chosen |= {file: kept[file] for file in sorted(lists) if file in kept}
    words |= set(_texts([kept[file] for file in sorted(lists) if file in kept]))
    return chosen | _county(kept, words, chance)


def _few(tree: Tree, chance: random.Random) -> Tree:
    few = {key: value for key, value in tree.items() if key not in {"routes", "overlays"}}
    for part in ("routes", "overlays"):
        if part in tree:
            start = chance.randrange(len(tree[part]))
            few[part] = tree[part][start : start + chance.randint(1, 2)]
    return few


def _county(kept: Mapping[str, Tree], words: set[str], chance: random.Random) -> dict[str, Tree]:
    county = dict(kept["ruleset.yaml"])
    channels = {code: it for code, it in county["channels"].items() if code in words}
    channels |= dict(list(county["channels"].items())[:1])
    county["channels"] = channels
    for key in ("tags", "responses"):
        county[key] = {code: title for code, title in county.get(key, {}).items() if code in words}
    for key, odds in (("coverage", 0.5), ("lifecycle", 0.8), ("retired", 0.5), ("conflict", 0.4), ("kinds", 0.6)):
        if key in county and chance.random() < odds:
            del county[key]
    if "lifecycle" in county:
        by_channel = county["lifecycle"].get("by_channel", {})
        kept_lives = {code: life for code, life in by_channel.items() if code in channels}
        county["lifecycle"] = {**county["lifecycle"], "by_channel": kept_lives}
    categories = _categories(kept, words, channels, chance)
    owners = {row["owner"] for row in categories if "owner" in row}
    agencies = _agencies(kept, words, channels)
    functions = words | owners | {row["function"] for row in agencies}
    county["functions"] = {code: title for code, title in county["functions"].items() if code in functions}
    calendars = [file for file in kept if file.startswith("calendars/")]
    calendar = chance.choice(calendars)
    return {
        "ruleset.yaml": county,
        "agencies.yaml": {"agencies": agencies},
        "categories.yaml": {"categories": categories},
        "jurisdictions.yaml": {"jurisdictions": _places(kept, words, agencies, channels)},
        calendar: {**kept[calendar], "holidays": kept[calendar].get("holidays", [])[:3]},
    }


def _agencies(kept: Mapping[str, Tree], words: set[str], channels: Mapping[str, Tree]) -> list[Tree]:
    rows = {row["code"]: row for row in kept["agencies.yaml"]["agencies"]}
    wanted = words | {str(channel.get("agency")) for channel in channels.values()}
    codes = [code for code, row in rows.items() if code in wanted or row["function"] in words or "top" in row]
    for code in codes:  # grows as it goes: supervisors up to the top
        above = rows[code].get("supervisor")
        if above is not None and above not in codes:
            codes.append(above)
    return [_without(rows[code], "areas") for code in rows if code in codes]


def _places(
    kept: Mapping[str, Tree], words: set[str], agencies: list[Tree], channels: Mapping[str, Tree]
) -> list[Tree]:
    rows = {row["code"]: row for row in kept["jurisdictions.yaml"]["jurisdictions"]}
    county = kept["ruleset.yaml"]
    codes = [code for row in agencies for code in row.get("jurisdiction", [])]
    codes += [county["root"], *([county["outside"]] if "outside" in county else []), *(w for w in words if w in rows)]
    for code in codes:
        above = rows[code].get("parent")
        if above is not None and above not in codes:
            codes.append(above)
    return [_native(rows[code], channels) for code in rows if code in codes]


def _categories(
    kept: Mapping[str, Tree], words: set[str], channels: Mapping[str, Tree], chance: random.Random
) -> list[Tree]:
    rows = {row["code"]: row for row in kept["categories.yaml"]["categories"]}
    leaves = [code for code in rows if code in words] + chance.sample(sorted(rows), _MANY)
    codes = {"/".join(code.split("/")[: n + 1]) for code in leaves for n in range(code.count("/") + 1)}
    return [_native(rows[code], channels) for code in rows if code in codes]


def _native(row: Tree, channels: Mapping[str, Tree]) -> Tree:
    native = {code: labels[:2] for code, labels in row.get("native", {}).items() if code in channels}
    return {**_without(row, "native"), **({"native": native} if native else {})}


def _without(row: Tree, key: str) -> Tree:
    return {name: value for name, value in row.items() if name != key}


def _texts(tree: Tree) -> Iterator[str]:
    if isinstance(tree, dict):
        yield from _texts(list(tree))
        yield from _texts(list(tree.values()))
    elif isinstance(tree, list):
        for item in tree:
            yield from _texts(item)
    else:
        yield str(tree)


def bundle(cut: Mapping[str, Tree]) -> dict[str, bytes]:
    """Return trees as files."""
    return {file: emit(tree).encode() for file, tree in cut.items()}


def bases(count: int, seed: int) -> list[dict[str, Tree]]:
    """Return slices of both kept rulesets that load, always the same for a seed; raises where hardly any loads."""
    chance = random.Random(seed)
    found: list[dict[str, Tree]] = []
    for tried in range(count * 4):
        cut = sliced(("hongze", "nyc")[tried % 2], chance)
        if load(bundle(cut)).ruleset is not None:
            found.append(cut)
        if len(found) == count:
            return found
    raise AssertionError(f"only {len(found)} of {count * 4} slices load")


def words_of(cut: Mapping[str, Tree], among: Iterable[str] = ()) -> list[str]:
    """Return all texts of a ruleset's rules: what a mutation may put elsewhere."""
    return sorted(set(_texts([tree for file, tree in cut.items() if not among or file in among])))
