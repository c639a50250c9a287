"""Budgets of the house: file median ≤ 120 lines, none over 500; function median ≤ 9, none over 80 (DESIGN §4).

Run as a script it prints the figures and what is over; `test_budgets.py` asserts the same.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "routing_rules", "streams", "connectors", "incidentbus")
FILE_MEDIAN, FILE_LIMIT, FUNCTION_MEDIAN, FUNCTION_LIMIT = 120, 500, 9, 80


@dataclass(frozen=True)
class Measured:
    """A file or function with its length in lines."""

    name: str
    lines: int


def files() -> list[Measured]:
    """Return every source file of the rooms; a room's empty `__init__` counts as any other."""
    found = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [Measured(str(path.relative_to(ROOT)), len(path.read_text("utf-8").splitlines())) for path in found]


def functions() -> list[Measured]:
    """Return every function with its body's length, docstring and signature not counted."""
    return [each for file in files() for each in _functions_of(file.name)]


def _functions_of(name: str) -> Iterator[Measured]:
    for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield Measured(f"{name}:{node.lineno} {node.name}", lines)


def findings() -> list[str]:
    """Return a sentence for everything that is over its budget."""
    every_file, every_function = files(), functions()
    told = [f"{each.name}: {each.lines} lines, {FILE_LIMIT} at most" for each in every_file if each.lines > FILE_LIMIT]
    told += [
        f"{each.name}: {each.lines} lines, {FUNCTION_LIMIT} at most"
        for each in every_function
        if each.lines > FUNCTION_LIMIT
    ]
    medians = (("files", every_file, FILE_MEDIAN), ("functions", every_function, FUNCTION_MEDIAN))
    for what, measured, limit in medians:
        median = statistics.median(each.lines for each in measured)
        if median > limit:
            told.append(f"the median of {what} is {median} lines, {limit} at most")
    return told


if __name__ == "__main__":
    over = findings()
    print("\n".join(over) or "budgets: kept")
    for title, measured in (("files", files()), ("functions", functions())):
        median = statistics.median(each.lines for each in measured)
        longest = max(measured, key=lambda each: each.lines)
        print(f"{title}: {len(measured)}, median {median:g} lines, longest {longest.lines} ({longest.name})")
    sys.exit(1 if over else 0)
