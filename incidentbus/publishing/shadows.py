"""What a shadow told: its differences from Kafka, grouped by rule and from whom to whom."""

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from connectors.kafka.clients import Connection
from contracts.errors import Permanent
from contracts.rulesetact import Act, DropReason, RulesetAct
from contracts.serde import read
from contracts.shadow import ShadowDecision
from contracts.topics import Topics
from incidentbus.publishing.book import read_book
from incidentbus.readmodel.reading import read_all


@dataclass(slots=True)
class Group:
    """Differences of one rule of the shadow, from one lead to one lead, with one incident for an example."""

    rule: str
    before: str
    after: str
    count: int = 0
    example: str = ""
    live_rules: set[str] = field(default_factory=set)
    differs: set[str] = field(default_factory=set)

    def take(self, told: ShadowDecision) -> None:
        """Enter one more difference."""
        self.count += 1
        self.example = self.example or told.incident
        self.live_rules.add(told.live.rule)
        self.differs.update(told.differs)

    def row(self) -> dict[str, Any]:
        """Return the group as it is printed."""
        return {
            "rule": self.rule, "before": self.before, "after": self.after, "count": self.count,
            "live_rule": " ".join(sorted(self.live_rules)), "differs": sorted(self.differs), "example": self.example,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """One shadow: the act that began it, the one that ended it, and its groups, the largest first."""

    act: RulesetAct
    ended: RulesetAct | None
    groups: list[Group]

    @property
    def total(self) -> int:
        """How many differences it told."""
        return sum(group.count for group in self.groups)

    @property
    def failed(self) -> bool:
        """Whether a worker had to drop it."""
        return self.ended is not None and self.ended.because not in (None, DropReason.ASKED)

    def head(self) -> dict[str, Any]:
        """Return what is told of the whole."""
        ended = self.ended.model_dump(mode="json", exclude={"effect"}) if self.ended else None
        return {
            "shadow": self.act.hash, "ruleset": self.act.ruleset, "version": self.act.version, "by": self.act.by,
            "since": self.act.at.isoformat(), "differences": self.total, "dropped": ended,
        }  # fmt: skip


async def shadow_report(connection: Connection, topics: Topics, digest: str = "") -> Report | None:
    """Return what the last shadow, or the last of that digest, told since it began; None where there was none."""
    acts = (await read_book(connection, topics)).acts
    begun = [n for n, act in enumerate(acts) if act.act is Act.SHADOW and act.hash.startswith(digest)]
    if not begun:
        return None
    act, after = acts[begun[-1]], acts[begun[-1] + 1 :]
    ended = next((each for each in after if each.hash == act.hash and each.act in (Act.DROPPED, Act.LIVE)), None)
    ended = ended if ended is not None and ended.act is Act.DROPPED else None
    since = int(act.at.timestamp() * 1000) - 1000  # the broker's clock may be a little behind ours
    told = []
    partitions = [(topics.bus("shadow-decisions"), number) for number in range(topics.spine)]
    async with aclosing(read_all(connection, partitions, since_ms=since)) as records:
        async for record in records:
            if (each := _readable(record.value)) is not None and each.shadow_hash == act.hash:
                told.append(each)
    return Report(act, ended, grouped(told))


def _readable(value: bytes | None) -> ShadowDecision | None:
    try:
        return read(ShadowDecision, value) if value else None
    except Permanent:
        return None


def grouped(told: Iterable[ShadowDecision]) -> list[Group]:
    """Return differences by the shadow's rule and from → to, the largest group first."""
    groups: dict[tuple[str, str, str], Group] = {}
    for each in told:
        key = (each.shadow.rule, each.live.lead, each.shadow.lead)
        groups.setdefault(key, Group(*key)).take(each)
    return sorted(groups.values(), key=lambda group: (-group.count, group.rule, group.before, group.after))
