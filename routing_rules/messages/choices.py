"""What the closed words of the rule language are called in Chinese, so that a title written for a code is answered."""

from collections.abc import Mapping
from typing import Final

CHOICES: Final[Mapping[str, str]] = {
    # kind
    "tip": "举报",
    "complaint": "投诉",
    "help": "求助",
    "consult": "咨询",
    "suggestion": "建议",
    "praise": "表扬",
    # urgency
    "normal": "一般",
    "urgent": "紧急",
    "critical": "特急",
    # reporter
    "citizen": "市民",
    "enterprise": "企业",
    "inspector": "巡查员",
    "sensor": "设备",
    "anonymous": "匿名",
    # mode
    "routine": "平时",
    "emergency": "急时",
    # status
    "active": "启用",
    "trial": "试运行",
    "off": "停用",
    # located_by, classified_by
    "channel": "渠道",
    "native": "渠道名称",
    "point": "坐标",
    "address": "地址",
    "text": "正文",
    "default": "不明",
    "words": "按词",
    "none": "没有",
    # where
    "title": "标题",
    "both": "标题和正文",
    # days
    "mon": "周一",
    "tue": "周二",
    "wed": "周三",
    "thu": "周四",
    "fri": "周五",
    "sat": "周六",
    "sun": "周日",
    "workday": "工作日",
    "restday": "休息日",
    "holiday": "节假日",
    # steps of a ladder
    "remind": "催办",
    "supervise": "督办",
    "escalate": "提级督办",
    # when a follow-up falls due
    "resolved": "办结后",
    "time_limit": "时限到后",
    # missing
    "occurred_at": "发生时间",
    "about": "被投诉单位",
}
