"""数字化城管案卷的阶段名称：派遣、处置、核查、结案。Stage names of an urban-management file (STANDARDS §1.3, §3)."""

from typing import Final

from connectors.native.outcomes import Fields, NativeOutcomes
from contracts.codes import Channel, FactKind, Satisfaction

OUTCOMES: Final = NativeOutcomes(
    Channel.URBAN_MANAGEMENT.value,
    Fields(
        number="任务号",
        stage="当前阶段名称",
        at="阶段时间",
        agency="处置部门",
        until="处置截止时间",
        satisfaction="满意度",
        again="返工次数",
        event="阶段编号",
        drill="演练",
    ),
    {
        FactKind.DISPATCHED: "任务派遣",
        FactKind.REASSIGNED: "重新派遣",
        FactKind.ADJUDICATED: "裁定派遣",
        FactKind.ACKNOWLEDGED: "处置中",
        FactKind.RESPONDED: "处置中",
        FactKind.EXTENSION_GRANTED: "延期",
        FactKind.DEFERRED: "挂账",
        FactKind.TRANSFERRED: "移交",
        FactKind.NOTIFIED: "已告知",
        FactKind.RESOLVED: "处理反馈",
        FactKind.VERIFIED: "核查通过",
        FactKind.FOLLOW_UP_DUE: "待核查",
        FactKind.REOPENED: "返工",
        FactKind.MERGED: "合并立案",
        FactKind.WITHDRAWN: "作废",
        FactKind.CLOSED: "结案",
    },
    {
        Satisfaction.SATISFIED: "满意",
        Satisfaction.BASICALLY_SATISFIED: "基本满意",
        Satisfaction.DISSATISFIED: "不满意",
        Satisfaction.UNREACHED: "未核实",
    },
)
