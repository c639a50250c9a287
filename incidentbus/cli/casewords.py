"""What officials read of cases: statuses, facts, roles and commands by their titles; agencies by a ruleset's."""

from collections.abc import Mapping
from typing import Final

from contracts.codes import CaseStatus, DirectiveKind, FactKind, Milestone, PartStatus, ReturnReason, Role
from incidentbus.settings import Settings
from incidentbus.storylines.wording import COMMANDS, FACTS, MILESTONES, ROLES, plain

STATUSES: Final[Mapping[str, str]] = {
    CaseStatus.EXPECTED: "待判定", CaseStatus.DISPATCHED: "已派单", CaseStatus.ACKNOWLEDGED: "已签收",
    CaseStatus.IN_PROGRESS: "办理中", CaseStatus.RETURNED: "已退单", CaseStatus.DISPUTED: "待裁定",
    CaseStatus.DEFERRED: "挂账", CaseStatus.RESOLVED: "已办结", CaseStatus.VERIFIED: "已核查",
    CaseStatus.CLOSED: "已归档", CaseStatus.MERGED: "已并案", CaseStatus.WITHDRAWN: "已撤回",
}  # fmt: skip
PART_STATUSES: Final[Mapping[str, str]] = {
    PartStatus.ASSIGNED: "待签收", PartStatus.HELD: "暂缓派送", PartStatus.ACKNOWLEDGED: "已签收",
    PartStatus.IN_PROGRESS: "办理中", PartStatus.DONE: "已办", PartStatus.RETURNED: "已退单",
    PartStatus.EXCUSED: "免办", PartStatus.WITHDRAWN: "已撤回", PartStatus.INFORMED: "知会",
}  # fmt: skip
OUTCOMES: Final[Mapping[str, str]] = {
    "decided": "已重新判定", "passed_on": "已转办", "acted": "已执行", "refused": "未受理",
}  # fmt: skip

REASONS: Final[Mapping[str, str]] = {
    ReturnReason.WRONG_PLACE: "属地不符", ReturnReason.NOT_OUR_DUTY: "非本单位职责",
    ReturnReason.OWNERSHIP_UNCLEAR: "权属不清", ReturnReason.SHARED_DUTY: "职能交叉",
    ReturnReason.ALREADY_HANDLED: "已办理过", ReturnReason.INSUFFICIENT_DETAIL: "内容不足，无法办理",
}  # fmt: skip


class Words:
    """Codes told to a person, in `zh` or `en`."""

    def __init__(self, language: str, agencies: Mapping[str, str]) -> None:
        self.chinese: Final = language == "zh"
        self._agencies = agencies

    def say(self, zh: str, en: str) -> str:
        """Return one of two."""
        return zh if self.chinese else en

    def agency(self, code: str) -> str:
        """Return an agency by its title where a ruleset is at hand."""
        return self._agencies.get(code, code) if self.chinese else code

    def status(self, code: str) -> str:
        """Return a case's status."""
        return STATUSES.get(code, code) if self.chinese else plain(code)

    def part(self, code: str) -> str:
        """Return where an agency's part stands."""
        return PART_STATUSES.get(code, code) if self.chinese else plain(code)

    def role(self, code: str) -> str:
        """Return 主办, 协办, 知会."""
        return ROLES[Role(code)] if self.chinese and code in list(Role) else plain(code)

    def fact(self, code: str) -> str:
        """Return a fact."""
        return FACTS[FactKind(code)] if self.chinese and code in list(FactKind) else plain(code)

    def command(self, code: str) -> str:
        """Return a command."""
        return COMMANDS[DirectiveKind(code)] if self.chinese and code in list(DirectiveKind) else plain(code)

    def milestone(self, code: str) -> str:
        """Return 签收, 首次联系, 办结."""
        return MILESTONES[Milestone(code)] if self.chinese and code in list(Milestone) else plain(code)

    def outcome(self, code: str) -> str:
        """Return what dispatch did with a directive."""
        return OUTCOMES.get(code, code) if self.chinese else plain(code)

    def reason(self, code: str) -> str:
        """Return why a fact was told."""
        return REASONS.get(code, code) if self.chinese else plain(code)

    def late(self, ms: int) -> str:
        """Return a span as a person says it: the two greatest units."""
        units = ((86_400_000, "天", "d"), (3_600_000, "小时", "h"), (60_000, "分", "min"), (1_000, "秒", "s"))
        told = []
        for size, zh, en in units:
            count, ms = divmod(ms, size)
            if count:
                told.append(f"{count}{zh}" if self.chinese else f"{count} {en}")
        return self.say("", " ").join(told[:2]) or self.say("不到1秒", "under 1 s")


def words_of(settings: Settings, language: str | None) -> Words:
    """Return the words for a language; agencies' titles from the ruleset that topics derive from, where it loads."""
    chosen = language or settings.language
    return Words(chosen, agency_titles(settings) if chosen == "zh" else {})


def agency_titles(settings: Settings) -> dict[str, str]:
    """Return agencies' titles by code; none where no ruleset is at hand."""
    from routing_rules.engine.loader import load_directory  # late: it loads the engine

    if not settings.ruleset_dir.is_dir():
        return {}
    ruleset = load_directory(settings.ruleset_dir).ruleset
    return {} if ruleset is None else {code: agency.title for code, agency in ruleset.agencies.items()}
