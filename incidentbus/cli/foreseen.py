"""How decisions that would be made now are shown: who leads, who would lead, who gets no part any more, and why not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from contracts.codes import Role
from incidentbus.cli.casewords import Words, words_of
from incidentbus.cli.printing import local, ndjson, note, table
from incidentbus.readmodel.rows import Row
from incidentbus.settings import Settings

if TYPE_CHECKING:
    from incidentbus.foreseeing import Foreseen

SHOWN: Final = 50


def tell_foreseen(
    settings: Settings, rows: Sequence[Row], foreseen: "Sequence[Foreseen]", digest: str, *, as_json: bool
) -> None:
    """Print what each of `rows` would come to; `foreseen` stands in the same order. The cases that move come first."""
    every = [_plain(row, each) for row, each in zip(rows, foreseen, strict=True)]
    moving = sum(each["moves"] for each in every)
    refused = sum(bool(each["because"]) for each in every)
    if as_json:
        ndjson({
            "dry_run": True, "digest": digest, "cases": len(every), "moves": moving, "refused": refused,
            "by_lead": Counter(each["lead"] for each in every),
            "would_lead": Counter(each["would_lead"] for each in every if each["would_lead"]), "each": every,
        })  # fmt: skip
        return
    words = words_of(settings, None)
    stay = len(every) - moving - refused
    print(f"演示，不改任何东西：{len(every)} 件将重新判定，主办要换 {moving}，主办不变 {stay}，不会受理 {refused}")
    print(
        f"dry run, nothing changes: {len(every)} cases; {moving} change their lead, {stay} keep it, {refused} refused"
    )
    _print(every, words)


def _plain(row: Row, foreseen: "Foreseen") -> dict[str, Any]:
    """Return one case as machines read it; `withdrawn` are those who have a part and would have none."""
    decision, case = foreseen.decision, foreseen.case
    lead = row["lead"] if case is None else case.lead
    told: dict[str, Any] = {
        "incident": foreseen.incident, "external_id": row["external_id"], "lead": lead, "would_lead": None,
        "moves": False, "withdrawn": [], "because": foreseen.because or None,
    }  # fmt: skip
    if decision is None or case is None:
        return told
    stay = {each.agency for each in decision.roles}
    helps = {role: [each.agency for each in decision.roles if each.role is role] for role in Role}
    return told | {
        "would_lead": decision.lead, "moves": decision.lead != lead, "round": decision.round, "route": decision.route,
        "reason": decision.reason.value, "mode": decision.mode.value, "ruleset": decision.ruleset.hash,
        "co_handlers": helps[Role.CO_HANDLER], "informed": helps[Role.INFORMED],
        "withdrawn": [agency for _, agency in case.parts() if agency not in stay],
        "due": {each.milestone.value: each.at for each in decision.due},
    }  # fmt: skip


def _print(every: Sequence[Mapping[str, Any]], words: Words) -> None:
    say = words.say
    columns = {
        "incident": say("案件", "case"), "external_id": say("来件编号", "number"), "lead": say("现主办", "leads now"),
        "would": say("将主办", "would lead"), "route": say("依据", "by"), "due": say("办结期限", "to be resolved by"),
        "withdrawn": say("将撤回", "withdrawn from"),
    }  # fmt: skip
    first = sorted(every, key=lambda each: (not each["moves"], not each["because"]))  # both as they came otherwise
    if first:
        table(columns, [_shown(each, words) for each in first[:SHOWN]], references=("incident", "external_id"))
    if len(first) > SHOWN:
        note(f"列出 {SHOWN} 件，全部见 --json / {SHOWN} of {len(first)} shown: --json has them all")


def _shown(each: Mapping[str, Any], words: Words) -> dict[str, str]:
    names = words.say("、", ", ")
    if each["because"]:
        would = words.say(f"不受理：{each['because']}", f"refused: {each['because']}")
    elif each["moves"]:
        would = words.agency(each["would_lead"])
    else:
        would = words.say("不变", "the same")
    due = each.get("due", {}).get("resolve")
    return {
        "incident": each["incident"], "external_id": each["external_id"], "lead": words.agency(each["lead"]),
        "would": would, "route": each.get("route", ""), "withdrawn": names.join(map(words.agency, each["withdrawn"])),
        "due": local(round(due.timestamp() * 1000)) if due else "",
    }  # fmt: skip
