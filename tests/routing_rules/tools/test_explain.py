"""The explanation of a decision, line by line, and why not (RULE-LANGUAGE §10)."""

import re
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from contracts.codes import Mode
from contracts.decision import Decision, DecisionState, ModeRecord, decision_wire
from contracts.incident import Incident
from contracts.report import Report
from contracts.serde import read, write
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.schema import Status
from routing_rules.messages import Language
from routing_rules.messages import explain as messages
from routing_rules.tools.explain import record, render

NOW = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)
NIGHT = {"title": "半夜放喇叭", "text": "青石镇门店凌晨还在放喇叭，噪音大"}
Told = Callable[..., str]


def decided(compiled: Compiled, state: DecisionState | None = None, **report: Any) -> tuple[Decision, Incident]:
    fields = {"channel": "hotline-12345", "external_id": "1", "kind": "complaint", **report}
    incident = compiled.interpreter.understand(Report(**fields), "inc-1", NOW)
    return decide(incident, state or DecisionState(), compiled, NOW), incident


@pytest.fixture
def tell(compiled: Compiled) -> Told:
    """Explain a report under the example county's rules; lines of its files are written N."""

    def told(
        why_not: str | None = None, lang: str = Language.ZH, state: DecisionState | None = None, **report: Any
    ) -> str:
        decision, incident = decided(compiled, state, **report)
        return re.sub(r"\.yaml:\d+", ".yaml:N", render(decision, incident, compiled, lang, why_not))

    return told


PLAIN = """\
派给：县城市管理局（主办）　知会：青石镇人民政府
为什么派到这里
  类型 投诉　渠道给的
  类别 喇叭叫卖　标题“喇叭”3×2＋正文“门店”2＝8 分（另：噪声 3 分）　按词判断，渠道没有给
  地点 青石镇　正文里的“青石镇”
  规则 第 3 条《打烊以后喇叭叫卖》20-topics.yaml:N，第 2 种写法　类别 noise/hawking ✓　文字 半夜,凌晨 ✓\
（前 2 条不成立：1 条不在急时、1 条类别或地点不符）
  主办 县城市管理局　规则写“县城市管理局”→ 点名
  附加 《告知所在镇》90-overlays.yaml:N：没有再加什么
  时限 签收 5月12日13:00（本规则 3h）　首次联系 14日18:00（区统一 2bd：13 14）　\
办结 18日18:00（本规则 4bd：13 14 15 18）"""


def test_a_plain_decision_is_told_from_the_words_to_the_deadlines(tell: Told) -> None:
    assert tell(**NIGHT) == PLAIN


def test_a_rule_is_told_with_the_line_it_stands_on(compiled: Compiled) -> None:
    decision, incident = decided(compiled, **NIGHT)
    at = compiled.rules["hawking-after-hours"].at
    assert f"《打烊以后喇叭叫卖》20-topics.yaml:{at.line}，" in render(decision, incident, compiled)


def test_english_says_the_same(tell: Told) -> None:
    told = tell(lang="en", **NIGHT).splitlines()
    assert told[0] == "Given to: 县城市管理局 (lead)   informed: 青石镇人民政府"
    assert len(told) == len(tell(**NIGHT).splitlines())


def test_a_complaint_about_an_agency_tells_whom_it_concerns_and_where_it_climbed(tell: Told) -> None:
    told = tell("urban", title="投诉城管局不作为", text="青石镇门店半夜放喇叭，门店喇叭")
    assert "被投诉单位 县城市管理局" in told
    assert "硬规则 回避：县城市管理局 被投诉，它和下级都不经办，也不知会" in told
    assert "规则写“县城市管理局”→ 被投诉，上提到不相干的上级" in told
    assert told.endswith("《打烊以后喇叭叫卖》本来派给它主办，没有派：被投诉，或是被投诉单位的下级")


def test_a_returned_case_tells_who_returned_it(tell: Told) -> None:
    told = tell(state=DecisionState(round=2, returned_by=("urban", "police-bureau")), **NIGHT)
    assert "主办 县联动指挥中心　已退回 2 次或再无可接办的单位，由兜底单位研判" in told
    assert "退回：县城市管理局、县公安局 退过，不再主办、协办" in told
    assert "退回已达 2 次上限" in told


def test_a_fallback_tells_that_nothing_else_holds(tell: Told) -> None:
    told = tell(title="有一件事", text="想反映")
    assert "未分类：没有够分的词" in told
    assert "兜底《没有着落的，县联动指挥中心研判》99-fallback.yaml:N（前 6 条不成立" in told
    assert "没有说明地点，按全区算" in told


def test_an_emergency_and_what_it_raises_are_told(tell: Told) -> None:
    record_ = ModeRecord(mode=Mode.EMERGENCY, jurisdiction="900100", response=("flood",))
    told = tell(state=DecisionState(modes=(record_,)), **NIGHT)
    assert "平急 急时，响应：防汛" in told
    assert "紧急程度 普通 → 特急" in told
    assert "特急件 20m" in told


def test_what_was_dropped_is_told_with_its_reason(tell: Told) -> None:
    told = tell(title="广场舞", text="镜月湖边广场舞噪音大", kind="help")
    assert "没有派 属地政府·镇级（知会，《告知所在镇》）：此地没有这样的单位" in told


def test_trials_failed_expressions_and_missing_calendars_are_noted(compiled: Compiled) -> None:
    routes = list(compiled.ruleset.routes)
    routes[2] = replace(routes[2], status=Status.TRIAL)
    bad = replace(routes[3], when=(replace(routes[3].when[0], category=None, expr='attributes["x"] == "1"'),))
    changed = compile_ruleset(replace(compiled.ruleset, routes=(bad, *routes), calendars={}))
    decision, incident = decided(changed, **NIGHT)
    told = render(decision, incident, changed)
    assert "注意 试运行《打烊以后喇叭叫卖》本来会派给 县城市管理局（无效力）" in told
    assert "《喇叭叫卖》的表达式出错，算不成立" in told
    assert "缺 2026 年日历，暂按周一至周五算" in told


def test_another_ruleset_than_the_decisions_is_said_first(compiled: Compiled) -> None:
    decision, incident = decided(compiled, **NIGHT)
    other = compile_ruleset(replace(compiled.ruleset, hash="f" * 64, version="2027.01.1"))
    assert render(decision, incident, other).splitlines()[0].startswith("下面按规则集 2027.01.1 ffffffffffff 解释")


# Why not (G52).


def test_why_not_lists_the_closest_rules_fewest_failing_first(tell: Told) -> None:
    told = tell("police", **NIGHT).splitlines()
    heading, first, second = told[told.index("为什么不派给 公安") + 1 :]
    assert heading == "  能把此地来件派给它的规则有 2 条，列最接近的 2 条："
    assert first == "  《休闲活动噪声》20-topics.yaml:N 差 1 项：类别要 noise/leisure，实为 noise/hawking"
    assert second.startswith("  《湖上偷捕》20-topics.yaml:N 差 2 项：类别要 water，")
    assert second.endswith("　区域要 mirror-lake，实为 （没有）")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("gov-qingshi", "已经派给 青石镇人民政府（知会）"),
        ("hawking-after-hours", "这条规则已经成立"),
        ("hawking", "《喇叭叫卖》成立但轮不到：被《打烊以后喇叭叫卖》先截住 20-topics.yaml:N"),
        ("petition", "没有任何规则会把此地的来件派给它"),
        ("nobody", "规则集里没有“nobody”"),
        ("education", "《校园周边》90-overlays.yaml:N 差 1 项：文字要 校门 学校 托班，实为 （没有）"),
    ],
)
def test_why_not_answers_for_agencies_functions_and_rules(tell: Told, name: str, answer: str) -> None:
    assert f"  {answer}" in tell(name, **NIGHT).splitlines()[-2:]


def test_why_not_says_where_a_hard_rule_took_it_out(compiled: Compiled) -> None:
    state = DecisionState(round=2, returned_by=("urban",))
    decision, incident = decided(compiled, state, **NIGHT)
    told = render(decision, incident, compiled, why_not="urban")
    assert told.endswith("《打烊以后喇叭叫卖》本来派给它主办，没有派：退过这一件")


def test_why_not_says_that_a_rule_is_off(compiled: Compiled) -> None:
    routes = (replace(compiled.ruleset.routes[4], status=Status.OFF), *compiled.ruleset.routes[:4])
    changed = compile_ruleset(replace(compiled.ruleset, routes=(*routes, *compiled.ruleset.routes[5:])))
    decision, incident = decided(changed, **NIGHT)
    told = render(decision, incident, changed, why_not="leisure-noise")
    assert told.endswith("《休闲活动噪声》没有生效（停用、试运行或不在有效期）")


def test_an_exception_that_holds_is_told_as_one(tell: Told) -> None:
    assert "属于除外情形（located_by: default）" in tell("inform-town", title="门店放喇叭", text="促销")


def test_json_holds_the_decision_the_earlier_routes_and_why_not(compiled: Compiled) -> None:
    decision, incident = decided(compiled, **NIGHT)
    made = orjson.loads(write(record(decision, incident, compiled, "police")))
    assert made["decision"]["route"] == "hawking-after-hours"
    assert [route["rule"] for route in made["earlier_routes"]] == ["flood", "outside-county"]
    assert made["earlier_routes"][0]["unmet"][0] == {"field": "mode", "wanted": "emergency", "actual": "routine"}
    assert [rule["rule"] for rule in made["why_not"]["rules"]] == ["leisure-noise", "lake"]
    assert "report" not in made["incident"]


def test_a_decision_read_back_is_explained_the_same(compiled: Compiled) -> None:
    decision, incident = decided(compiled, DecisionState(round=2, returned_by=("urban",)), **NIGHT)
    back = read(Decision, write(decision_wire(decision)))
    again = read(Incident, incident.model_dump_json().encode())
    assert render(back, again, compiled, why_not="urban") == render(decision, incident, compiled, why_not="urban")


def test_every_sentence_is_there_in_both_languages_with_the_same_parts() -> None:
    for key in messages.KEYS:
        zh, en = messages._TEXTS[key]
        parts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (zh, en)]
        assert parts[0] == parts[1] or key in {"date", "month"}, key
        assert not re.search("[\u4e00-\u9fff]", en), key
