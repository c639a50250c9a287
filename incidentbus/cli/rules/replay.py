"""`incidentbus rules replay`: incidents of a file decided again, and compared with what was decided then."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import ndjson, note, progress
from incidentbus.cli.rules.folders import read_folder, ready
from routing_rules.messages import Language

if TYPE_CHECKING:
    from incidentbus.replaying import Tally
    from routing_rules.engine.compiler import Compiled


@guarded
def replay(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="规则集文件夹 / the ruleset's folder")],
    file: Annotated[
        Path, typer.Option("--file", metavar="FILE", help="事件和当时的判定，一行一件 / incidents with their decisions")
    ],
    workers: Annotated[int, typer.Option(min=1, max=64, help="几个进程一起算 / how many processes")] = 1,
    state: Annotated[
        Path | None, typer.Option(help="进度文件，停了能接着算 / where it goes on from when it was stopped")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="总数一行，每组一行 / totals, then a line a group")] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """重放：把过去的事件再判一遍，和当时的判定比 / Decide past incidents again and compare with the decisions of then.

    Where the decision carries this ruleset's digest it must come out again byte for byte; where it carries another, the
    differences are grouped by rule and from whom to whom. Each is decided in the state and at the time that its
    decision carries, so that the answer is the same on any day, with any number of processes, stopped or not.
    Decisions that amended a round (`amends: true`) are not recomputed, and counted. Nothing is published.

    Exit codes: 0 all the same, 1 decisions differ, or lines could not be read, 2 asked wrongly.

    \b
    incidentbus rules replay my-county --file incidents-and-decisions.ndjson
    incidentbus rules replay my-county --file incidents-and-decisions.ndjson --workers 2 --state replay.state
    """
    from incidentbus.replaying import UnfitState  # late: --help needn't load the engine
    from incidentbus.replaying import replay as replayed

    bundle = read_folder(directory)
    _, compiled = ready(directory, bundle)
    try:
        tally = replayed(bundle, file, workers=workers, state=state, show=progress("重放 / replay, bytes"))
    except UnfitState as error:
        raise Misuse(f"--state {state}: 不是这次重放的进度，换一个或删掉它 / not of this replay: {error}") from error
    except OSError as error:
        raise Misuse(f"{error.filename}: 读不了或写不了 / cannot be read or written: {error.strerror}") from error
    for line, why in tally.unreadable_examples:
        note(f"第 {line} 行读不了 / line {line} cannot be read: {why}")
    if as_json:
        ndjson({"of": "replay"} | tally.record())
        for record in tally.moves.records():
            ndjson({"of": "group"} | record)
    else:
        print("\n".join(_lines(tally, compiled, lang)))
    clean = not (tally.broken or tally.unreadable or tally.moves.differing)
    leave(ExitCode.CLEAN if clean else ExitCode.FINDINGS)


def _lines(tally: "Tally", compiled: "Compiled", lang: Language) -> Iterator[str]:
    from routing_rules.messages.differing import say
    from routing_rules.tools.differences.telling import Titles, group_lines

    totals = tally.record()
    yield say("replayed", lang, **totals)
    if tally.alone or tally.amended or tally.unreadable:
        yield say("left-out", lang, **totals)
    if tally.broken:
        told = (f"{each.incident}({each.line}: {each.field})" for each in tally.broken_examples)
        yield say("broken", lang, n=tally.broken, examples=say("and", lang).join(told))
    yield from group_lines(tally.moves, Titles(compiled, compiled), lang)
