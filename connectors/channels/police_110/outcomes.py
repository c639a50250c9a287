"""110 非警务警情的反馈：拼音字段，回访码 1 满意 2 基本满意 3 不满意。Feedback of a non-police call (STANDARDS §3)."""

from typing import Final

from connectors.native.outcomes import Fields, NativeOutcomes
from contracts.codes import Channel, FactKind, Satisfaction

OUTCOMES: Final = NativeOutcomes(
    Channel.POLICE.value,
    Fields(
        number="JJDBH",
        stage="JQCLZTDM",
        at="FKSJ",
        agency="CLDWDM",
        until="CLSX",
        satisfaction="CLJGDM",
        again="CBCS",
        event="FKDBH",
        drill="YLBS",
    ),
    {
        FactKind.DISPATCHED: "已分流",
        FactKind.REASSIGNED: "已改派",
        FactKind.ADJUDICATED: "已裁定",
        FactKind.ACKNOWLEDGED: "已签收",
        FactKind.RESPONDED: "已联系",
        FactKind.EXTENSION_GRANTED: "已延时",
        FactKind.DEFERRED: "已挂账",
        FactKind.TRANSFERRED: "已转办",
        FactKind.NOTIFIED: "已告知",
        FactKind.RESOLVED: "已反馈",
        FactKind.VERIFIED: "已核查",
        FactKind.FOLLOW_UP_DUE: "待回访",
        FactKind.REOPENED: "退回重办",
        FactKind.MERGED: "已合并",
        FactKind.WITHDRAWN: "已撤回",
        FactKind.CLOSED: "已归档",
    },
    {
        Satisfaction.SATISFIED: "1",
        Satisfaction.BASICALLY_SATISFIED: "2",
        Satisfaction.DISSATISFIED: "3",
        Satisfaction.UNREACHED: "9",
    },
)
