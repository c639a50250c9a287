"""信访件的办理状态：交办、受理告知、答复、办结。Handling states of a petition (STANDARDS §1.1, §3)."""

from typing import Final

from connectors.native.outcomes import Fields, NativeOutcomes
from contracts.codes import Channel, FactKind, Satisfaction

OUTCOMES: Final = NativeOutcomes(
    Channel.PETITION.value,
    Fields(
        number="信访件编号",
        stage="办理状态",
        at="办理时间",
        agency="责任单位",
        until="办理期限",
        satisfaction="群众评价",
        again="重办次数",
        event="办理编号",
        drill="演练",
    ),
    {
        FactKind.DISPATCHED: "已交办",
        FactKind.REASSIGNED: "已改交",
        FactKind.ADJUDICATED: "已明确责任单位",
        FactKind.ACKNOWLEDGED: "已接收",
        FactKind.RESPONDED: "已联系信访人",
        FactKind.EXTENSION_GRANTED: "已延期",
        FactKind.DEFERRED: "已挂账",
        FactKind.TRANSFERRED: "已转送",
        FactKind.NOTIFIED: "已告知",
        FactKind.RESOLVED: "已答复",
        FactKind.VERIFIED: "已核查",
        FactKind.FOLLOW_UP_DUE: "待评价",
        FactKind.REOPENED: "重新办理",
        FactKind.MERGED: "已并案",
        FactKind.WITHDRAWN: "已撤回",
        FactKind.CLOSED: "已办结",
    },
    {
        Satisfaction.SATISFIED: "满意",
        Satisfaction.BASICALLY_SATISFIED: "基本满意",
        Satisfaction.DISSATISFIED: "不满意",
        Satisfaction.UNREACHED: "未评价",
    },
)
