"""`incidentbus rules words`: how the category words do on an author's own labelled sample."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from contracts.report import Report
from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note, table
from incidentbus.cli.rules.folders import read_folder
from incidentbus.clock import utc_now
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load
from routing_rules.messages import Language
from routing_rules.messages.scoring import say
from routing_rules.tools.scoring import Labelled, Miss, Scores, UnknownLabel, Verdict, score


@guarded
def words(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    labelled: Annotated[
        Path, typer.Option("--labelled", metavar="F", help="标好分类的来件，一行一件 / labelled reports, one a line")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
    misses: Annotated[int, typer.Option("--misses", help="列出多少件认错的 / how many misses to list")] = 20,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """用标好的来件给分类词打分 / Score the category words on labelled reports.

    Each line of F is a JSON object: title, text, category (a code of the ruleset), and if you like id and channel. What
    a channel said of the category is not looked at: words alone are scored, by the inference that intake uses. Printed:
    right, unclassified and wrong at each level and for each owner; each word with how often it helped and misled; and
    the misses with the words that spoke for what came.

    Exit codes: 0 scored (however well), 1 the ruleset has errors, 2 a line or label can't be used.

    \b
    incidentbus rules words my-county --labelled sample.ndjson
    """
    loaded = load(read_folder(directory)).ruleset
    if loaded is None:
        leave(ExitCode.FINDINGS, f"{directory}: 规则集有错 / the ruleset is broken; see rules lint")
    compiled = compile_ruleset(loaded)
    try:
        scores = score(compiled, list(_sample(labelled, compiled)), utc_now())
    except UnknownLabel as error:
        raise Misuse(f"{labelled}: 规则集没有分类 {error} / the ruleset has no category {error}") from error
    if as_json:
        print(json.dumps({**scores.record(), "misses": [miss.record() for miss in scores.misses]}, ensure_ascii=False))
    else:
        _print(scores, misses, lang)


def _sample(file: Path, compiled: Compiled) -> Iterator[Labelled]:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{file}: 读不了 / cannot be read: {error}") from error
    channel = next(iter(compiled.ruleset.channels))
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _labelled(line, number, f"{file}:{number}", channel)


def _labelled(line: str, number: int, where: str, channel: str) -> Labelled:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise Misuse(f"{where}: 不是 JSON / not JSON") from error
    texts = ("title", "text", "category", "id", "channel")
    if (
        not isinstance(row, dict)
        or not all(isinstance(row.get(key, ""), str) for key in texts)
        or "category" not in row
    ):
        raise Misuse(f"{where}: 要有 title、text、category，都是文字 / title, text and category are due, as texts")
    name = row.get("id") or str(number)
    try:
        report = Report(
            channel=row.get("channel") or channel,
            external_id=name,
            title=row.get("title", ""),
            text=row.get("text", ""),
        )
    except ValidationError as error:
        raise Misuse(f"{where}: 太长，或渠道不是编号 / too long, or the channel is no code") from error
    return Labelled(name, report, row["category"])


def _print(scores: Scores, most: int, lang: Language) -> None:
    heads = {verdict.value: say(verdict.value, lang) for verdict in Verdict} | {"total": say("total", lang)}
    levels = [_row("of", say("level_n", lang, n=n), counts) for n, counts in sorted(scores.levels.items())]
    table({"of": say("level", lang), **heads}, levels)
    print()
    table(
        {"of": say("owner", lang), **heads},
        [_row("of", owner, counts) for owner, counts in sorted(scores.owners.items())],
    )
    print()
    columns = {"word": "word_heading", "category": "node", "helped": "earned", "misled": "blamed"}
    table({key: say(heading, lang) for key, heading in columns.items()}, scores.record()["words"])
    print()
    for miss in scores.misses[:most]:
        print(_told(miss, lang))
    if len(scores.misses) > most:
        note(f"另有 {len(scores.misses) - most} 件，用 --misses 看 / {len(scores.misses) - most} more: --misses")


def _row(name: str, of: str, counts: Counter[Verdict]) -> dict[str, Any]:
    return {name: of, **{verdict.value: counts[verdict] for verdict in Verdict}, "total": counts.total()}


def _told(miss: Miss, lang: Language) -> str:
    grounds = [say("word", lang, word=w.words, points=w.points, node=w.value) for w in miss.words]
    blame = say("blame", lang, words=" ".join(grounds)) if grounds else ""
    return say("miss", lang, id=miss.id, expected=miss.expected, got=miss.got, blame=blame)
