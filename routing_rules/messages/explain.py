"""What the explanation of a decision says (RULE-LANGUAGE §10), Chinese and English. `{…}` is filled by name.

Two tables: `_WORDS` are titles of the closed lists, `_TEXTS` are sentences and their parts.
"""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_WORDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "role": {
        "lead": ("主办", "lead"), "co_handler": ("协办", "co-handler"), "informed": ("知会", "informed"),
    },
    "kind": {
        "consult": ("咨询", "consult"), "help": ("求助", "help"), "complaint": ("投诉", "complaint"),
        "tip": ("举报", "tip"), "suggestion": ("建议", "suggestion"), "praise": ("表扬", "praise"),
    },
    "urgency": {"normal": ("普通", "normal"), "urgent": ("紧急", "urgent"), "critical": ("特急", "critical")},
    "mode": {"routine": ("平时", "routine"), "emergency": ("急时", "emergency")},
    "milestone": {
        "acknowledge": ("签收", "acknowledge"), "respond": ("首次联系", "respond"), "resolve": ("办结", "resolve"),
    },
    "tier": {
        "village": ("村级", "village"), "town": ("镇级", "town"), "district": ("区级", "district"),
        "city": ("市级", "city"),
    },
    "text_field": {"title": ("标题", "title"), "text": ("正文", "text"), "address": ("地址", "address"),
                   "point": ("坐标", "point"), "channel": ("渠道", "channel")},
    "field": {
        "channel": ("渠道", "channel"), "kind": ("类型", "kind"), "urgency": ("紧急程度", "urgency"),
        "reporter": ("来件人", "reporter"), "category": ("类别", "category"), "jurisdiction": ("地点", "place"),
        "located_by": ("地点来源", "located by"), "classified_by": ("类别来源", "classified by"),
        "area": ("区域", "area"), "mode": ("平急", "mode"), "response": ("应急响应", "response"),
        "response_level": ("响应级别", "response level"), "occurred_at": ("发生时间", "time of occurrence"),
        "received_at": ("收件时间", "time of receipt"), "text": ("文字", "words"), "about": ("被投诉单位", "about"),
        "reporters": ("反映人数", "reporters"), "reports": ("并案件数", "reports"), "tags": ("标签", "tags"),
        "attributes": ("渠道附带项", "attributes"), "lead": ("主办单位", "lead"), "missing": ("没有给", "missing"),
        "expr": ("表达式", "expression"), "unless": ("除外情形", "exception"), "address": ("地址", "address"),
        "point": ("坐标", "point"),
    },
    "because": {
        "conflict": ("被投诉，或是被投诉单位的下级", "complained about, or beneath one that is"),
        "returned": ("退过这一件", "returned this case"),
        "same_agency": ("已有更重的分工", "has a stronger role already"),
        "confidential": ("封闭办理，附加规则不得加人", "confidential: overlays may add nobody"),
        "unresolved": ("此地没有这样的单位", "there is no such agency here"),
    },
}  # fmt: skip

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "given": ("派给：{lead}（主办）", "Given to: {lead} (lead)"),
    "gap": ("　", "   "),
    "others": ("{role}：{agencies}", "{role}: {agencies}"),
    "and": ("、", ", "),
    "why": ("为什么派到这里", "Why here"),
    "line": ("  {label} {text}", "  {label}: {text}"),
    # what was understood
    "by_words": ("{words}＝{points} 分", "{words} = {points} points"),
    "word": ("{field}“{word}”{points}", "{field} “{word}” {points}"),
    "plus": ("＋", " + "),
    "others_points": ("（另：{others}）", " (also: {others})"),
    "other_points": ("{category} {points} 分", "{category} {points} points"),
    "no_category": ("未分类：没有够分的词", "unclassified: no words with points enough"),
    "judged": ("按词判断，渠道没有给", "judged by words, the channel gave none"),
    "from_channel": ("渠道给的", "given by the channel"),
    "from_native": ("渠道自己的名称“{label}”", "the channel's own name “{label}”"),
    "from_point": ("坐标落在其中", "the point lies in it"),
    "from_field": ("{field}里的“{words}”", "“{words}” in the {field}"),
    "from_default": ("没有说明地点，按全区算", "no place was told: the whole district"),
    "by_default": ("没有判断的词，按缺省", "no word says which: the default"),
    "about": ("被投诉单位", "about"),
    "kind": ("类型", "kind"),
    "category": ("类别", "category"),
    "place": ("地点", "place"),
    "area": ("区域", "area"),
    "mode": ("平急", "mode"),
    "mode_on": ("急时，响应：{responses}", "emergency, responses: {responses}"),
    # the rule
    "rule": ("规则", "rule"),
    "route": ("第 {n} 条《{title}》{at}", "no. {n} “{title}” {at}"),
    "way": ("，第 {n} 种写法", ", block {n}"),
    "fallback_route": ("兜底《{title}》{at}", "fallback “{title}” {at}"),
    "held": ("{field} {value} ✓", "{field} {value} ✓"),
    "before": ("（前 {n} 条不成立：{groups}）", " (the {n} before it don't hold: {groups})"),
    "group_mode": ("{n} 条不在急时", "{n} for another mode"),
    "group_matter": ("{n} 条类别或地点不符", "{n} for another category or place"),
    "group_other": ("{n} 条其他条件不符", "{n} for other conditions"),
    "basis": ("依据", "basis"),
    # the lead
    "lead": ("主办", "lead"),
    "asks": ("规则写“{asked}”→ {how}", "the rule asks for “{asked}” → {how}"),
    "as_asked": ("本地有此单位，原级", "this place has one, at the tier asked for"),
    "climbed": ("本地没有此级单位，上提到{tier}", "this place has none at that tier: up to {tier}"),
    "named": ("点名", "named"),
    "first_receiver": ("首接负责：{channel}由它首接", "first receiver: it receives what comes by {channel}"),
    "on_return": ("退回后接办", "next after the return"),
    "supervisor": ("被投诉，上提到不相干的上级", "complained about: up to the first supervisor that isn't"),
    "role_unresolved": ("“{asked}”在此地没有单位，转兜底", "there is no “{asked}” here: the fallback's lead"),
    "adjudication": (
        "已退回 {n} 次或再无可接办的单位，由兜底单位研判",
        "returned {n} times, or nobody is left to take it: the fallback's lead adjudicates",
    ),
    "adjudicated": ("裁定指定，不再退回", "named by adjudication, final"),
    "fallback": ("没有别的规则成立，由兜底单位研判", "no other rule holds: the fallback's lead"),
    # hard rules
    "hard_rule": ("硬规则", "hard rule"),
    "conflict": (
        "回避：{agencies} 被投诉，它和下级都不经办，也不知会",
        "conflict: {agencies} is complained about; neither it nor any beneath it has a part",
    ),
    "returned": ("退回：{agencies} 退过，不再主办、协办", "returned: {agencies} returned it, and may not lead or help"),
    "exhausted": ("退回已达 {n} 次上限", "the limit of {n} returns is reached"),
    "identity": ("保密：正文只给主办", "identity: only the lead gets the text"),
    # what is added
    "overlay": ("附加", "overlay"),
    "overlay_adds": ("《{title}》{at}：{adds}", "“{title}” {at}: {adds}"),
    "adds_tags": ("标签 {tags}", "tags {tags}"),
    "adds_urgency": ("至少{urgency}", "at least {urgency}"),
    "adds_nothing": ("没有再加什么", "adds nothing more"),
    "dropped": ("没有派", "not given"),
    "dropped_one": ("{who}（{role}，《{rule}》）：{because}", "{who} ({role}, “{rule}”): {because}"),
    "urgency": ("紧急程度", "urgency"),
    "tags": ("标签", "tags"),
    # deadlines
    "due": ("时限", "due"),
    "due_one": ("{milestone} {at}（{setter} {span}{days}）", "{milestone} {at} ({setter} {span}{days})"),
    "counted": ("：{days}", ": {days}"),
    "fixed": ("，法定", ", statutory"),
    "date": ("{month}月{day}日{time}", "{month}/{day} {time}"),
    "month": ("{month}月", ""),
    "default": ("区统一", "county"),
    "by_kind": ("区统一·{kind}", "county, {kind}"),
    "set_by_rule": ("本规则", "this rule"),
    "rule_by_kind": ("本规则·{kind}", "this rule, {kind}"),
    "by_urgency": ("{urgency}件", "{urgency}"),
    "set_by_overlay": ("《{title}》", "“{title}”"),
    "no_due": ("没有时限", "no deadline"),
    # notes
    "note": ("注意", "note"),
    "trial": ("试运行《{title}》本来会派给 {lead}（无效力）",
              "on trial, “{title}” would have given it to {lead} (no effect)"),
    "trial_overlay": ("试运行《{title}》本来会附加（无效力）",
                      "on trial, “{title}” would have added to it (no effect)"),
    "expr_error": ("《{title}》的表达式出错，算不成立", "the expression of “{title}” failed and doesn't hold"),
    "calendar_gap": ("缺 {years} 年日历，暂按周一至周五算", "no calendar for {years}: Monday to Friday for now"),
    "other_ruleset": (
        "下面按规则集 {now} 解释，当时用的是 {then}",
        "explained by ruleset {now}; {then} made the decision",
    ),
    # why not
    "why_not": ("为什么不派给 {name}", "Why not {name}"),
    "why_not_rule": ("为什么不是《{name}》", "Why not “{name}”"),
    "has_role": ("已经派给 {agency}（{role}）", "{agency} has it ({role})"),
    "has_won": ("这条规则已经成立", "this rule does hold"),
    "removed": ("{agency} 本来有份（{role}，《{rule}》），去掉了：{because}",
                "{agency} would have a part ({role}, “{rule}”) and was taken out: {because}"),
    "lead_removed": ("《{rule}》本来派给它主办，没有派：{because}",
                     "“{rule}” would have it lead; it doesn't: {because}"),
    "not_in_force": ("《{rule}》没有生效（停用、试运行或不在有效期）",
                     "“{rule}” is not in force (off, on trial or out of its time)"),
    "shadowed": ("《{rule}》成立但轮不到：被《{by}》先截住 {at}",
                 "“{rule}” holds but has no turn: “{by}” came first {at}"),
    "no_rule": ("没有任何规则会把此地的来件派给它", "no rule would give it anything from this place"),
    "unknown": ("规则集里没有“{name}”", "the ruleset has no “{name}”"),
    "givers": ("能把此地来件派给它的规则有 {n} 条，列最接近的 {shown} 条：",
               "{n} rules would give it something from this place; the closest {shown}:"),
    "giver": ("《{rule}》{at} 差 {n} 项：{unmet}", "“{rule}” {at} lacks {n}: {unmet}"),
    "smallest": ("最小的改动（已按全部规则试过）：{changes}", "smallest change, decided by all rules: {changes}"),
    "change": ("{field}由 {before} 改为 {after}", "{field} {after} instead of {before}"),
    "change_text": ("正文里有“{after}”", "“{after}” in the text"),
    "unmet": ("{field}要 {wanted}，实为 {actual}", "{field} {wanted} wanted, {actual} found"),
    "unmet_unless": ("属于除外情形（{wanted}）", "is an exception ({wanted})"),
    "absent": ("（没有）", "(none)"),
}  # fmt: skip

KEYS: Final = tuple(_TEXTS)


def say(key: str, language: str, /, **params: object) -> str:
    """Return one sentence or part in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)


def word(table: str, code: str, language: str) -> str:
    """Return the title of a word of a closed list, or the word itself where it has none."""
    zh, en = _WORDS[table].get(code, (code, code))
    return zh if language == Language.ZH else en
