"""The parts of the documents that are made from the code: the command line, the metrics, the settings.

    python tests/docs/pages.py          # writes them
    pytest tests/docs                   # says which are stale

A made part stands between `<!-- made: NAME -->` and `<!-- /made -->`; what people wrote around it stays.
"""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

from contracts.telemetry import SPECS
from incidentbus.capacity import MEASURED, Load, need
from incidentbus.cli import app
from incidentbus.cli.capacity import kept_rows, told
from incidentbus.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_MADE = re.compile(r"(<!-- made: (?P<name>[a-z]+) -->\n)(.*?)(<!-- /made -->)", re.DOTALL)


def commands(command: Any = None, path: str = "incidentbus") -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that call it; a group before its members."""
    here = typer.main.get_command(app) if command is None else command
    yield path, here
    for name, member in sorted(getattr(here, "commands", {}).items()):
        if not member.hidden:
            yield from commands(member, f"{path} {name}")


def cli() -> str:
    """Return a section for each command: what it does, its arguments and options."""
    return "\n".join(_command(path, command) for path, command in commands())


def _command(path: str, command: Any) -> str:
    lines = [f"## `{path}`", "", *_paragraphs(command.help or ""), ""]
    rows = [row for each in command.params if (row := _parameter(each))]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _paragraphs(text: str) -> list[str]:
    plain = text.replace("\b\n", "").strip().split("\n\n")
    return "\n\n".join(_paragraph(part) for part in plain).split("\n")


def _paragraph(part: str) -> str:
    """Lines that are indented are commands to type, and stay as they are."""
    lines = part.split("\n")
    if all(line.startswith("    ") for line in lines if line):
        return part
    return "    " + "\n    ".join(lines) if lines[0].startswith("incidentbus ") else " ".join(map(str.strip, lines))


def _parameter(parameter: Any) -> str:
    if parameter.name in ("help", "install_completion", "show_completion") or getattr(parameter, "hidden", False):
        return ""
    if parameter.param_type_name == "argument":
        more = "…" if parameter.nargs == -1 else ""
        return f"| `{(parameter.metavar or parameter.name or '').upper()}{more}` | {_told(parameter)} |"
    names = "`, `".join([*parameter.opts, *parameter.secondary_opts])
    return f"| `{names}` | {_told(parameter)}{_default(parameter)} |"


def _told(parameter: Any) -> str:
    return " ".join((getattr(parameter, "help", "") or "").split()).replace("|", "\\|")


def _default(parameter: Any) -> str:
    default = parameter.default
    if parameter.required:
        return " (required)"
    if default is None or default == "" or isinstance(default, bool) or callable(default) or not str(default).strip():
        return ""
    return "" if "Sentinel" in type(default).__name__ else f" (default `{_without_machine(default)}`)"


def _without_machine(value: Any) -> str:
    return str(value).replace(str(ROOT) + "/", "").replace(str(Path.home()), "~")


def metrics() -> str:
    """Return the table of metrics, from the registry."""
    rows = [
        f"| `{spec.name}` | {spec.kind.value} | {', '.join(f'`{label}`' for label in spec.labels)} | {spec.help} |"
        for spec in SPECS
    ]
    return "\n".join(["| metric | kind | labels | what it counts |", "|---|---|---|---|", *rows]) + "\n"


def settings() -> str:
    """Return the table of settings, by the names that they have in the environment."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = "" if default is None or str(default) == "" else f"`{_without_machine(default)}`"
        rows.append(f"| `INCIDENTBUS_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows]) + "\n"


def capacity_constants() -> str:
    """Return the table of what a report costs, from the figures that the arithmetic uses."""
    rows = [
        f"| bytes on `{kind}` a report | {volume:,.0f} | {MEASURED.records[kind]:g} |"
        for kind, volume in MEASURED.bytes.items()
    ]
    rows += [f"| {about} | {value:,.0f} | |" for about, value in (
        ("CPU of a worker a report, both stages, µs", MEASURED.worker_us),
        ("CPU of a broker a report, one copy, µs", MEASURED.broker_us),
        ("memory of a seen id, bytes", MEASURED.seen_bytes),
        ("memory of a case, bytes", MEASURED.case_bytes),
        ("memory of a worker that knows nothing yet, bytes", MEASURED.worker_base),
        ("seen ids that one task reads back in a second", MEASURED.seen_restored),
        ("cases that one task reads back in a second", MEASURED.cases_restored),
    )]  # fmt: skip
    return "\n".join(["| what | figure | records |", "|---|---|---|", *rows]) + "\n"


EXAMPLES = {
    "county": ("--reports-per-day 10000 --agencies 88", Load(1e4, 88)),
    "city": ("--reports-per-day 1000000 --agencies 300", Load(1e6, 300)),
    "cityonpaper": ("--reports-per-day 1000000 --agencies 300 --case-days 60", Load(1e6, 300, case_days=60)),
    "province": (
        "--reports-per-day 100000000 --agencies 3000 --channels 12 --case-days 60",
        Load(1e8, 3000, 12, case_days=60),
    ),
}


def capacity_example(name: str) -> str:
    """Return what `incidentbus capacity` prints for one of the worked examples."""
    words, load = EXAMPLES[name]
    found = need(load)
    rows = [f"| {row['kind']} | {row['day']} | {row['days']} | {row['stored']} |" for row in kept_rows(found)]
    table = ["| topic, one copy | a day | kept | lies there |", "|---|---|---|---|", *rows]
    return "\n".join(["```", f"$ incidentbus capacity {words}", *told(found), "```", "", *table]) + "\n"


def _beside(name: str) -> ModuleType:
    """Return a module that lies beside this one, however this one was loaded."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_LIFE = _beside("lifecycle_table")
_FIELDS = _beside("reference_tables")

MADE: dict[str, Callable[[], str]] = {
    "lifecyclediagram": _LIFE.diagram,
    "lifecycletable": _LIFE.table,
    "referenceen": partial(_FIELDS.reference, "en"),
    "referencezh": partial(_FIELDS.reference, "zh"),
    "cli": cli,
    "metrics": metrics,
    "settings": settings,
    "capacity": capacity_constants,
    **{name: partial(capacity_example, name) for name in EXAMPLES},
}
PAGES = (
    "capacity.md",
    "cli.md",
    "lifecycle.md",
    "metrics.md",
    "rules/reference.md",
    "rules/reference.zh.md",
    "settings.md",
)


def renewed(page: str) -> str:
    """Return a page with its made parts as the code has them now."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return _MADE.sub(lambda found: found[1] + MADE[found["name"]]() + found[4], text)


if __name__ == "__main__":
    for each in PAGES:
        fresh = renewed(each)
        if fresh != (DOCS / each).read_text(encoding="utf-8"):
            (DOCS / each).write_text(fresh, encoding="utf-8")
            sys.stdout.write(f"written: docs/{each}\n")
