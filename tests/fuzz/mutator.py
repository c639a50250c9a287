"""One mutation of a ruleset after another, chosen by chance from a seed: of its trees, of its text, of its files."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

from tests.fuzz.slices import Tree, Twice, emit

Site = tuple[Any, Any]
"""A mapping or list, and the key or place in it."""

HOSTILE: Final = (
    "", " ", "~", "null", "no", "true", "false", "0", "-1", "010", "1e9", "999999999", "99999999999999999999999",
    "22:00",
    "24:00", "25:61", "12-31", "02-30", "2026-02-30", "9999-12-31", "0001-01-01", "none", "0bd", "999999999d", "5wh",
    "1h", "100%", "0%", "101%", "due", "+1bd", "list:", "list:nothing", "first_receiver", "\u3000", "\uff1a", "\u202e",
    "\ud83d\ude00", "\ufeff", "\x00", "\x1b[31m", "../../etc", "a" * 300,
    "\u5df7" * 5_000, "{}", "[]", "*", "&a", "!!python/none",
    "<<", "default", "outside", "unclassified", "fallback", "active", "trial", "off", "both", "critical", "emergency",
)  # fmt: skip
EXPRESSIONS: Final = (
    "true", "1", "1 / 0 == 1", "title.matches('(a+)+$')", "text.matches('(a|a)*b')",
    "text.matches('(((((.*)*)*)*)*)*x')",
    "text.matches('[')", "tags.all(x, tags.all(y, tags.all(z, x == y)))", "reporters > 99999999999999999999",
    "attributes['x'] == '1'", "attributes.x.y.z == 1", "!!!!!!!!!!true", "((((((((((true))))))))))", "size(tags) > 0",
    "text + text + text == text", "weekday in ['mon']", "[1,2,3].map(x, x * x).exists(y, y > 4)", "nothing", "true &&",
    "text.matches('a{1000}{1000}')", "string(1.0 / 0.0) == 'x'", "received_hour % 0 == 1", "dyn(1) == 'a'",
)  # fmt: skip
PATTERNS: Final = ("(a+)+$", "[", "(?P<x", ".*.*.*.*x", "[\u5230\u7ed9\u8fc7\u540e]", "\\", "(a|a)*b", "x{1,99999}")
KEYS: Final = (
    "id", "title", "owner", "basis", "status", "effective", "gate", "when", "unless", "assign", "on_return", "deadline",
    "deadline_by_kind", "urgency", "tags", "confidential", "fallback", "accepts", "add", "sample", "channel", "kind",
    "reporter", "category", "jurisdiction", "located_by", "classified_by", "area", "mode", "response", "response_level",
    "occurred_at", "received_at", "text", "about", "reporters", "reports", "attributes", "lead", "missing", "expr",
    "any",
    "all", "none", "where", "between", "days", "date", "at_least", "from", "until", "function", "tier", "climb",
    "co_handlers", "inform", "acknowledge", "respond", "resolve", "fixed", "code", "name", "names", "native", "parent",
    "supervisor", "top", "calendar", "words", "not", "is", "in", "year", "week", "holidays", "work", "not_between",
)  # fmt: skip


def sites(tree: Tree) -> Iterator[Site]:
    """Yield every place in a tree that holds something."""
    if isinstance(tree, Twice):
        return
    pairs = enumerate(tree) if isinstance(tree, list) else tree.items() if isinstance(tree, dict) else ()
    for key, value in pairs:
        yield tree, key
        yield from sites(value)


def _delete(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    del site[0][site[1]]


def _again(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    """Write a thing twice: an item again, or a mapping's key again."""
    inside, key = site
    if isinstance(inside, list):
        inside.insert(chance.randint(0, len(inside)), deepcopy(inside[key]))
    elif isinstance(inside[key], dict):
        inside[key] = Twice([*inside[key].items(), *list(inside[key].items())[:1]])


def _swap(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    other = chance.choice(list(range(len(inside))) if isinstance(inside, list) else list(inside))
    inside[key], inside[other] = inside[other], inside[key]


def _hostile(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    site[0][site[1]] = chance.choice(PATTERNS if site[1] == "not_between" else HOSTILE)


def _elsewhere(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    """Put what stands somewhere else, under the same key where there is one: often well-formed, seldom meant."""
    everywhere = [each for tree in cut.values() for each in sites(tree)]
    alike = [each for each in everywhere if each[1] == site[1]] if isinstance(site[1], str) else []
    inside, key = chance.choice(alike if alike and chance.random() < 0.9 else everywhere)
    site[0][site[1]] = deepcopy(inside[key])


def _wrap(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    inside[key] = [inside[key]] if chance.random() < 0.6 else {chance.choice(KEYS): inside[key]}


def _unwrap(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    values = list(inside[key].values()) if isinstance(inside[key], dict) else inside[key]
    inside[key] = values[0] if isinstance(values, list) and values else []


def _rename(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    if isinstance(inside, dict):
        new = chance.choice(KEYS) if chance.random() < 0.6 else _misspelt(key, chance)
        inside[new] = inside.pop(key)


def _misspelt(word: str, chance: random.Random) -> str:
    at = chance.randrange(len(word)) if word else 0
    return chance.choice((word[:at] + word[at + 1 :], word[:at] + word[at : at + 1] * 2 + word[at + 1 :], word.upper()))


def _slip(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    if isinstance(inside[key], str):
        inside[key] = _misspelt(inside[key], chance)


def _insert(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    """Add a field to a mapping with what stands under that key somewhere, or with an expression, or with anything."""
    inside = site[0]
    if not isinstance(inside, dict):
        inside.insert(site[1], chance.choice(HOSTILE))
        return
    key = chance.choice(KEYS)
    donors = [each for tree in cut.values() for each in sites(tree) if each[1] == key]
    if key == "expr":
        inside[key] = chance.choice(EXPRESSIONS)
    elif donors:
        donor = chance.choice(donors)
        inside[key] = deepcopy(donor[0][donor[1]])
    else:
        inside[key] = chance.choice(HOSTILE)


def _deep(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    for _ in range(chance.choice((3, 40))):
        inside[key] = [inside[key]] if chance.random() < 0.5 else {"when": inside[key]}


def _long(site: Site, chance: random.Random, cut: dict[str, Tree]) -> None:
    inside, key = site
    if isinstance(inside[key], list):
        inside[key] = inside[key] * chance.choice((2, 60))
    elif isinstance(inside[key], str):
        inside[key] = [f"{inside[key]}{n}" for n in range(chance.choice((5, 250)))]


OF_TREE: Final[tuple[Callable[[Site, random.Random, dict[str, Tree]], None], ...]] = (
    _delete, _delete, _again, _swap, _swap, _swap, _hostile, _hostile, _elsewhere, _elsewhere, _elsewhere, _elsewhere,
    _elsewhere, _elsewhere, _wrap, _unwrap, _rename, _slip, _insert, _insert, _insert, _deep, _long,
)  # fmt: skip
_INSERTED: Final = (
    b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", b"&a ", b"*a", b"<<: {}", b"\n---\n", b"\n...\n",
    b"!!python/object:os.system ",
    b"%YAML 9.9\n", b"# lint: ignore RR131 x\n", b"\xef\xbc\x9a", b"\xe3\x80\x80", b"[" * 50, b"{", b"}",
    b'"', b"'", b"? ",
    b"|\n", b">-\n", b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b": ", b"- ",
)  # fmt: skip


def in_text(content: bytes, chance: random.Random) -> bytes:
    """Return a file's bytes with one slip of the keyboard."""
    at = chance.randint(0, len(content))
    match chance.randrange(5):
        case 0:
            return content[:at] + content[at + chance.randint(1, 20) :]
        case 1:
            return content[:at] + chance.choice(_INSERTED) + content[at:]
        case 2:
            return content[:at]
        case 3:
            lines = content.splitlines(keepends=True) or [b""]
            lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
            return b"".join(lines)
        case _:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _in_files(files: dict[str, bytes], chance: random.Random) -> None:
    """Take a file away, name it otherwise, write it twice, or put another's content in."""
    file = chance.choice(sorted(files))
    match chance.randrange(5):
        case 0:
            del files[file]
        case 1:
            files[chance.choice(("routes/x.yaml", "00.yaml", "areas/x.geojson", "a/b/c.yaml", "words/.yaml"))] = (
                files.pop(file)
            )
        case 2:
            files[f"routes/{chance.randint(0, 99):02}-copy.yaml"] = files[file]
        case 3:
            files[file] = files[chance.choice(sorted(files))]
        case _:
            files[file] = chance.choice((b"", b"{}", b"[]", b"x", b"\n\n", b"- - - -", b'{"type": "Polygon"}'))


def mutated(base: dict[str, Tree], chance: random.Random) -> dict[str, bytes]:
    """Return the files of a mutant: one to three mutations, mostly of trees, and mostly of rules."""
    cut = deepcopy(base)
    slips = 0
    for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3))):
        if chance.random() < 0.9:
            _in_trees(cut, chance)
        else:
            slips += 1
    files = {file: emit(tree).encode("utf-8", "surrogatepass") for file, tree in cut.items()}
    for _ in range(slips):
        if not files or chance.random() < 0.2:
            _in_files(files, chance) if files else None
        else:
            file = chance.choice(sorted(files))
            files[file] = in_text(files[file], chance)
    return files


def _in_trees(cut: dict[str, Tree], chance: random.Random) -> None:
    files = sorted(cut)
    rules = [file for file in files if file.startswith("routes/")]
    found = list(sites(cut[chance.choice(rules if rules and chance.random() < 0.65 else files)]))
    if found:
        chance.choice(OF_TREE)(chance.choice(found), chance, cut)
