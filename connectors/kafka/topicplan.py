"""What stands between the topics that the registry wants and those that a cluster has. Pure: two descriptions in, a
list of differences out.

Nothing here ever deletes or shrinks: a difference whose cure would lose records is shown with what to do by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from contracts.topics import DLQ_SUFFIX, NAME, Topics, TopicSpec

_SAFE_REPLICAS: Final = 3
_AT_LEAST_IN_SYNC: Final = "2"


class Change(StrEnum):
    """What a difference is about."""

    CREATE = "create"
    PARTITIONS = "partitions"
    CONFIG = "config"
    REPLICATION = "replication"
    OVERRIDE = "override"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it should be."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the cluster has it. `overrides` are the names of settings that somebody set on the topic itself."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]
    overrides: frozenset[str] = frozenset()
    records: int = 0
    """How many offsets lie between its beginnings and ends; 0 means that nothing can be lost or move."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `by_hand` says why `apply` leaves it, empty when `apply` cures it."""

    topic: str
    change: Change
    what: str = ""
    have: str = ""
    want: str = ""
    by_hand: str = ""
    drift: bool = True
    """False: worth saying, but the cluster is as it should be."""
    wanted: Wanted | None = field(default=None, repr=False, compare=False)


def wanted_topics(specs: Iterable[TopicSpec], topics: Topics, replication: int) -> list[Wanted]:
    """Return the topics of a deployment as they should be on its cluster."""
    extra = {"min.insync.replicas": _AT_LEAST_IN_SYNC} if replication >= _SAFE_REPLICAS else {}
    return [Wanted(spec.name, topics.partitions_of(spec), replication, {**spec.configs(), **extra}) for spec in specs]


def differences(
    wanted: Iterable[Wanted], found: Mapping[str, Found], prefix: str = "", *, grow: bool = False
) -> list[Difference]:
    """Return everything that differs, by topic. `grow` lets topics that hold records get more partitions too."""
    every = {topic.name: topic for topic in wanted}
    told = [each for name, topic in every.items() for each in _of_topic(topic, found.get(name), grow)]
    strays = (name for name in found if name not in every and is_ours(name, prefix))
    told += [Difference(name, Change.STRAY, by_hand=_STRAY, drift=False) for name in strays]
    return sorted(told, key=lambda each: (each.topic, each.change, each.what))


_STRAY: Final = "not in the registry (an agency or channel that left?); its records stay until somebody deletes it"


def is_ours(name: str, prefix: str) -> bool:
    """Return whether a topic's name follows the grammar of this deployment."""
    return name.startswith(prefix) and bool(NAME.match(name.removeprefix(prefix)))


def _of_topic(topic: Wanted, found: Found | None, grow: bool) -> Iterator[Difference]:
    if found is None:
        yield Difference(topic.name, Change.CREATE, want=f"{topic.partitions} partitions", wanted=topic)
        return
    if found.partitions != topic.partitions:
        yield _partitions(topic, found, grow)
    if found.replication != topic.replication:
        have, want = str(found.replication), str(topic.replication)
        yield Difference(topic.name, Change.REPLICATION, "copies", have, want, by_hand="reassign its partitions")
    for name, want in topic.configs.items():
        have = found.configs.get(name, "")
        if _differs(name, have, want):
            yield Difference(
                topic.name, Change.CONFIG, name, have, want, _why_not(name, have, want, found), wanted=topic
            )
    for name in sorted(found.overrides - topic.configs.keys()):
        told = found.configs.get(name, "")
        yield Difference(topic.name, Change.OVERRIDE, name, told, by_hand="set on the topic by hand; remove it there")


def _partitions(topic: Wanted, found: Found, grow: bool) -> Difference:
    why = ""
    if found.partitions > topic.partitions:
        why = "a topic can't lose partitions; raise the setting to what it has"
    elif found.records and not grow and not topic.name.endswith(DLQ_SUFFIX):
        why = "it holds records, and keys would move to other partitions than their state: drain it, then --grow"
    have, want = str(found.partitions), str(topic.partitions)
    return Difference(topic.name, Change.PARTITIONS, "count", have, want, why, wanted=topic)


def _differs(name: str, have: str, want: str) -> bool:
    if name == "cleanup.policy":
        return set(have.split(",")) != set(want.split(","))
    return have != want


def _why_not(name: str, have: str, want: str, found: Found) -> str:
    """Return why a setting is not changed: its change would lose records that the topic holds."""
    if not found.records:
        return ""
    if name == "retention.ms" and _shorter(have, want):
        return "shorter: records would be deleted; set it by hand if that is meant"
    if name == "cleanup.policy" and not set(want.split(",")) <= set(have.split(",")):
        return "records would be deleted; set it by hand if that is meant"
    return ""


def _shorter(have: str, want: str) -> bool:
    return want != "-1" and (have == "-1" or int(want) < int(have))
