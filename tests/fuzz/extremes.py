"""Rulesets made to choke a reader: bombs, giants, hordes, expressions that never end. Each must come to a finding."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from tests.fuzz.slices import whole

Files = dict[str, bytes]
CPU_SECONDS: Final = 10.0
"""For each, on one core: reading 400,000 values, the most that a ruleset may have, takes some five."""
MEMORY: Final = 1 << 30
RULES: Final = 100_000


def _with(file: str, content: bytes) -> Files:
    return {**whole("hongze"), file: content}


def _expression(source: str) -> Files:
    rule = f"{{id: x, title: x, when: {{expr: {json.dumps(source)}}}, add: {{tags: [group]}}}}"
    return _with("routes/89-x.yaml", f"owner: command\noverlays:\n- {rule}\n".encode())


def _bomb() -> Files:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    return _with("routes/89-x.yaml", "\n".join(lines).encode())


def _rules(count: int, rule: str) -> Files:
    rows = "".join(rule % n for n in range(count))
    return _with("routes/89-x.yaml", f"owner: command\nroutes:\n{rows}".encode())


_RULE: Final = "- {id: r%d, title: t, when: {category: [noise]}, assign: {lead: police}}\n"
EXTREMES: Final[Mapping[str, tuple[Callable[[], Files], str]]] = {
    "a YAML bomb": (_bomb, "RR106"),
    "a file of 50 MB": (lambda: _with("routes/89-x.yaml", b"- " + b"x" * 50_000_000), "RR137"),
    "an area of 50 MB": (lambda: _with("areas/x.geojson", b"[" + b"1," * 25_000_000 + b"1]"), "RR137"),
    "four million values in 8 MB": (lambda: _with("routes/89-x.yaml", b"[" + b"a," * 4_000_000 + b"]"), "RR137"),
    "100,000 rules": (lambda: _rules(RULES, _RULE), "RR137"),
    "100,000 rules of one field": (lambda: _rules(RULES, "- {id: r%d}\n"), "RR137"),
    "20,000 rules": (lambda: _rules(20_000, _RULE), "RR137"),
    "brackets a million deep": (lambda: _with("routes/89-x.yaml", b"[" * 1_000_000), "RR100"),
    "an area a million deep": (lambda: _with("areas/x.geojson", b"[" * 1_000_000), "RR100"),
    "a rule of 100,000 words": (
        lambda: _rules(1, "- {id: r%d, title: t, when: {text: {any: ["
                       + ", ".join(f"w{n}" for n in range(100_000)) + "]}}, assign: {lead: police}}\n"),
        "RR137",
    ),
    "a pattern of ten thousand copies": (lambda: _expression("text.matches('(.{100}){90}')"), "RR117"),
    "a pattern out of the report": (lambda: _expression("text.matches(title)"), "RR117"),
    "a pattern with hidden braces": (lambda: _expression(r"text.matches('(.\x7b100}){90}')"), "RR117"),
    "macros within macros": (lambda: _expression("tags.all(a,tags.all(b,tags.all(c,tags.all(d,true))))"), "RR117"),
    "a long expression": (lambda: _expression("!" * 5_000 + "true"), "RR117"),
}  # fmt: skip
