"""`incidentbus rules new`: a ruleset to begin with, that runs at once."""

from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import Misuse, guarded
from incidentbus.cli.printing import note
from incidentbus.cli.rules.folders import write_files
from routing_rules.engine.loader import load
from routing_rules.tools.scaffolding import new_ruleset

app = typer.Typer(help="新建 / begin something", no_args_is_help=True)


@app.callback()
def beginnings() -> None:
    """新建 / Begin something."""


@app.command("ruleset")
@guarded
def ruleset(
    directory: Annotated[Path, typer.Argument(help="放在哪个新文件夹 / the new folder")],
    code: Annotated[
        str, typer.Option("--id", prompt="规则集编号（小写字母、数字、连字符）/ id", help="规则集编号 / its id")
    ],
    title: Annotated[str, typer.Option("--title", prompt="名称 / title", help="名称 / its title")],
    root: Annotated[
        str, typer.Option("--root", prompt="本区县的区划编号 / the county's code", help="区划编号 / the county's code")
    ],
) -> None:
    """新建一个规则集：能载入，用例全过，注释教你往下写 / Begin a ruleset that loads, passes its tests, and teaches.

    What isn't given is asked for. Nothing is written over: the folder must be new or empty.

    Exit codes: 0 written, 2 an answer can't be used, or the folder has something in it.

    \b
    incidentbus rules new ruleset my-county --id my-county --title 某县派单规则 --root 900100
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Misuse(f"{directory}: 里面已有东西 / has something in it")
    files = new_ruleset(code, title, root)
    errors = load(files).errors
    if errors:
        raise Misuse("\n".join(finding.line() for finding in errors))
    write_files(directory, {}, files)
    note(f"{directory}: 写好了；接着跑 / written; next: incidentbus rules test {directory}")
