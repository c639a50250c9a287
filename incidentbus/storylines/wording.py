"""What officials read of a story: facts, roles, milestones and commands by their titles, Chinese and English."""

from collections.abc import Mapping
from typing import Final

from contracts.codes import DirectiveKind, FactKind, Milestone, Role, Satisfaction

F, D = FactKind, DirectiveKind

FACTS: Final[Mapping[FactKind, str]] = {
    F.REGISTERED: "受理登记", F.DISPATCHED: "派单", F.REPORT_UPDATED: "来件更正", F.DUPLICATE_REPORT: "重复来件",
    F.ACKNOWLEDGED: "签收", F.RESPONDED: "首次联系", F.IN_PROGRESS: "办理中", F.RETURNED: "退单", F.REASSIGNED: "改派",
    F.EXTENSION_REQUESTED: "申请延期", F.EXTENSION_GRANTED: "同意延期", F.EXTENSION_REFUSED: "不同意延期",
    F.DEFERRED: "挂账", F.RESOLVED: "办结", F.VERIFIED: "核查通过", F.FOLLOWED_UP: "回访", F.REOPENED: "发回重办",
    F.CLOSED: "归档", F.MERGED: "并案", F.WITHDRAWN: "撤回", F.REMINDED: "催办", F.SUPERVISED: "督办",
    F.ESCALATED: "提级督办", F.ADJUDICATED: "裁定", F.OVERDUE: "超期", F.FOLLOW_UP_DUE: "应回访", F.HELD: "暂缓派送",
    F.RELEASED: "恢复派送", F.EXCUSED: "免予协办", F.RETURN_REQUESTED: "申请退单", F.RETURN_REFUSED: "退单不成立",
    F.NOTIFIED: "告知", F.LINKED: "关联编号", F.TRANSFERRED: "移交", F.REVIEW_REQUESTED: "申请复查复核",
    F.REVIEWED: "复查复核意见", F.AMENDED: "补充", F.DISPUTED: "退单过多，待裁定",
}  # fmt: skip

COMMANDS: Final[Mapping[DirectiveKind, str]] = {
    D.REDISPATCH: "改派", D.ADJUDICATE: "裁定", D.AMEND: "补充", D.REINTERPRET: "重新理解", D.HOLD: "暂缓",
    D.RELEASE: "恢复", D.REMIND: "催办", D.SUPERVISE: "督办", D.ESCALATE: "提级督办", D.GRANT_EXTENSION: "同意延期",
    D.REFUSE_EXTENSION: "不同意延期", D.DEFER: "挂账", D.MERGE: "并案", D.REOPEN: "发回重办", D.WITHDRAW: "撤回",
    D.CLOSE: "结案", D.ACKNOWLEDGE: "代为签收", D.EXCUSE: "免予协办", D.APPROVE_RETURN: "同意退单",
    D.REFUSE_RETURN: "不同意退单",
}  # fmt: skip

ROLES: Final[Mapping[Role, str]] = {Role.LEAD: "主办", Role.CO_HANDLER: "协办", Role.INFORMED: "知会"}

MILESTONES: Final[Mapping[Milestone, str]] = {
    Milestone.ACKNOWLEDGE: "签收", Milestone.RESPOND: "首次联系", Milestone.RESOLVE: "办结",
}  # fmt: skip

SATISFACTIONS: Final[Mapping[Satisfaction, str]] = {
    Satisfaction.SATISFIED: "满意", Satisfaction.BASICALLY_SATISFIED: "基本满意",
    Satisfaction.DISSATISFIED: "不满意", Satisfaction.UNREACHED: "未接通",
}  # fmt: skip

REFUSALS: Final[Mapping[str, str]] = {
    "illegal_transition": "它在本件里此时不能这样说", "too_late": "已过期限", "unknown_incident": "没有这个件",
    "invalid_value": "写得不对", "missing_field": "缺内容", "not_the_owner": "说的是别家的话",
}  # fmt: skip
"""Why a fact was not taken, in an official's words; what is not here is told by its code."""


def plain(word: str) -> str:
    """Return a code as English reads it."""
    return word.replace("_", " ")
