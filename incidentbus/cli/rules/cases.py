"""`incidentbus rules test`: a ruleset's own tests, each case alone, through the engine that the bus decides with."""

import json
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note, progress
from routing_rules.messages import Language


@guarded
def run_cases(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    as_json: Annotated[bool, typer.Option("--json", help="每条判定一行 JSON / one JSON object a decision")] = False,
    covered: Annotated[
        bool, typer.Option("--coverage", help="再数覆盖，查 ruleset.yaml 的门槛 / count coverage too, check its gates")
    ] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """跑规则集 tests/ 里的全部用例 / Run all cases in a ruleset's tests/.

    A failure prints what was expected, what came, and why. A case that can't be run as written has failed.

    --coverage counts what the passing cases show: rules named, conditions that alone failed, hard rules, leading
    agencies, deadlines asserted; gates (`coverage:` in ruleset.yaml) are checked then. Exit codes: 0 all passed; 1 one
    failed, there is no test, a gate is not met, or the ruleset has a finding of level 错; 2 not a ruleset's folder.

    \b
    incidentbus rules test my-county --coverage
    """
    from routing_rules.engine.compiler import compile_ruleset  # late: --help needn't load the engine
    from routing_rules.engine.loader import NEEDED, load, read_bundle
    from routing_rules.messages.coverage import say
    from routing_rules.tools.coverage import coverage
    from routing_rules.tools.testing import run_tests

    if not directory.is_dir() or not any((directory / name).is_file() for name in NEEDED):
        raise Misuse(f"{directory}: 不是规则集文件夹 / not a ruleset's folder")
    files = read_bundle(directory)
    loaded = load(files)
    if loaded.ruleset is None:
        for finding in loaded.errors:
            note(finding.line(lang))
        leave(ExitCode.FINDINGS, "规则集有错，用例没有跑 / the ruleset is broken, no test was run")
    report = run_tests(compile_ruleset(loaded.ruleset), files, progress("用例 / cases"))
    counted = coverage(report, progress("覆盖 / coverage")) if covered else None
    if as_json:
        for record in report.records(lang):
            print(json.dumps(record, ensure_ascii=False))
        if counted is not None:
            print(json.dumps({"coverage": counted.record()}, ensure_ascii=False))
    else:
        print("\n".join([report.text(lang), *([counted.text(lang)] if counted is not None else [])]))
    if counted is None and loaded.ruleset.coverage:
        note(say("not_asked", lang))
    short = counted is not None and not counted.passed
    leave(ExitCode.CLEAN if report.passed and report.results and not short else ExitCode.FINDINGS)
