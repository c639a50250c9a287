"""`incidentbus storyline`: a matter told in YAML, run through the real bus at its own time, and drawn."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import ndjson, table
from incidentbus.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="情景 / Storylines: one matter, told and run from beginning to end.")

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]

_COLUMNS = {"name": "名称 name", "title": "标题 title", "start": "开始 start", "steps": "步 steps", "file": "文件 file"}


@app.command("run")
@guarded
def run_(
    files: Annotated[
        list[Path], typer.Argument(help="情景文件；目录就是其中全部 / a story's file; a directory is all in it")
    ],
    lang: Annotated[str | None, typer.Option(help="zh 或 en；照设置 / zh or en; as set")] = None,
    as_json: AsJson = False,
    brief: Annotated[bool, typer.Option("--brief", help="不画，一件一行 / no picture, one line a story")] = False,
) -> None:
    """跑情景，画出时间线 / Run stories through every stage on an embedded Kafka and draw what happened.

    Time is the story's own: deadlines of weeks pass in a second. What came is compared with what the story expects, to
    the last reminder. Exit codes: 0 all as expected; 1 not, with what differs; 2 a story that can't be read or done.

    \b
    incidentbus storyline run tests/scenarios/01-noise-returned-twice.yaml
    incidentbus storyline run tests/scenarios --brief
    """
    from connectors.kafka.embedded import BrokerFailed
    from connectors.kafka.jars import JarError
    from incidentbus.storylines.playing import NotPlayed
    from incidentbus.storylines.script import StoryUnreadable  # late: it loads broker and engine
    from incidentbus.storylines.show import Shown, last_line, lines, run, stories
    from incidentbus.storylines.watching import NeverQuiet
    from incidentbus.telemetry.logs import configure_logs

    began, settings = time.monotonic(), load_settings()
    language = lang or settings.language
    if language not in ("zh", "en"):
        raise Misuse(f"--lang zh 或 en / zh or en, not {language}")
    configure_logs(settings.log_format, "ERROR")
    try:
        told = stories(files)
        performances = asyncio.run(run(settings, told, Shown(language == "zh", brief, as_json)))
    except (StoryUnreadable, NotPlayed) as error:
        raise Misuse(str(error)) from error
    except (NeverQuiet, BrokerFailed, JarError) as error:
        leave(ExitCode.FINDINGS, f"storyline: {error}")
    except KeyboardInterrupt:
        leave(ExitCode.FINDINGS, "storyline: interrupted; the broker has been stopped")
    if as_json:
        for performance in performances:
            for line in lines(performance):
                ndjson(line)
    elif len(performances) > 1:
        print(last_line(performances, began), flush=True)
    leave(ExitCode.CLEAN if all(each.passed for each in performances) else ExitCode.FINDINGS)


@app.command("list")
@guarded
def list_(
    places: Annotated[
        list[Path] | None,
        typer.Argument(help="在哪里找；缺省是自带的 / where to look; by default our own"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """有哪些情景 / List the stories there are. Exit codes: 0 listed, 2 one that can't be read.

    \b
    incidentbus storyline list
    """
    from incidentbus.storylines.script import StoryUnreadable  # late: it loads the engine
    from incidentbus.storylines.show import HERE, stories

    try:
        told = stories(places or [HERE])
    except StoryUnreadable as error:
        raise Misuse(str(error)) from error
    rows = [
        {
            "name": each.name, "title": each.script.title, "start": f"{each.start:%Y-%m-%d %H:%M}",
            "steps": len(each.steps), "file": str(each.path), "about": each.script.about,
        }
        for each in told
    ]  # fmt: skip
    if as_json:
        for row in rows:
            ndjson(row)
    else:
        table(_COLUMNS, rows, {"file"})
