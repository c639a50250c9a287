"""`incidentbus rules test`: a ruleset's own tests, each case alone, through the engine that the bus decides with."""

import json
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note, progress
from routing_rules.messages import Language

_LOOK_MS: Final = 200


@dataclass(frozen=True)
class _Asked:
    """What the command line asks for."""

    directory: Path
    as_json: bool
    covered: bool
    mutating: bool
    sample: int | None
    seed: int
    at_least: int
    junit: Path | None
    snapshot: Path | None
    update: bool
    lang: Language


@guarded
def run_cases(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="每条判定一行 JSON / one JSON object a decision")] = False,
    covered: Annotated[
        bool, typer.Option("--coverage", help="再数覆盖，查 ruleset.yaml 的门槛 / count coverage too, check its gates")
    ] = False,
    mutating: Annotated[
        bool, typer.Option("--mutate", help="把规则改坏，看用例看不看得出 / plant slips in the rules: do tests notice?")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="只试 N 处改坏 / with --mutate: only N slips, drawn by --seed"),
    ] = None,
    seed: Annotated[int, typer.Option(help="抽哪 N 处 / which N are drawn")] = 1,
    at_least: Annotated[
        int, typer.Option(min=0, max=100, metavar="PERCENT", help="要看出百分之几 / the share that must be noticed")
    ] = 90,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="另写 JUnit XML / write JUnit XML too")] = None,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="来件样本 NDJSON，去向与旁边的 .golden.ndjson 相比 / pin where a sample goes"
        ),
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="把样本的去向重新记下 / write the sample down anew")] = False,
    watching: Annotated[bool, typer.Option("--watch", help="存盘就重跑 / run anew at every save")] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """跑规则集 tests/ 里的全部用例 / Run all cases in a ruleset's tests/.

    A failure prints what was expected, what came, and why. A case that can't be run as written has failed.

    --coverage counts what the passing cases show: rules named, conditions that alone failed, hard rules, leading
    agencies, deadlines asserted; gates (`coverage:` in ruleset.yaml) are checked then. --mutate plants one slip after
    another in the rules and lists those that no test notices. --snapshot decides a sample of reports (one a line, with
    `received_at`) and compares with the golden file beside it; the first run and --update write that. Exit codes: 0
    all as expected; 1 a case failed, there is no test, a gate or --at-least is missed, the sample goes elsewhere, or
    the ruleset has a finding of level 错; 2 not a ruleset's folder, or the sample can't be read.

    \b
    incidentbus rules test my-county --coverage
    incidentbus rules test my-county --mutate --sample 200
    incidentbus rules test my-county --snapshot reports.ndjson --junit tests.xml
    """
    from routing_rules.engine.loader import NEEDED  # late: --help needn't load the engine

    if not directory.is_dir() or not any((directory / name).is_file() for name in NEEDED):
        raise Misuse(f"{directory}: 不是规则集文件夹 / not a ruleset's folder")
    asked = _Asked(
        directory, as_json, covered, mutating, sample, seed, at_least, junit, snapshot, update, lang
    )  # fmt: skip
    if watching:
        _watched(asked)
        leave(ExitCode.CLEAN)
    leave(_once(asked))


def _watched(asked: _Asked) -> None:
    """Run now and after every save, until Ctrl-C."""
    from watchfiles import watch

    from routing_rules.messages.mutating import say

    leaving = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: leaving.set())  # the run in hand ends first; no exception to be swallowed
    saved = watch(
        asked.directory, raise_interrupt=False, yield_on_timeout=True, rust_timeout=_LOOK_MS, stop_event=leaving
    )
    next(saved, None)  # the watch stands from here on: nothing is saved unseen while the first run goes on
    changes: object = True
    while changes is not None and not leaving.is_set():
        if changes:
            _survived(asked)
            note(say("watching", asked.lang, directory=asked.directory))
        changes = next(saved, None)


def _survived(asked: _Asked) -> None:
    """Run once; a file caught half saved is told, and does not end the watch."""
    try:
        _once(asked)
    except (OSError, Misuse) as error:
        note(str(error))


def _once(asked: _Asked) -> ExitCode:
    from routing_rules.engine.compiler import compile_ruleset
    from routing_rules.engine.loader import load, read_bundle
    from routing_rules.messages.coverage import say
    from routing_rules.tools.coverage import coverage
    from routing_rules.tools.junit import junit
    from routing_rules.tools.testing import run_tests

    files = read_bundle(asked.directory)
    loaded = load(files)
    if loaded.ruleset is None:
        for finding in loaded.errors:
            note(finding.line(asked.lang))
        note("规则集有错，用例没有跑 / the ruleset is broken, no test was run")
        return ExitCode.FINDINGS
    report = run_tests(compile_ruleset(loaded.ruleset), files, progress("用例 / cases"))
    counted = coverage(report, progress("覆盖 / coverage")) if asked.covered else None
    if asked.as_json:
        _lines(report.records(asked.lang))
        _lines([] if counted is None else [{"coverage": counted.record()}])
    else:
        print("\n".join([report.text(asked.lang), *([counted.text(asked.lang)] if counted is not None else [])]))
    if counted is None and loaded.ruleset.coverage:
        note(say("not_asked", asked.lang))
    if asked.junit is not None:
        asked.junit.write_bytes(junit(report, asked.lang))
    good = [report.passed and bool(report.results), counted is None or counted.passed]
    good += [_mutated(report, asked)] if asked.mutating else []
    good += [_pinned(report.compiled, asked.snapshot, asked)] if asked.snapshot is not None else []
    return ExitCode.CLEAN if all(good) else ExitCode.FINDINGS


def _lines(records: Any) -> None:
    for record in records:
        print(json.dumps(record, ensure_ascii=False))


def _mutated(report: Any, asked: _Asked) -> bool:
    from routing_rules.messages.mutating import say
    from routing_rules.tools.mutating.running import mutate
    from routing_rules.tools.mutating.telling import records, text

    if not report.passed:
        note(say("failing", asked.lang))
        return False
    made = mutate(report, asked.sample, asked.seed, progress("改坏 / mutants"))
    if asked.as_json:
        _lines(records(made, asked.at_least))
    else:
        print(text(made, report.compiled, asked.at_least, asked.lang))
    return made.reaches(asked.at_least)


def _pinned(compiled: Any, sample: Path, asked: _Asked) -> bool:
    from routing_rules.messages.mutating import say
    from routing_rules.tools.snapshot import differences, pinned, written
    from routing_rules.tools.testfiles import Problem
    from routing_rules.tools.testing import problem_text

    golden = sample.with_suffix(".golden.ndjson")
    try:
        now = list(pinned(_read(sample), compiled))
    except Problem as problem:
        raise Misuse(f"{sample}: {problem_text(problem, asked.lang)}") from None
    if asked.update or not golden.exists():
        golden.write_text(written(now), "utf-8")
        note(say("pinned", asked.lang, n=len(now), file=golden))
        return True
    moved = list(differences(_read(golden), now))
    if asked.as_json:
        _lines({"moved": each[0], "diff": each[1:]} for each in moved)
    else:
        print("".join(line + "\n" for each in moved for line in each), end="")
    note(say("moved" if moved else "as_pinned", asked.lang, n=len(now), moved=len(moved), file=golden))
    return not moved


def _read(file: Path) -> list[Mapping[str, Any]]:
    try:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Misuse(f"{file}: 读不了 / cannot be read: {error}") from None
    if not all(isinstance(line, dict) for line in lines):
        raise Misuse(f"{file}: 一行一个 JSON 对象 / one JSON object a line")
    return lines
