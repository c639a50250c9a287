"""`incidentbus rules fmt`: a ruleset's files in their canonical writing, or which of them are not."""

from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded, leave
from incidentbus.cli.printing import note
from incidentbus.cli.rules.folders import differences, read_folder, write_files
from routing_rules.messages import Language


@guarded
def fmt(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    check: Annotated[
        bool, typer.Option("--check", help="只查不写 / say which files would change, write nothing")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="只看会改什么 / show the changes, write nothing")] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """把规则集排成统一的写法，意思不变 / Write a ruleset's files canonically; what they mean never changes.

    Keys in the order of the field table, one way of quoting, lines of 120 columns where that can be (a Han character
    takes two; a row of a table stays one line). Comments, blank lines and columns lined up by hand stay. Before a file
    is written its content and comments are compared with what they were; a file that has errors is left alone.

    Exit codes: 0 all written, or nothing to do; 1 with --check or --diff some would change, or a file was left alone;
    2 not a ruleset's folder.

    \b
    incidentbus rules fmt my-county
    incidentbus rules fmt my-county --check
    """
    from routing_rules.messages.formatting import say  # late: --help needn't load the engine
    from routing_rules.tools.formatting import Unformatted, formatted

    files, made, left = read_folder(directory), {}, 0
    for file, content in sorted(files.items()):
        try:
            result = formatted(file, content)
        except Unformatted as why:
            note(f"{file}: {say(why.reason, lang)}")
            left += 1
            continue
        if result.changed:
            made[file] = result.content
    if diff:
        for line in differences(files, made):
            print(line)
    elif check:
        print("\n".join(sorted(made)), end="\n" if made else "")
    else:
        moved = write_files(directory, files, made)
        for file in moved:
            note(f"{file}: 刚才有人改过，没有动 / changed meanwhile, left alone")
        left += len(moved)
        note(f"排好 {len(made) - len(moved)} 个文件 / {len(made) - len(moved)} files written")
    leave(ExitCode.FINDINGS if left or (made and (check or diff)) else ExitCode.CLEAN)
