"""What each field of the rule language is for, in Chinese: what an editor shows beside it. By record, then field."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class FileKind(StrEnum):
    """The kinds of files of a ruleset."""

    RULESET = "ruleset"
    AGENCIES = "agencies"
    JURISDICTIONS = "jurisdictions"
    CATEGORIES = "categories"
    PLACES = "places"
    WORDS = "words"
    CALENDARS = "calendars"
    ROUTES = "routes"


_RULE: Final = {
    "id": "编号：小写字母、数字、连字符，最多 48 个；用过的不再用",
    "title": "名称，公众看得懂",
    "owner": "归哪个条线维护；不写用文件开头的",
    "basis": "依据的法规，显示在说明里",
    "status": "active 启用，trial 试运行（判断、计数、不起作用），off 停用",
    "effective": "有效期，首尾两天都算",
    "when": "条件：一组里都要成立；写成清单时一组成立即可",
    "unless": "除外：写法同 when，成立则不适用",
    "urgency": "紧急程度，只升不降",
    "tags": "标签",
    "deadline": "时限，代替全区统一的；附加规则里只会收紧",
}
_MILESTONES: Final = {
    "acknowledge": "签收：30m 2h 4wh 5bd 15d none",
    "respond": "首次联系来件人",
    "resolve": "办结",
}

FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "route": {
        **_RULE,
        "gate": "true：有意排在前面，与后面的交叉不提醒",
        "assign": "派给谁",
        "on_return": "主办退回后依次找谁",
        "deadline_by_kind": "按诉求类型另定时限",
        "confidential": "true 封闭办理：附加规则不得添加单位，主办以外看不到正文",
        "fallback": "true 兜底：有且只有一条，最后，无条件",
        "accepts": "明知留给兜底的来件",
    },
    "overlay": {**_RULE, "sample": "按编号抽取的比例，如 10%", "add": "添加什么；不能指定主办"},
    "routes": {
        "owner": "本文件规则归哪个条线维护",
        "routes": "派单规则，第一条成立的定主办",
        "overlays": "附加规则，凡成立的都加",
    },
    "assign": {
        "lead": "主办：单位编号、角色，或 first_receiver（首接）",
        "co_handlers": "协办",
        "inform": "知会",
    },
    "add": {**{name: _RULE[name] for name in ("tags", "urgency", "deadline")}, "co_handlers": "协办", "inform": "知会"},
    "role": {"function": "条线", "tier": "层级；不写从最低一级找起", "climb": "false：只在这一级找，不上提"},
    "effective": {"from": "自何日起", "until": "至何日止，当天有效"},
    "deadline": {**_MILESTONES, "fixed": "true 法定期限，不收紧"},
    "deadlines": {
        **_MILESTONES,
        "default": "缺省时限",
        "by_kind": "按诉求类型",
        "by_urgency": "按紧急程度，只收紧",
    },
    "when": {
        "channel": "渠道",
        "kind": "诉求类型",
        "urgency": "紧急程度（受理时）",
        "reporter": "来件人类别",
        "category": "分类，含下级",
        "jurisdiction": "区划，含下级",
        "located_by": "地点怎么知道的；default＝地点不明",
        "classified_by": "分类怎么知道的",
        "area": "区域：坐标落在其中，或文字提到",
        "mode": "routine 平时，emergency 急时",
        "response": "应急响应",
        "response_level": "响应级别，1 最重，各级都要写出",
        "occurred_at": "发生时间",
        "received_at": "受理时间",
        "text": "关键词",
        "about": "被投诉单位",
        "reporters": "并案人数，含本件",
        "reports": "并案件数，含本件",
        "tags": "标签",
        "attributes": "渠道附带的属性: [值]",
        "lead": "最后定的主办（只用于附加规则）",
        "missing": "没有这个字段",
        "expr": "CEL 表达式，200 个字符以内",
    },
    "moment": {
        "between": "[起, 止)，当地时间，可跨午夜",
        "days": "星期、workday、restday、holiday",
        "date": "一年中的一段",
    },
    "date": {"between": "[月-日, 月-日]，首尾都算，可跨年"},
    "text": {
        "any": "有一个即可",
        "all": "都要有",
        "none": "都不能有",
        "in": "title 标题，text 正文，both 都找（缺省）",
    },
    "at_least": {"at_least": "至少几个"},
    "agency": {
        "code": "编号，也是主题名的一部分",
        "title": "名称",
        "function": "条线",
        "tier": "层级",
        "jurisdiction": "管哪些区划，含下级",
        "areas": "管哪些区域",
        "supervisor": "上级单位",
        "top": "true：上面再没有单位，只有一个",
        "names": "别的叫法，只指这个单位",
        "effective": "有效期",
        "calendar": "always：工作时即全天",
    },
    "jurisdiction": {
        "code": "区划代码",
        "name": "名称",
        "tier": "层级",
        "parent": "上级区划",
        "names": "别名旧名",
        "native": "渠道: [渠道自己的叫法]，一字不差",
        "synthetic": "true：只为归类，文字里不找它",
    },
    "category": {
        "code": "编号，也是路径：上级/下级",
        "title": "名称",
        "owner": "词归哪个条线维护，下级继承",
        "words": "词: 权重（1 到 5，不写为 1）",
        "not": "先遮住的词",
        "native": "渠道: [渠道自己的叫法]，一字不差",
    },
    "place": {
        "name": "地名",
        "is": "是什么：道路、水域、场所…",
        "in": "在哪些区划；几个＝有歧义",
        "area": "指哪个区域",
    },
    "words": {"id": "编号，规则里写 list:编号", "title": "名称", "owner": "归哪个条线维护", "words": "词"},
    "calendar": {
        "calendar": "日历编号",
        "year": "年份",
        "source": "依据的通知",
        "work": "工作时间",
        "week": "工作日是周几",
        "holidays": "放假",
        "working_days": "调休上班的日子",
    },
    "holiday": {"name": "节日", "from": "首日", "until": "末日，当天也放假"},
    "channel": {"title": "名称", "agency": "谁首接", "live": "true：实时渠道", "gives": "给哪些字段"},
    "ruleset": {
        "ruleset": "规则集编号",
        "title": "名称",
        "version": "版本，加引号",
        "language": "规则语言的版本，1",
        "timezone": "时区",
        "root": "本区；地点不明就是它",
        "outside": "区外的根",
        "tiers": "层级，由下而上",
        "calendar": "用哪个日历",
        "channels": "渠道",
        "functions": "条线: 名称",
        "kinds": "诉求类型：缺省和按词判断",
        "tags": "标签: 名称",
        "responses": "应急响应: 名称",
        "locate": "地名怎么算",
        "classify": "分类打分",
        "deadlines": "全区统一时限",
        "conflict": "投诉单位本身怎么识别",
        "returns": "退回",
        "coverage": "用例覆盖的门槛",
        "retired": "停用的规则编号",
        "publish": "发布要求",
        "lifecycle": "办到底：催办督办、退单、回访、核查、重办、延期",
        "effective_at": "不早于何日发布",
    },
    "lifecycle": {
        "return_within": "派到后多久以内可以退单；none 不限",
        "returns_need_approval": "true：退单要经转送单位同意",
        "ladder": "催督步骤，按时限分；写了的一项整条换掉",
        "follow_up": "回访",
        "verify": "true：核查属实才能结案",
        "reopen": "回访不满意，发回重办",
        "extension": "延期",
        "wait_early": "单位的回音先到、派单后到，最多等多久",
        "by_channel": "渠道: 只写与全区不同的",
    },
    "ladder": {
        "acknowledge": "签收的催督步骤，按时间先后",
        "respond": "首次联系的催督步骤",
        "resolve": "办结的催督步骤",
    },
    "rung": {
        "at": "何时：80%（时限过了八成）、due（到期）、+2wh（到期后）",
        "do": "remind 催办，supervise 督办，escalate 提级督办",
    },
    "follow_up": {
        "on": "何时该回访：resolved 办结后，time_limit 时限到后，none 不回访",
        "within": "多久以内回访；要核查的，多久以内核查",
        "close_after": "没有人说不满意，多久后结案；none 立即",
    },
    "reopen": {"deadline": "重办的时限", "max": "重办几次后改为督办"},
    "extension": {"max": "最多延期几次；0 不许", "longest": "一次最长延多久"},
    "kinds": {"default": "都不中时算什么", "words": "诉求类型: [词]"},
    "classify": {"min_score": "顶层至少几分", "margin": "至少领先几分", "title_weight": "标题里的词乘几"},
    "conflict": {
        "kinds": "哪些诉求类型才看",
        "within": "单位名与词相隔几个字以内",
        "not_between": "中间不能有的字",
        "before": "在单位名前的词",
        "after": "在单位名后的词",
    },
    "returns": {"max": "退几次后由人裁定"},
    "locate": {"short": "几个字的地名只在地址栏里算"},
    "coverage": {"rules": "规则覆盖，百分数", "near_miss": "只差一项的覆盖，百分数"},
    "publish": {"two_person": "true：须两人"},
    "agencies": {"agencies": "单位目录"},
    "jurisdictions": {"jurisdictions": "区划"},
    "categories": {"categories": "分类树"},
    "places": {"places": "地名库"},
}
