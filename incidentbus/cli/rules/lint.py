"""`incidentbus rules lint`: what is wrong with a ruleset, where, and what to do about it; or doing it."""

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.rules.folders import differences, read_folder, write_files
from incidentbus.clock import utc_now
from routing_rules.messages import Finding, Language, Level


class Form(StrEnum):
    """Forms of the findings: for people, programs, a pull request's lines, code scanning."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


@guarded
def lint(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    form: Annotated[Form, typer.Option("--format", help="输出格式 / form of the findings")] = Form.TEXT,
    as_json: Annotated[
        bool, typer.Option("--json", help="同 --format json：每条一行 JSON / one JSON object a line")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="能放心改的就改好 / put right what is safe to put right")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="配合 --fix：只看会改什么 / with --fix: show the changes, write nothing")
    ] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """检查规则集，列出全部问题 / Check a ruleset and list all that is wrong with it.

    Exit codes: 0 no finding of level 错 (warnings and notes may be there), 1 at least one, 2 not a ruleset's folder.
    With --json both languages are there, `message_zh` `hint_zh` `message_en` `hint_en`; --lang chooses what `message`
    and `hint` hold. github prints workflow commands, sarif one SARIF 2.1.0 log; their paths begin with the folder as
    given, so give it from the repository's root.

    --fix writes full-width signs, tabs, missing [ ], yes and no, titles for codes, words and categories that another
    one contains, blanks at line ends; comments stay, and an edit that would bring an error is not made. What remains
    is listed. With --dry-run the changes are printed as a diff, and 1 says that there are some.

    \b
    incidentbus rules lint my-county
    incidentbus rules lint my-county --json --lang en
    incidentbus rules lint my-county --format sarif > findings.sarif
    incidentbus rules lint my-county --fix --dry-run
    """
    from routing_rules.tools.lint import lint as findings_of  # late: --help needn't load the engine

    if dry_run and not fix:
        raise Misuse("--dry-run 要和 --fix 一起用 / --dry-run goes with --fix")
    files = read_folder(directory)
    findings = _fixed(directory, files, dry_run) if fix else findings_of(files, utc_now().date())
    _print(findings, Form.JSON if as_json else form, directory.as_posix(), lang)
    leave(ExitCode.FINDINGS if any(finding.level is Level.ERROR for finding in findings) else ExitCode.CLEAN)


def _fixed(directory: Path, files: dict[str, bytes], dry_run: bool) -> Sequence[Finding]:
    """Write what can be put right, or show it and end; return what remains."""
    from routing_rules.tools.fixing import mend

    mended = mend(files, utc_now().date())
    if dry_run:
        for line in differences(files, mended.files):
            print(line)
        told = (
            f"会改 {len(mended.files)} 个文件 {len(mended.fixed)} 处，没有写 / {len(mended.files)} files would change"
        )
        leave(ExitCode.FINDINGS if mended.files else ExitCode.CLEAN, told)
    moved = write_files(directory, files, mended.files)
    for file in moved:
        print(f"{file}: 刚才有人改过，没有动 / changed meanwhile, left alone", file=sys.stderr)
    done = len(mended.files) - len(moved)
    print(f"改好 {done} 个文件 {len(mended.fixed)} 处 / put right in {done} files", file=sys.stderr)
    if moved:
        leave(ExitCode.FINDINGS)
    return mended.left


def _print(findings: Sequence[Finding], form: Form, folder: str, lang: Language) -> None:
    from routing_rules.tools.findingforms import github, sarif

    if form is Form.SARIF:
        print(sarif(findings, folder, version("incidentbus"), lang))
        return
    for finding in findings:
        if form is Form.JSON:
            print(json.dumps(finding.record(lang), ensure_ascii=False))
        else:
            print(github(finding, folder, lang) if form is Form.GITHUB else finding.line(lang))
    if form is Form.TEXT:
        print(summary({level: sum(finding.level is level for finding in findings) for level in Level}, lang))


def summary(counts: dict[Level, int], lang: Language) -> str:
    """Return the last line: how many of each level."""
    errors, warnings, notes = (counts[level] for level in Level)
    if lang is Language.ZH:
        return f"错 {errors}　警 {warnings}　注 {notes}"
    return f"errors {errors}, warnings {warnings}, notes {notes}"
