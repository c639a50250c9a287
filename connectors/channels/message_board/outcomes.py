"""网上留言的办理状态。States of a message on the board."""

from typing import Final

from connectors.native.outcomes import Fields, NativeOutcomes
from contracts.codes import Channel, FactKind, Satisfaction

OUTCOMES: Final = NativeOutcomes(
    Channel.MESSAGE_BOARD.value,
    Fields(
        number="留言编号",
        stage="办理状态",
        at="时间",
        agency="承办单位",
        until="办理期限",
        satisfaction="满意度",
        again="重办次数",
        event="状态编号",
    ),
    {
        FactKind.DISPATCHED: "已转办",
        FactKind.REASSIGNED: "已改转",
        FactKind.ADJUDICATED: "已明确承办单位",
        FactKind.ACKNOWLEDGED: "办理中",
        FactKind.RESPONDED: "办理中",
        FactKind.EXTENSION_GRANTED: "延期办理",
        FactKind.DEFERRED: "挂账办理",
        FactKind.TRANSFERRED: "已转送",
        FactKind.NOTIFIED: "已告知",
        FactKind.RESOLVED: "已回复",
        FactKind.VERIFIED: "已核查",
        FactKind.FOLLOW_UP_DUE: "待评价",
        FactKind.REOPENED: "重新办理",
        FactKind.MERGED: "已合并",
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
