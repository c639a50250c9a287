"""`incidentbus rules verify`: what a ruleset can never do, what collides in it and what it leaves open, proved."""

import json
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded, leave
from incidentbus.cli.printing import progress
from incidentbus.cli.rules.folders import read_folder, ready
from incidentbus.clock import utc_now
from routing_rules.messages import Language

_PER_UNIT = 1_000_000


@guarded
def verify(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    as_json: Annotated[bool, typer.Option("--json", help="每条一行 JSON / one JSON object a line")] = False,
    budget: Annotated[
        int, typer.Option(min=1, help="步数上限，百万次比较，约半秒一百万 / bound, in millions of comparisons")
    ] = 20,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """证明：哪条规则永远轮不到，哪些交叉，哪些来件只有兜底能接 / Prove what rules can never do, and what is left open.

    Every "can" comes with a report made up for it, which the engine itself decided; every "never" with the rules that
    take everything. Fields of finitely many values and words are exact; moments, expressions and samples are taken as
    free to hold or not. Beyond the bound a question is told as not proven. A warning is waived in its line by
    `# lint: ignore RR131 reason`.

    Exit codes: 0 nothing found (notes may be there), 1 a finding of level 错 or 警, 2 not a ruleset, or one that does
    not load.

    \b
    incidentbus rules verify my-county
    incidentbus rules verify my-county --json --lang en
    incidentbus rules verify my-county --budget 100
    """
    from routing_rules.tools.verify.boxes import Budget  # late: --help needn't load the engine
    from routing_rules.tools.verify.report import verify as prove

    loaded, compiled = ready(directory, read_folder(directory), lang)
    bound = Budget(total=budget * _PER_UNIT, each=max(budget * _PER_UNIT // 50, 1))
    today = compiled.local_date(utc_now())
    verified = prove(compiled, bound, today, loaded.waivers, progress("规则 / rules"))
    if as_json:
        for record in verified.records():
            print(json.dumps(record, ensure_ascii=False))
    else:
        print(verified.text(lang))
    leave(ExitCode.CLEAN if verified.passed else ExitCode.FINDINGS)
