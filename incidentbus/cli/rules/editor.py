"""`incidentbus rules editor`: help while typing, in VS Code: completion of codes, Chinese explanations, red lines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note
from incidentbus.cli.rules.folders import ruleset_of, write_files


@guarded
def editor(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR...", help="规则集文件夹 / rulesets' folders")],
    workspace: Annotated[
        Path, typer.Option("--workspace", metavar="W", help="编辑器打开的文件夹 / the folder that the editor opens")
    ] = Path(),
    check: Annotated[
        bool, typer.Option("--check", help="只看是不是最新的，不写 / only say whether they are up to date")
    ] = False,
) -> None:
    """给编辑器配上提示：编号、说明、红线 / Wire an editor: completion of codes, explanations, red lines.

    Writes W/.vscode/rulesets/RULESET/KIND.json, a JSON Schema with the ruleset's own agencies, categories and places,
    and names them in W/.vscode/settings.json; other settings stay. Install VS Code's YAML extension (it is recommended
    when the folder is opened), then type in routes/*.yaml. Run it again when agencies, categories or places change.

    Exit codes: 0 written or up to date, 1 out of date (with --check) or changed meanwhile, 2 not a ruleset, or settings
    that can't be read.

    \b
    incidentbus rules editor my-county
    incidentbus rules editor rulesets/a rulesets/b --workspace . --check
    """
    from routing_rules.tools.editing import EXTENSIONS, SETTINGS, NotSettings, editor_files  # late: loads the engine

    rulesets = {}
    for directory in directories:
        try:
            folder = directory.resolve().relative_to(workspace.resolve()).as_posix()
        except ValueError as error:
            raise Misuse(
                f"{directory}: 不在 {workspace.resolve()} 里，请用 --workspace / is not within it; see --workspace"
            ) from error
        rulesets[folder] = ruleset_of(directory)
    present = _on_disk(workspace, (SETTINGS, EXTENSIONS))
    try:
        files = editor_files(rulesets, present)
    except NotSettings as error:
        raise Misuse(
            f"{workspace / str(error)}: 不是 JSON（有注释？），请先改好 / is not plain JSON (comments?); mend it first"
        ) from error
    present |= _on_disk(workspace, files.keys() - present.keys())
    stale = {name: content for name, content in files.items() if present.get(name) != content}
    if check:
        if stale:
            leave(ExitCode.FINDINGS, "过时了，请重新生成 / out of date, run it without --check: " + ", ".join(stale))
        note("都是最新的 / up to date")
        return
    moved = write_files(workspace, present, stale)
    if moved:
        leave(ExitCode.FINDINGS, "刚才有人改过，没有动 / changed meanwhile, left alone: " + ", ".join(moved))
    note(f"写了 {len(stale)} 个文件，共 {len(files)} 个 / {len(stale)} of {len(files)} files written")


def _on_disk(workspace: Path, names: Iterable[str]) -> dict[str, bytes]:
    return {name: path.read_bytes() for name in names if (path := workspace / name).is_file()}
