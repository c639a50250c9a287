"""`incidentbus rules log`: who published what, when, why, and to what effect."""

from typing import Annotated

import typer

from contracts.rulesetact import Act
from incidentbus.cli.exits import guarded_async
from incidentbus.cli.printing import local, ndjson, note, table
from incidentbus.cli.rules.effects import effect_words
from incidentbus.connecting import connection_of
from incidentbus.settings import load_settings

_WORDS = {
    Act.PROPOSED: "提出 proposed",
    Act.LIVE: "启用 live",
    Act.ROLLED_BACK: "退回 rolled back",
    Act.SHADOW: "影子 shadow",
    Act.DROPPED: "撤下影子 dropped",
}
_COLUMNS = {
    "at": "时间 at", "act": "做了什么 act", "version": "版本 version", "digest": "摘要 digest", "by": "谁 by",
    "approved": "批准 approved", "effect": "变化 effect", "why": "为什么 why",
}  # fmt: skip


@guarded_async
async def log(
    limit: Annotated[int, typer.Option(min=1, help="最近几条 / how many of the latest")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="每条一行 JSON / one JSON object a line")] = False,
) -> None:
    """规则集的台账：谁在何时发布了什么、为什么、变化多大 / Who published which ruleset, when, why, to what effect.

    The newest last; `*` stands before what is in force. Exit codes: 0, 3 no broker.

    \b
    incidentbus rules log --limit 5
    """
    from incidentbus.publishing.book import read_book  # late: it loads the client

    settings = load_settings()
    book = await read_book(connection_of(settings), settings.topics())
    acts = book.acts[-limit:]
    if as_json:
        for act in acts:
            ndjson({**act.model_dump(mode="json"), "in_force": act.hash == book.in_force})
        return
    rows = [
        {"at": local(int(act.at.timestamp() * 1000)), "act": _WORDS[act.act], "version": act.version,
         "digest": ("*" if act.hash == book.in_force else "") + act.hash[:12], "by": act.by,
         "approved": act.approved_by, "effect": effect_words(act.effect),
         "why": act.reason or " ".join(filter(None, (act.because, act.detail)))}
        for act in acts
    ]  # fmt: skip
    if not rows:
        note("还没有发布过 / nothing has been published yet")
        return
    table(_COLUMNS, rows, references={"digest"})
