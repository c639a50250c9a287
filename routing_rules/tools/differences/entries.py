"""A ruleset's files as entries: rules, agencies, categories and so on by their code, each with its fields as written.

It reads what authors wrote, not what the engine makes of it: a difference is told in the author's own words. Blanks,
comments, quotes and the order of keys are no part of an entry, as they are none of the ruleset's hash.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from routing_rules.engine.loader import is_test
from routing_rules.engine.source import plain, read

RULES: Final = ("routes", "overlays")
BLOCKS: Final = ("when", "unless", "accepts")
"""Fields whose value is one block of conditions or a list of them."""
_NAMED_BY: Final = ("id", "code", "name")
_SHOWN: Final = 12  # of a geometry's digest

Value = str | tuple[str, ...]
Fields = Mapping[str, Value]


class Key(NamedTuple):
    """What an entry is: `sort` is the author's word (routes, agencies, calendars …), `of` its code."""

    sort: str
    of: str


class Entry(NamedTuple):
    """One thing that a ruleset says. `blocks`: the conditions of a rule, block by block; `fields`: all the rest."""

    key: Key
    title: str
    file: str
    fields: Fields
    blocks: Mapping[str, tuple[Fields, ...]]


def entries(files: Mapping[str, bytes]) -> dict[Key, Entry]:
    """Return every entry of a ruleset's files, tests apart, in the order in which the engine reads them."""
    found: dict[Key, Entry] = {}
    for file in sorted(files):
        if is_test(file):
            continue
        for entry in _of_file(file, files[file]):
            key = _unused(entry.key, found)
            found[key] = entry._replace(key=key)
    return found


def _unused(key: Key, found: Mapping[Key, Entry]) -> Key:
    """Return a key of its own for what is written twice: a place's name may be."""
    number = 2
    free = key
    while free in found:
        free, number = key._replace(of=f"{key.of} #{number}"), number + 1
    return free


def _of_file(file: str, content: bytes) -> Iterator[Entry]:
    if file.endswith(".geojson"):
        yield _area(file, json.loads(content))
        return
    root = read(file, content).root
    written: Any = None if root is None else plain(root)
    if not isinstance(written, dict):
        yield _entry(Key("file", file), file, {} if written is None else {"": written})
    elif file == "ruleset.yaml":
        yield from (_entry(Key("settings", name), file, {"": value}) for name, value in written.items())
    else:
        yield from _listed(file, written)


def _listed(file: str, written: dict[str, Any]) -> Iterator[Entry]:
    """Yield the entries of the lists of a file, then what is left of it as one entry."""
    rest = dict(written)
    inherits = False
    for sort, items in written.items():
        if not (isinstance(items, list) and items and all(isinstance(item, dict) for item in items)):
            continue
        if not all(_name(item) for item in items) or "calendar" in written:
            continue
        del rest[sort]
        for item in items:
            own = item
            if sort in RULES and "owner" in written and "owner" not in item:
                inherits, own = True, {**item, "owner": written["owner"]}
            yield _entry(Key(sort, _name(item)), file, own)
    if inherits:
        del rest["owner"]
    if rest:
        yield _entry(_own_key(file, rest), file, rest)


def _own_key(file: str, rest: Mapping[str, Any]) -> Key:
    folder = file.partition("/")[0]
    if folder == "calendars" and "calendar" in rest:
        return Key(folder, f"{rest['calendar']} {rest.get('year', '')}".strip())
    if folder == "words" and isinstance(rest.get("id"), str):
        return Key(folder, rest["id"])
    return Key("file", file)


def _area(file: str, written: Any) -> Entry:
    """Return an area: its properties, and of its lines how many points they have and a digest."""
    text = json.dumps(written, ensure_ascii=False, sort_keys=True)
    features = written.get("features", [written]) if isinstance(written, dict) else []
    told = {
        f"{n}": feature.get("properties") or {} for n, feature in enumerate(features, 1) if isinstance(feature, dict)
    }
    points = text.count("],") + text.count("]]")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_SHOWN]
    return _entry(Key("areas", file), file, {"properties": told, "geometry": f"{digest} ({points})"})


def _entry(key: Key, file: str, written: Mapping[str, Any]) -> Entry:
    blocks = {
        name: tuple(dict(_leaves("", block)) for block in _as_blocks(written[name]))
        for name in BLOCKS
        if name in written and key.sort in RULES
    }
    fields = dict(leaf for name, value in written.items() if name not in blocks for leaf in _leaves(name, value))
    title = written.get("title", written.get("name", ""))
    return Entry(key, title if isinstance(title, str) else "", file, fields, blocks)


def _as_blocks(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Value]]:
    """Yield the dotted path and the value of each leaf; a list is a leaf, each of its items in one text."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), below)
    elif isinstance(value, list):
        yield path, tuple(_compact(item) for item in value)
    else:
        yield path, _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_compact(below)}" for name, below in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_compact(below) for below in value) + "]"
    return str(value)


def _name(item: Mapping[str, Any]) -> str:
    return next((str(item[name]) for name in _NAMED_BY if isinstance(item.get(name), str)), "")
