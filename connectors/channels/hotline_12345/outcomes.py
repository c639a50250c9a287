"""12345 工单的办理环节：已派遣到已归档，满意度照热线的说法。The hotline's own stages of a work order (STANDARDS §3)."""

from typing import Final

from connectors.native.outcomes import Fields, NativeOutcomes
from contracts.codes import Channel, FactKind, Satisfaction

OUTCOMES: Final = NativeOutcomes(
    Channel.HOTLINE.value,
    Fields(
        number="市受理编号",
        stage="办理环节",
        at="环节时间",
        agency="处理部门",
        until="处理时限",
        satisfaction="满意度",
        again="重办次数",
        event="环节编号",
        drill="是否演练",
    ),
    {
        FactKind.DISPATCHED: "已派遣",
        FactKind.REASSIGNED: "已改派",
        FactKind.ADJUDICATED: "已裁定",
        FactKind.ACKNOWLEDGED: "已签收",
        FactKind.RESPONDED: "已联系",
        FactKind.EXTENSION_GRANTED: "已延时",
        FactKind.DEFERRED: "已挂账",
        FactKind.TRANSFERRED: "已转办",
        FactKind.NOTIFIED: "已告知",
        FactKind.RESOLVED: "已办结",
        FactKind.VERIFIED: "已核查",
        FactKind.FOLLOW_UP_DUE: "待回访",
        FactKind.REOPENED: "发回重办",
        FactKind.MERGED: "已并案",
        FactKind.WITHDRAWN: "已撤回",
        FactKind.CLOSED: "已归档",
    },
    {
        Satisfaction.SATISFIED: "满意",
        Satisfaction.BASICALLY_SATISFIED: "基本满意",
        Satisfaction.DISSATISFIED: "不满意",
        Satisfaction.UNREACHED: "未接通",
    },
)
