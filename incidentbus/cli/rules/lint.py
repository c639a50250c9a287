"""`incidentbus rules lint`: what is wrong with a ruleset, where, and what to do about it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.clock import utc_now
from routing_rules.messages import Language, Level


@guarded
def lint(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    as_json: Annotated[bool, typer.Option("--json", help="每条一行 JSON / one JSON object a line")] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """检查规则集，列出全部问题 / Check a ruleset and list all that is wrong with it.

    Exit codes: 0 no finding of level 错 (warnings and notes may be there), 1 at least one, 2 not a ruleset's folder.
    With --json both languages are there, `message_zh` `hint_zh` `message_en` `hint_en`; --lang chooses what `message`
    and `hint` hold.

    \b
    incidentbus rules lint my-county
    incidentbus rules lint my-county --json --lang en
    """
    from routing_rules.engine.loader import NEEDED, read_bundle  # late: --help needn't load the engine
    from routing_rules.tools.lint import lint as findings_of

    if not directory.is_dir():
        raise Misuse(f"{directory}: 没有这个文件夹 / no such folder")
    if not any((directory / name).is_file() for name in NEEDED):
        raise Misuse(f"{directory}: 不是规则集，没有 ruleset.yaml / not a ruleset: there is no ruleset.yaml")
    try:
        files = read_bundle(directory)
    except OSError as error:
        raise Misuse(f"{directory}: 读不了 / cannot be read: {error.strerror}") from error
    findings = findings_of(files, utc_now().date())
    for finding in findings:
        print(json.dumps(finding.record(lang), ensure_ascii=False) if as_json else finding.line(lang))
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    if not as_json:
        print(summary(counts, lang))
    leave(ExitCode.FINDINGS if counts[Level.ERROR] else ExitCode.CLEAN)


def summary(counts: dict[Level, int], lang: Language) -> str:
    """Return the last line: how many of each level."""
    errors, warnings, notes = (counts[level] for level in Level)
    if lang is Language.ZH:
        return f"错 {errors}　警 {warnings}　注 {notes}"
    return f"errors {errors}, warnings {warnings}, notes {notes}"
