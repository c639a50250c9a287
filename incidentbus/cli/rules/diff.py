"""`incidentbus rules diff`: what two rulesets differ in, by their text and by past reports decided by both."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import ndjson, note, progress
from incidentbus.cli.rules.folders import read_folder, ready
from routing_rules.messages import Language

if TYPE_CHECKING:
    from routing_rules.engine.compiler import Compiled
    from routing_rules.tools.differences.history import Moves
    from routing_rules.tools.differences.telling import Titles

_FORMS = "report, message-board, nyc311"


@guarded
def diff(
    old: Annotated[Path, typer.Argument(metavar="A", help="原来的规则集文件夹 / the older ruleset's folder")],
    new: Annotated[Path, typer.Argument(metavar="B", help="现在的规则集文件夹 / the newer ruleset's folder")],
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="FILE", help="过去的来件，两边各派一遍 / past reports, decided by both"),
    ] = None,
    form: Annotated[str, typer.Option("--format", help=f"历史文件的格式 / form of that file: {_FORMS}")] = "report",
    channel: Annotated[
        str | None,
        typer.Option("--channel", metavar="C", help="按哪个渠道看待；report 格式可不写 / as of this channel"),
    ] = None,
    sankey: Annotated[
        Path | None, typer.Option("--sankey", metavar="HTML", help="画出从谁到谁 / draw from whom to whom, one page")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每条一行 JSON / one JSON object a line")] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """比较两份规则集：文字改了什么，过去的来件会改派给谁 / Compare two rulesets: their texts, and past reports by both.

    By text: rules, agencies, categories and all else added, removed or changed, field by field; routes that changed
    places; and what a changed calendar does to deadlines. With --history every past report is understood and decided by
    each ruleset as at the time it came: how many differ, from whom to whom, by which rule. Nothing is published.

    Exit codes: 0 no difference, 1 differences, 2 not a ruleset, one that does not load, or a file that cannot be read.

    \b
    incidentbus rules diff my-county my-county-next
    incidentbus rules diff my-county my-county-next --history reports.ndjson --sankey moves.html
    incidentbus rules diff my-county my-county-next --json --lang en
    """
    from routing_rules.tools.differences import telling  # late: --help needn't load the engine
    from routing_rules.tools.differences.dates import shifted
    from routing_rules.tools.differences.textual import changes

    if sankey is not None and history is None:
        raise Misuse("--sankey 要和 --history 一起用 / --sankey goes with --history")
    files = read_folder(old), read_folder(new)
    sides = ready(old, files[0])[1], ready(new, files[1])[1]
    texts, dates = changes(*files), shifted(*sides)
    moves, unreadable = (None, 0) if history is None else _moves(history, form, channel, sides)
    titles = telling.Titles(*sides)
    renamed = not texts and sides[0].ruleset.hash != sides[1].ruleset.hash
    if as_json:
        for record in (*map(telling.change_record, texts), *map(telling.date_record, dates)):
            ndjson(record)
        _print_history(moves, unreadable)
    else:
        lines = [*telling.text_lines(texts, titles, lang), *telling.date_lines(dates, lang)]
        if moves is not None:
            lines += telling.history_lines(moves, unreadable, titles, lang)
        print("\n".join(lines))
    if renamed:
        note(telling.names_only(lang))
    if sankey is not None and moves is not None:
        _draw(sankey, moves, titles, lang)
    found = bool(texts or dates or (moves and moves.differing))
    leave(ExitCode.FINDINGS if found else ExitCode.CLEAN)


def _print_history(moves: "Moves | None", unreadable: int) -> None:
    if moves is None:
        return
    head = {"of": "history", "decided": moves.decided, "differing": moves.differing, "moving": moves.moving}
    ndjson(head | {"unreadable": unreadable})
    for record in moves.records():
        ndjson({"of": "group"} | record)


def _draw(file: Path, moves: "Moves", titles: "Titles", lang: Language) -> None:
    from routing_rules.tools.differences.sankey import page

    try:
        file.write_text(page(moves, titles, lang), encoding="utf-8")
    except OSError as error:
        raise Misuse(f"--sankey {file}: 写不了 / cannot be written: {error.strerror}") from error


def _moves(file: Path, form: str, channel: str | None, sides: tuple["Compiled", "Compiled"]) -> tuple["Moves", int]:
    """Return what came of a history, and how many of its lines could not be read; those are told."""
    from contracts.errors import Permanent
    from incidentbus.histories import OWN_CHANNEL, past
    from incidentbus.rowfiles import FORMS
    from routing_rules.tools.differences.history import Moves, both
    from streams.processors.dispatch.shadowing import differences

    if form not in FORMS:
        raise Misuse(f"--format {form}: 没有这种格式 / no such form; {', '.join(FORMS)}")
    if channel is None and form != OWN_CHANNEL:
        raise Misuse(f"--format {form} 要写 --channel / needs --channel: its rows name none")
    content = _content(file)
    moves, unreadable, show = Moves(), 0, progress("历史 / history")
    total = content.count(b"\n") + 1
    for number, given in past(content, form, channel, sides[0].calendars.zone):
        if isinstance(given, Permanent):
            unreadable += 1
            note(f"第 {number} 行读不了 / row {number} cannot be read: {given}")
        else:
            one, other = both(given.report, given.at, *sides)
            moves.take(one, other, differences(one, other), given.report.external_id)
        if number % 100 == 0:
            show(number, total)
    show(total, total)
    return moves, unreadable


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Misuse(f"--history {file}: 读不了 / cannot be read: {error.strerror}") from error
