"""What understanding a message costs, beside a naive normal form of the same message timed in the same run.

Run as `python -m tests.bench.bench_understand [RULESET] [MESSAGES.ndjson ...]`; without arguments it takes the bundled
ruleset and, of the messages kept beside this clone, the 2,142 reports and the 244 labelled ones, whose title and text
together are 373 characters long on average; or an invented text of that length where there are none. Every figure is of
both, title and text.

A few messages at a time are taken by each step in turn, again and again, and the least of each counts: what neighbours
take is longer than that and falls out. The ratio is still what to compare between machines and days.
"""

import re
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import opencc
import orjson

from contracts.report import Report
from routing_rules.engine.infer.understand import Interpreter
from routing_rules.engine.loader import load_directory
from routing_rules.engine.normal import normal, normal_with_offsets
from tests.outside import MESSAGES

_ROOT = Path(__file__).resolve().parents[2]
_RULESET = _ROOT / "routing_rules" / "rulesets" / "hongze"
_MIX = ("reports.ndjson", "labelled.ndjson")
_INVENTED = "夜里十二点了，东边工地还在打桩，噪音很大，老人睡不着！希望有关部门（城管）来看看。" * 9
_NOW = datetime(2026, 5, 12, 2, tzinfo=UTC)
_ROUNDS = 25
_TOGETHER = 20  # messages that are timed in one piece: about a millisecond

_simplify = opencc.OpenCC("t2s").convert


def naive(text: str) -> str:
    """The normal form, one step after another."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    converted: str = _simplify(re.sub(r"\s+", "", text))
    return converted


def back(text: str) -> tuple[int, int] | None:
    """The normal form, and where the whole of it stands in the original."""
    form = normal_with_offsets(text)
    return form.span(0, len(form.text)) if form.text else None


def messages(files: list[Path]) -> list[Report]:
    rows = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
    if not rows:
        rows = [{"message_id": str(n), "title": "工地夜间施工", "text": _INVENTED} for n in range(2000)]
    return [
        Report(channel="mailbox", external_id=str(row["message_id"]), title=row["title"], text=row["text"])
        for row in rows
    ]


def microseconds(steps: dict[str, Callable[[Report], object]], reports: list[Report]) -> dict[str, float]:
    """Return what each step costs a report: the least of all rounds for every few reports, in microseconds."""
    taken = dict.fromkeys(steps, 0.0)
    for start in range(0, len(reports), _TOGETHER):
        few = reports[start : start + _TOGETHER]
        for name, step in steps.items():
            taken[name] += min(seconds(step, few) for _ in range(_ROUNDS))
    return {name: total / len(reports) * 1e6 for name, total in taken.items()}


def seconds(step: Callable[[Report], object], reports: list[Report]) -> float:
    began = perf_counter()
    for report in reports:
        step(report)
    return perf_counter() - began


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]) if arguments else _RULESET
    kept = [MESSAGES / name for name in _MIX if (MESSAGES / name).exists()]
    files = [Path(name) for name in arguments[1:]] or kept
    ruleset = load_directory(folder).ruleset
    if ruleset is None:
        sys.exit(f"{folder}: the ruleset does not load")
    reports, interpreter = messages(files), Interpreter(ruleset)
    length = sum(len(report.title) + len(report.text) for report in reports) / len(reports)
    mix = ", ".join(file.stem for file in files) or "one invented text"
    print(f"{len(reports)} messages ({mix}) of {length:.0f} characters, title and text; ruleset {ruleset.id}")
    steps: dict[str, Callable[[Report], object]] = {
        "naive normal form": lambda report: (naive(report.title), naive(report.text)),
        "normal form": lambda report: (normal(report.title), normal(report.text)),
        "with the way back": lambda report: (back(report.title), back(report.text)),
        "understand": lambda report: interpreter.understand(report, "inc-bench", _NOW),
    }
    taken = microseconds(steps, reports)
    yardstick = taken["naive normal form"]
    for name, figure in taken.items():
        print(f"{name:20} {figure:8.1f} µs  {figure / yardstick:6.2f} × naive")


if __name__ == "__main__":
    main(sys.argv[1:])
