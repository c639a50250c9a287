"""`incidentbus contracts`: what is promised to others, held against the code."""

from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded, leave
from incidentbus.cli.printing import note

app = typer.Typer(no_args_is_help=True, help="契约 / Contracts: the JSON Schemas of what goes on the wire.")


@app.callback()
def _contracts() -> None:
    """Keep `schemas` a word of its own."""


@app.command()
@guarded
def schemas(
    write: Annotated[bool, typer.Option("--write/--check", help="rewrite the files, or only compare them")] = False,
    directory: Annotated[Path | None, typer.Option("--dir", help="contracts/schemas if not given")] = None,
) -> None:
    """核对或更新 JSON Schema / Compare the checked-in JSON Schemas with the code, or rewrite them.

    A field that is removed, retyped, newly required or given another default breaks a promise: that needs a new major
    version of the topic, and --write refuses it. Exit codes: 0 the files say what the code says; 1 they don't.
    """
    from incidentbus import schemafiles  # late: it loads every codec

    where = directory or schemafiles.DIRECTORY
    found = schemafiles.findings(where)
    broken = [each for each in found if each.broken]
    for each in broken if write else found:
        note(f"{each.file}: {each.what}")
    if broken:
        leave(ExitCode.FINDINGS, "约定被破坏：升主题的大版本 / a promise is broken: give the topic a new major version")
    if write:
        for name in schemafiles.write_files(where):
            print(f"已写 / written: {name}")
    elif found:
        leave(ExitCode.FINDINGS, "运行 / run: incidentbus contracts schemas --write")
