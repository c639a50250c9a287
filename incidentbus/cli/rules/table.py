"""`incidentbus rules table`: a file of rules as a decision table, for those who think in spreadsheets."""

from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note, table


@guarded
def decision_table(
    file: Annotated[Path, typer.Argument(help="规则文件 / a file of rules, such as routes/20-urban.yaml")],
    as_csv: Annotated[bool, typer.Option("--csv", help="输出 CSV / print CSV")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="输出网页 / print a page")] = False,
) -> None:
    """把一个规则文件看成决策表 / Show a file of rules as a decision table: rows are rules, columns conditions.

    Rows stand in the order in which they are tried: the first that holds decides. Read-only: the YAML is the source.

    Exit codes: 0 shown, 1 the file has errors, 2 no such file.

    \b
    incidentbus rules table my-county/routes/20-urban.yaml
    incidentbus rules table my-county/routes/20-urban.yaml --csv > urban.csv
    """
    from routing_rules.engine.source import read  # late: --help needn't load the engine
    from routing_rules.tools.decisiontable import table_of

    if as_csv and as_html:
        raise Misuse("--csv 和 --html 选一个 / one of --csv and --html")
    try:
        document = read(file.name, file.read_bytes())
    except OSError as error:
        raise Misuse(f"{file}: 读不了 / cannot be read: {error.strerror}") from error
    if document.root is None or document.findings:
        for finding in document.findings:
            note(finding.line())
        leave(ExitCode.FINDINGS, f"{file}: 有错 / has errors")
    made = table_of(document)
    if as_csv:
        print(made.csv(), end="")
    elif as_html:
        print(made.html(file.stem), end="")
    else:
        table(made.columns, made.rows, {"id"})
