"""`incidentbus redispatch`: take a bad ruleset back from the cases that it decided, in bulk, each once."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from contracts.codes import DirectiveKind
from contracts.ruleset import RulesetPointer
from contracts.serde import read
from contracts.topics import Topics
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.foreseen import tell_foreseen
from incidentbus.cli.ordering import AsJson, By, DryRun, NoWait, Why, give_many
from incidentbus.cli.printing import ndjson, note, progress
from incidentbus.cli.readmodel import fresh
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.readmodel.reading import read_all
from incidentbus.settings import Settings, load_settings

if TYPE_CHECKING:
    from contracts.directive import Directive
    from incidentbus.foreseeing import Foreseen

_LEAST: Final = 8


@guarded_async
async def redispatch(
    decided_by: Annotated[
        str, typer.Option("--decided-by", help="规则集摘要或其开头 / the ruleset's digest, or its start")
    ],
    by: By,
    why: Why,
    dry_run: DryRun = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="等回执几秒 / wait so many seconds for answers")] = 60.0,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """批量改派 / Decide anew every open case whose decision that stands was made by a ruleset, since taken back.

    Publish a good ruleset first. --dry-run decides each case as it would be decided now, by the ruleset in force and
    the emergencies declared; it shows who leads and who would, those that move first, and sends nothing. Each agency is
    told once: an id follows from case and digest, so that a run which was interrupted is begun again without harm. Exit
    codes: 0 done; 1 some were refused or not answered; 2 the ruleset is still in force, or the start fits none.

    \b
    incidentbus redispatch --decided-by 3fa94c1e --by command-centre --why "规则集有误，已换回" --dry-run
    incidentbus redispatch --decided-by 3fa94c1e --by command-centre --why "规则集有误，已换回"
    """
    from incidentbus.commanding import command  # late: it loads the Kafka client
    from incidentbus.readmodel.asking import decided_by as decided
    from incidentbus.readmodel.asking import rulesets

    settings = load_settings()
    if len(decided_by) < _LEAST or not by.strip() or not why.strip():
        raise Misuse(f"--decided-by 至少 {_LEAST} 位；--by、--why 要写 / {_LEAST} digits at least; say by whom and why")
    async with fresh(settings) as store:
        fit = [each for each in rulesets(store) if each.startswith(decided_by)]
        digest = _the_one(decided_by, fit)
        good = await _not_in_force(settings, digest)
        every = decided(store, digest)
    now, cause = utc_now(), f"decided-by/{digest}"
    directives = [
        command(DirectiveKind.REDISPATCH, by.strip(), why.strip(), now, incident=row["incident"], cause=cause)
        for row in every
    ]  # fmt: skip
    if dry_run:
        tell_foreseen(settings, every, await _foreseen(settings, directives, good), digest, as_json=as_json)
        return
    came = await give_many(settings, directives, 0.0 if no_wait else wait, "改派 redispatch")
    decided_anew = sum(1 for each in came.values() if each.taken and not each.because)
    refused = [(id_, each.because) for id_, each in came.items() if each.because]
    silent = len(came) - decided_anew - len(refused)
    if as_json:
        ndjson({
            "digest": digest, "cases": len(every), "sent": len(came), "decided": decided_anew, "refused": len(refused),
            "unanswered": silent,
        })  # fmt: skip
    else:
        print(f"改派 {len(came)} 件：已重新判定 {decided_anew}，未受理 {len(refused)}，未回 {silent}")
        print(f"{len(came)} sent: {decided_anew} decided anew, {len(refused)} refused, {silent} without an answer yet")
    for id_, because in refused[:20]:
        note(f"{id_}: {because}")
    if refused or (silent and not no_wait):
        leave(ExitCode.FINDINGS)


def _the_one(prefix: str, fit: list[str]) -> str:
    if len(fit) != 1:
        told = ", ".join(each[:12] for each in fit) or "—"
        raise Misuse(f"{prefix}: 对不上一个规则集 / fits {len(fit)} rulesets that decided: {told}")
    return fit[0]


async def _not_in_force(settings: Settings, digest: str) -> str:
    """Return the digest of the ruleset that decides now, which is another one than `digest`; none where none does."""
    pointer = await in_force(settings, settings.topics())
    if pointer is not None and pointer.hash == digest:
        raise Misuse(
            f"{digest[:12]}: 还在生效，先发布好的 / is still in force: "
            "publish a good one first, incidentbus rules publish"
        )
    return "" if pointer is None else pointer.hash


async def _foreseen(settings: Settings, directives: "list[Directive]", digest: str) -> "list[Foreseen]":
    """Have each case decided as it would be now, in nobody's hearing."""
    from incidentbus.foreseeing import foresee, ruleset_now  # late: it loads the engine
    from streams.gate.errors import StateTooNew
    from streams.rulesets import RefusedRuleset

    connection, topics = connection_of(settings), settings.topics()
    try:
        now = await ruleset_now(connection, topics, digest) if digest else None
        if now is None:
            raise Misuse("没有生效的规则集，推算不出 / no ruleset is in force: nothing can be foreseen")
        return await foresee(connection, topics, directives, now, progress("推算 deciding"))
    except (RefusedRuleset, StateTooNew) as error:
        raise Misuse(f"推算不出 / it can't be foreseen: {error}") from error


async def in_force(settings: Settings, topics: Topics) -> RulesetPointer | None:
    """Return the pointer to the ruleset that decides now."""
    last: RulesetPointer | None = None
    async for record in read_all(connection_of(settings), [(topics.bus("ruleset-in-force"), 0)]):
        last = read(RulesetPointer, record.value) if record.value else last
    return last
