"""`incidentbus rules export-excel` and `import-excel`: a ruleset as a workbook, and back into its files."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.clock import utc_now
from incidentbus.wholefiles import write_whole
from routing_rules.messages import Language

if TYPE_CHECKING:
    from routing_rules.tools.workbook.importing import Imported
    from routing_rules.tools.workbook.sheets import Problem

Lang = Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")]


@guarded
def export_excel(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    workbook: Annotated[Path, typer.Argument(help="要写的工作簿（.xlsx） / the workbook to write (.xlsx)")],
    lang: Lang = Language.ZH,
) -> None:
    """把整套规则集导出成一份工作簿 / Write a whole ruleset as a workbook.

    A sheet for each thing, lists to choose from, a note on every column. The files stay the source: import-excel
    brings edits back and leaves all else to the letter. The same ruleset gives the same bytes.

    Exit codes: 0 written, 1 the ruleset has errors (they are listed), 2 not a ruleset's folder or cannot be written.

    \b
    incidentbus rules export-excel my-county my-county.xlsx
    """
    from routing_rules.engine.loader import NEEDED, load, read_bundle  # late: --help needn't load the engine
    from routing_rules.tools.workbook.tabling import book_of
    from routing_rules.tools.workbook.xlsx.writing import written

    if not any((directory / name).is_file() for name in NEEDED):
        raise Misuse(f"{directory}: 不是规则集，没有 ruleset.yaml / not a ruleset: there is no ruleset.yaml")
    if workbook.suffix.lower() != ".xlsx":
        raise Misuse(f"{workbook}: 文件名要以 .xlsx 结尾 / the name must end in .xlsx")
    files = read_bundle(directory)
    loaded = load(files)
    if loaded.ruleset is None:
        for finding in loaded.errors:
            print(finding.line(lang))
        leave(ExitCode.FINDINGS)
    try:
        workbook.write_bytes(written(book_of(files, loaded.ruleset, workbook.name, lang)))
    except OSError as error:
        raise Misuse(f"{workbook}: 写不了 / cannot be written: {error.strerror}") from error
    print(f"{workbook}: 已写 / written")


@guarded
def import_excel(
    workbook: Annotated[
        Path, typer.Argument(help="export-excel 写的、改过的工作簿 / a workbook that export-excel wrote")
    ],
    directory: Annotated[
        Path, typer.Argument(help="规则集文件夹，可以还没有 / the ruleset's folder; it may not exist yet")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写 / check only, write nothing")] = False,
    lang: Lang = Language.ZH,
) -> None:
    """把工作簿里的改动写回规则集的文件 / Bring a workbook's edits back into the ruleset's files.

    Only what was edited changes; comments, order and layout of everything else stay. Findings name sheet and cell.
    A file that was changed both here and in the folder since the export is refused.

    Exit codes: 0 written (or nothing to write), 1 an error in a cell or in the rules, or a file changed on both sides:
    nothing is written. 2 no such workbook, or the folder cannot be written.

    \b
    incidentbus rules import-excel my-county.xlsx my-county --dry-run
    """
    from routing_rules.tools.workbook.importing import imported  # late: --help needn't load the engine
    from routing_rules.tools.workbook.sheets import Place, Problem, Refused

    try:
        result = imported(workbook.read_bytes(), utc_now().date(), workbook.name)
    except OSError as error:
        raise Misuse(f"{workbook}: 读不了 / cannot be read: {error.strerror}") from error
    except Refused as refused:
        _tell([refused.problem], lang)
        leave(ExitCode.FINDINGS)
    there = _there(directory)
    both = [
        name
        for name in result.changed
        if there and there.get(name) not in (result.base.get(name), result.files.get(name))
    ]
    clashes = [Problem("WB15", Place(workbook.name), {"file": name}) for name in both if result.files]
    _tell([*result.problems, *clashes], lang)
    for place, finding in result.found:
        print(f"{place} {finding.line(lang)}" if place else finding.line(lang))
    if result.refused or clashes:
        leave(ExitCode.FINDINGS, "没有写 / nothing was written")
    if not dry_run:
        _write(directory, result, fresh=not there)
    _summary(result, dry_run)


def _tell(problems: "list[Problem]", lang: Language) -> None:
    from routing_rules.messages.workbook import problem_line

    for problem in problems:
        print(problem_line(problem.code, str(problem.at), problem.params, lang))


def _there(directory: Path) -> Mapping[str, bytes]:
    from routing_rules.engine.loader import read_bundle

    return read_bundle(directory) if directory.is_dir() else {}


def _write(directory: Path, result: "Imported", fresh: bool) -> None:
    """Write what changed, or everything into a new folder; a file is whole or not there at any moment."""
    try:
        for name in sorted(result.files) if fresh else result.changed:
            path, content = directory / name, result.files.get(name)
            if content is None:
                path.unlink(missing_ok=True)
                continue
            write_whole(path, content)
    except OSError as error:
        raise Misuse(f"{directory}: 写不了 / cannot be written: {error.strerror}") from error


def _summary(result: "Imported", dry_run: bool) -> None:
    for name in result.changed:
        word = "新 / new" if name not in result.base else "删 / gone" if name not in result.files else "改 / changed"
        print(f"{name}　{word}")
    if not result.changed:
        print("没有改动 / nothing was changed")
    elif dry_run:
        print("只是检查，没有写 / checked only, nothing was written")
