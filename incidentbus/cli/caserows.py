"""Cases and their stories as rows: what machines read of them (`--json`), and what people do."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from incidentbus.cli.casewords import Words
from incidentbus.cli.printing import local, rfc3339, table
from incidentbus.readmodel.rows import Row

_NOT_TOLD: Final = frozenset({"kafka_partition", "kafka_offset"})
_MOMENTS: Final = frozenset({
    "received_at", "opened_at", "first_dispatched_at", "changed_at", "ended_at", "next_at", "due_at", "plan_until",
    "given_at", "acknowledge_by", "respond_by", "resolve_by", "return_until", "acknowledged_at", "responded_at",
    "done_at",
    "held_since", "decided_at", "issued_at", "taken_at", "at", "until",
})  # fmt: skip


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as machines read it: moments as RFC 3339, words as lists, what is not said as null."""
    told: dict[str, Any] = {}
    for name, value in row.items():
        if name in _NOT_TOLD:
            continue
        if name in _MOMENTS:
            told[name] = rfc3339(value or None)
        elif name in ("tags", "overdue") and isinstance(value, str):
            told[name] = value.split()
        elif isinstance(value, list):
            told[name] = [plain(each) for each in value]
        else:
            told[name] = None if value == "" else value
    return told


def plain_step(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step of a story as machines read it; a decision goes along whole, as it was on the topic."""
    told = plain({name: value for name, value in row.items() if name not in ("wire", "when")})
    told = {"at": rfc3339(row["when"]), **{name: value for name, value in told.items() if name != "at"}}
    if row["step"] == "decision":
        told["decision"] = orjson.Fragment(row["wire"])
    return told


def print_cases(rows: Iterable[Row], words: Words, now_ms: int) -> None:
    """Print cases, a line each."""
    zh = words.chinese
    columns = {
        "incident": "案件" if zh else "case", "external_id": "来件编号" if zh else "number",
        "status": "状态" if zh else "status", "lead": "主办" if zh else "lead",
        "category": "类别" if zh else "category",
        "jurisdiction": "属地" if zh else "place", "due": "下一期限" if zh else "due",
        "left": "还剩/超期" if zh else "left",
        "changed": "最近变动" if zh else "changed",
    }  # fmt: skip
    shown = [
        {
            **row, "status": words.status(row["status"]), "lead": words.agency(row["lead"]),
            "due": _due(row, words), "left": left(row["due_at"], now_ms, words), "changed": local(row["changed_at"]),
        }
        for row in rows
    ]  # fmt: skip
    if shown:
        table(columns, shown, references=("incident", "external_id"))


def _due(row: Row, words: Words) -> str:
    return f"{words.milestone(row['due_milestone'])} {local(row['due_at'])}" if row["due_at"] else ""


def left(due_ms: int, now_ms: int, words: Words) -> str:
    """Return how long there is until a deadline, or by how much it has passed."""
    if not due_ms:
        return ""
    span = words.late(abs(due_ms - now_ms))
    return words.say(f"还剩{span}", f"{span} left") if due_ms > now_ms else words.say(f"超期{span}", f"{span} over")


def print_case(case: Row, words: Words, now_ms: int) -> None:
    """Print one case whole: what it is, whose it is, and by when what is due."""
    say, none = words.say, "—"
    print(f"{case['incident']}  {words.status(case['status'])}")
    lines = [
        (say("来件", "report"), f"{case['channel']} {case['external_id']}"),
        (say("类别 / 属地", "category / place"), f"{case['category'] or none} / {case['jurisdiction'] or none}"),
        (say("主办", "lead"), words.agency(case["lead"]) or none),
        (say("轮次", "round"), f"{case['round']}"),
        (say("依据", "by"), f"{case['route']} ({case['ruleset']})"),
        (say("收到", "received"), local(case["received_at"] or None)),
        (say("最近变动", "changed"), local(case["changed_at"] or None)),
        (say("下一期限", "due"), f"{_due(case, words)} {left(case['due_at'], now_ms, words)}".strip() or none),
        (
            say("退单/重办/催办", "returns/reopened/reminders"),
            f"{case['returns']}/{case['reopened']}/{case['reminders']}",
        ),
        (say("已超期", "overdue"), " ".join(words.milestone(each) for each in case["overdue"].split()) or none),
        (say("其他编号", "other numbers"), "  ".join(f"{s} {n}" for s, n in case["numbers"].items()) or none),
    ]  # fmt: skip
    if case["merged_into"]:
        lines.append((say("并入", "merged into"), case["merged_into"]))
    if case["exercise"]:
        lines.append((say("演练", "exercise"), say("是，不计入统计", "yes, in no statistics")))
    for name, value in lines:
        print(f"  {name}{say('：', ': ')}{value}")
    _print_parts(case["parts"], words)


def _print_parts(parts: list[Row], words: Words) -> None:
    if not parts:
        return
    zh = words.chinese
    columns = {
        "role": "角色" if zh else "role", "agency": "单位" if zh else "agency", "status": "进度" if zh else "stands",
        "acknowledge": "签收" if zh else "acknowledge", "respond": "首次联系" if zh else "respond",
        "resolve": "办结" if zh else "resolve",
    }  # fmt: skip
    rows = [
        {
            "role": words.role(part["role"]), "agency": words.agency(part["agency"]),
            "status": words.part(part["status"]),
            "acknowledge": _reached(part["acknowledged_at"], part["acknowledge_by"], words),
            "respond": _reached(part["responded_at"], part["respond_by"], words),
            "resolve": _reached(part["done_at"], part["resolve_by"], words),
        }
        for part in parts
    ]  # fmt: skip
    print()
    table(columns, rows)


def _reached(at: int, by: int, words: Words) -> str:
    if at:
        return words.say(f"✓ {local(at)}", f"✓ {local(at)}")
    return words.say(f"限 {local(by)}", f"by {local(by)}") if by else ""


def print_timeline(case: Row, steps: Iterable[Row], words: Words) -> None:
    """Print a case's story: each decision, command and fact in order, with who, why and how late."""
    print(f"{case['incident']}  {words.status(case['status'])}  {words.agency(case['lead'])}")
    day = ""
    for step in steps:
        when = local(step["when"])
        if when[:10] != day:
            day = when[:10]
            print(f"── {day} " + "─" * 40)
        mark, told, more = _TOLD[step["step"]](step, words)
        print(f"  {when[11:]} {mark} {told}")
        for each in more:
            print(f"           │ {each}")


_Told = tuple[str, str, list[str]]


def _decision(step: Row, words: Words) -> _Told:
    who = words.agency(step["lead"])
    wire = orjson.loads(step["wire"])
    others = [
        f"{words.role(each['role'])} {words.agency(each['agency'])}" for each in wire["roles"] if each["role"] != "lead"
    ]
    told = words.say(f"判定 第{step['round']}轮 → 主办 {who}", f"decided, round {step['round']} → lead {who}")
    ground = words.say(f"依据 {step['route']}（{step['version']}）", f"by {step['route']} ({step['version']})")
    return "◆", told, [ground, *([words.say("、", ", ").join(others)] if others else [])]


def _directive(step: Row, words: Words) -> _Told:
    to = words.say("：", ": ") + words.agency(step["agency"]) if step["agency"] else ""
    what = words.say("指令 ", "directive: ") + words.command(step["kind"]) + to
    came = words.outcome(step["outcome"])
    who = words.say(f"{step['issued_by']} 下达，{came}", f"by {step['issued_by']}; {came}")
    refused = f"（{step['because']}）" if step["because"] else ""
    why = [words.say(f"理由：{step['why']}", f"why: {step['why']}")] if step["why"] else []
    return "▶", f"{what}  {who}{refused}", why


def _fact(step: Row, words: Words) -> _Told:
    milestone = words.milestone(step["milestone"]) if step["milestone"] else ""
    who = words.agency(step["agency"]) if step["agency"] else step["by"]
    told = [words.fact(step["fact"]), milestone, who]
    if step["number"]:
        told.append(f"{step['system']} {step['number']}")
    if step["until"]:
        told.append(words.say(f"至 {local(step['until'])}", f"until {local(step['until'])}"))
    if step["late_ms"]:
        told.append(words.say(f"迟 {words.late(step['late_ms'])}", f"late by {words.late(step['late_ms'])}"))
    why = [words.say("理由：", "why: ") + words.reason(step["reason"])] if step["reason"] else []
    return "●", "  ".join(each for each in told if each), why


_TOLD: Final = {"decision": _decision, "directive": _directive, "fact": _fact}
