"""`incidentbus rules fields`: the fields of a kind of file as JSON Schema, for editors."""

import json
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import guarded
from incidentbus.cli.rules.folders import ruleset_of
from routing_rules.messages.fields import FileKind


@guarded
def fields(
    kind: Annotated[FileKind, typer.Argument(help="哪种文件 / which kind of file")],
    ruleset: Annotated[
        Path | None, typer.Option("--ruleset", metavar="DIR", help="填上这个规则集的编号 / offer this ruleset's codes")
    ] = None,
) -> None:
    """输出字段表（JSON Schema），编辑器用来提示和检查 / Print the fields as JSON Schema, for editors.

    Exit codes: 0 printed, 2 not a ruleset, or one that does not load.
    """
    from routing_rules.tools.fields import codes_of, schema_of  # late: --help needn't load the engine

    codes = None if ruleset is None else codes_of(ruleset_of(ruleset))
    print(json.dumps(schema_of(kind, codes), ensure_ascii=False, indent=2))
