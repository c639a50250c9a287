"""What was done with rulesets, by whom and why: the book that is only added to, beside the pointer that decides.

The pointer (`contracts.ruleset`) says which ruleset decides now and is compacted; these acts are kept for ever. What is
proposed and waits for a second person, which ruleset is in shadow, and which versions were live before follow from
them alone, in their order (`standing`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import Field

from contracts.moments import Moment
from contracts.report import Code, Wire

DIGEST: Final = r"^[0-9a-f]{64}$"


class Act(StrEnum):
    """What was done with a ruleset."""

    PROPOSED = "proposed"
    LIVE = "live"
    ROLLED_BACK = "rolled_back"
    SHADOW = "shadow"
    DROPPED = "dropped"


class Stage(StrEnum):
    """Where a ruleset is published to."""

    SHADOW = "shadow"
    LIVE = "live"


class DropReason(StrEnum):
    """Why a shadow decides no more: somebody said so, or a worker had to."""

    ASKED = "asked"
    RAISED = "raised"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    NOT_WRITABLE = "not_writable"


class Effect(Wire):
    """What changes against the ruleset in force: ids of rules, and the other files whose content is another."""

    against: str = ""  # the digest of what was in force; empty: nothing was
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()  # the same rule at another place among the others
    files: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.added or self.removed or self.changed or self.moved or self.files)


class RulesetAct(Wire):
    """One act. `by` is an office or, where two persons are asked for, somebody of it; `detail` says why it was dropped.

    `before` is the digest that was in force until then. `seen` says how the difference was seen: `asked`, `yes`,
    `diff`, or `first` where there was nothing to differ from.
    """

    act: Act
    ruleset: Code
    version: str
    hash: str = Field(pattern=DIGEST)
    at: Moment
    by: str
    reason: str = ""
    approved_by: str = ""
    before: str = ""
    effect: Effect | None = None
    seen: str = ""
    because: DropReason | None = None
    detail: str = ""


@dataclass
class Standing:
    """Where the acts leave things: `lives` is the way back, the newest last; a rollback goes back along it."""

    lives: list[RulesetAct] = field(default_factory=list)
    shadow: RulesetAct | None = None
    dropped: RulesetAct | None = None  # the last shadow that was dropped, by whomever
    proposed: dict[str, RulesetAct] = field(default_factory=dict)

    def take(self, act: RulesetAct) -> None:
        """Enter one more act."""
        if act.act is Act.PROPOSED:
            self.proposed[act.hash] = act
        elif act.act is Act.SHADOW:
            self.shadow, self.dropped = act, None
        elif act.act is Act.DROPPED:
            self._drop(act)
        elif act.act is Act.ROLLED_BACK:
            self._back(act)
        else:
            self.proposed.pop(act.hash, None)
            self.lives.append(act)
            if self.shadow is not None and self.shadow.hash == act.hash:
                self.shadow = None

    def previous(self, current: str) -> RulesetAct | None:
        """Return what was live before `current`; another digest, however often that one was published."""
        where = max((n for n, act in enumerate(self.lives) if act.hash == current), default=len(self.lives))
        return next((act for act in reversed(self.lives[:where]) if act.hash != current), None)

    def _drop(self, act: RulesetAct) -> None:
        if self.shadow is not None and self.shadow.hash == act.hash:
            self.shadow, self.dropped = None, act
        self.proposed.pop(act.hash, None) if act.because is DropReason.ASKED else None

    def _back(self, act: RulesetAct) -> None:
        known = [n for n, live in enumerate(self.lives) if live.hash == act.hash]
        if known:
            del self.lives[known[-1] + 1 :]
        else:
            self.lives.append(act)


def standing(acts: Iterable[RulesetAct]) -> Standing:
    """Return where acts leave things, in the order in which they lie on the topic."""
    made = Standing()
    for act in acts:
        made.take(act)
    return made
