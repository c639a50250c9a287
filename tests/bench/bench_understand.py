"""What understanding a message costs, beside a naive normal form of the same message timed in the same run.

Run as `python tests/bench/bench_understand.py [RULESET] [MESSAGES.ndjson ...]`; without arguments it takes the bundled
ruleset and the messages kept beside this clone, or an invented text of the same length where there are none. The ratio
is what to compare between machines and days: a figure in microseconds alone says as much about the neighbours as about
us.
"""

import re
import sys
import timeit
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import opencc
import orjson

from contracts.report import Report
from routing_rules.engine.infer.understand import Interpreter
from routing_rules.engine.loader import load_directory
from routing_rules.engine.normal import normal, normal_with_offsets
from tests.outside import MESSAGES

_ROOT = Path(__file__).resolve().parents[2]
_RULESET = _ROOT / "routing_rules" / "rulesets" / "hongze"
_INVENTED = "夜里十二点了，东边工地还在打桩，噪音很大，老人睡不着！希望有关部门（城管）来看看。" * 9
_NOW = datetime(2026, 5, 12, 2, tzinfo=UTC)
_ROUNDS = 5

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


def microseconds(step: Callable[[Report], object], reports: list[Report]) -> float:
    """Return the best of several rounds over all reports, in microseconds a report."""
    best = min(timeit.repeat(lambda: [step(report) for report in reports], number=1, repeat=_ROUNDS))
    return best / len(reports) * 1e6


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]) if arguments else _RULESET
    files = [Path(name) for name in arguments[1:]] or sorted(MESSAGES.glob("*.ndjson"))
    ruleset = load_directory(folder).ruleset
    if ruleset is None:
        sys.exit(f"{folder}: the ruleset does not load")
    reports, interpreter = messages(files), Interpreter(ruleset)
    steps: dict[str, Callable[[Report], object]] = {
        "naive normal form": lambda report: naive(report.text),
        "normal form": lambda report: normal(report.text),
        "with the way back": lambda report: back(report.text),
        "understand": lambda report: interpreter.understand(report, "inc-bench", _NOW),
    }
    length = sum(len(report.text) for report in reports) / len(reports)
    print(f"{len(reports)} messages of {length:.0f} characters, ruleset {ruleset.id}; best of {_ROUNDS} rounds")
    taken = {name: microseconds(step, reports) for name, step in steps.items()}
    yardstick = taken["naive normal form"]
    for name, figure in taken.items():
        print(f"{name:20} {figure:8.1f} µs  {figure / yardstick:6.2f} × naive")


if __name__ == "__main__":
    main(sys.argv[1:])
