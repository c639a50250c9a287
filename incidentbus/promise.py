"""What each-once-in-order asks of a cluster's settings. Pure: settings in, one line a question out.

Where a cluster has one broker, one copy is all that there can be, and the line says what that is worth; from two
brokers on the promise is that no single one takes an acknowledged record along.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.kafka.clustersettings import ClusterSettings
from connectors.kafka.topicplan import Found
from contracts.topics import DAY_MS, DLQ_SUFFIX, Cleanup, Stamp, TopicSpec

COPIES: Final = 3
"""Copies that survive the loss of one broker while another is being restarted, with two in sync at each write."""
_IN_SYNC: Final = 2
_LONGEST_AWAY_MS: Final = DAY_MS
"""A transactional id must be known for longer than a worker can be frozen and come back, or nothing fences it."""
_CLEANUP_MS: Final = 10_000  # Kafka's own; above it abandoned transactions stop readers for longer than we say
OFFSETS_MINUTES: Final = 7 * 24 * 60
"""What docs/agencies promises: so long a group may be without a member and keep its place."""
_SHOWN: Final = 3
_APPLY: Final = "incidentbus topics apply"


@dataclass(frozen=True, slots=True)
class Needs:
    """What this deployment asks for: its topics as the registry has them, and the time-outs that its workers use."""

    specs: tuple[TopicSpec, ...]
    transaction_ms: int
    session_ms: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line: right or not, what was found, what to do."""

    right: bool
    found: str
    cure: str = ""


Question = Callable[[ClusterSettings, Needs], Verdict]


def copies(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Does every acknowledged record lie on two brokers at least, and may one be away without stopping writes?"""
    alone = len(cluster.brokers) == 1
    stuck = [f"{name} (min.isr {_least(topic)} of {topic.replication})" for name, topic in _all(cluster) if
             _least(topic) > topic.replication]  # fmt: skip
    if stuck:
        return _no(
            f"不能写 / take no writes: {_some(stuck)}", "min.insync.replicas 不大于副本数 / lower it on the topic"
        )
    if alone:
        return Verdict(True, "一台 broker，一份 / one broker, one copy: 坏了盘就没有了 / a lost disk loses everything")
    few = [f"{name} ({topic.replication})" for name, topic in _all(cluster) if topic.replication < COPIES]
    if few:
        brokers = "" if len(cluster.brokers) >= COPIES else "加到三台 broker；/ three brokers; "
        return _no(
            f"{len(few)} 个主题不足 {COPIES} 份 / short of copies: {_some(few)}",
            f"{brokers}INCIDENTBUS_REPLICATION_FACTOR={COPIES}; kafka-reassign-partitions.sh",
        )
    weak = [f"{name} ({_least(topic)})" for name, topic in _all(cluster) if _least(topic) < _IN_SYNC]
    if weak:
        return _no(
            f"min.insync.replicas < {_IN_SYNC}: {_some(weak)}",
            f"{_APPLY}；Kafka 自己的主题按 broker 的 / for Kafka's own, the broker's min.insync.replicas={_IN_SYNC}",
        )
    rigid = [name for name, topic in _all(cluster) if _least(topic) == topic.replication]
    if rigid:
        return _no(f"一台不在就停 / one broker away stops writes: {_some(rigid)}", "min.insync.replicas=2")
    return Verdict(True, f"每份记录 {COPIES} 台，确认时至少 {_IN_SYNC} 台 / copies, and in sync when acknowledged")


def elections(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """May a broker that lacks acknowledged records become a leader?"""
    key = "unclean.leader.election.enable"
    bad = [name for name, topic in _all(cluster) if topic.configs.get(key) == "true"]
    bad += [f"broker {number}" for number, of in cluster.brokers.items() if of.get(key) == "true"]
    if bad:
        return _no(f"{key}=true: {_some(bad)}", f"{key}=false：落后的副本当选会丢记录 / an election would lose records")
    return Verdict(True, "只有同步的副本能当选 / only copies in sync are elected")


def transactions(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Does the coordinator grant our transactions, keep their ids long enough, and settle abandoned ones soon?"""
    for number, of in cluster.brokers.items():
        if _number(of, "transaction.max.timeout.ms") < needs.transaction_ms:
            most = of["transaction.max.timeout.ms"]
            return _no(
                f"broker {number}: transaction.max.timeout.ms={most} < {needs.transaction_ms}",
                "降低 / lower INCIDENTBUS_TRANSACTION_TIMEOUT，或提高 broker 的 / or raise the broker's",
            )
        if _number(of, "transactional.id.expiration.ms") < _LONGEST_AWAY_MS:
            expires = of["transactional.id.expiration.ms"]
            return _no(
                f"broker {number}: transactional.id.expiration.ms={expires}",
                f"至少 / at least {_LONGEST_AWAY_MS}：过期的旧进程挡不住 / a forgotten worker is not fenced",
            )
        sweep = "transaction.abort.timed.out.transaction.cleanup.interval.ms"
        if _number(of, sweep) > _CLEANUP_MS:
            return _no(f"broker {number}: {sweep}={of[sweep]}", f"{_CLEANUP_MS} 或更小 / or less; 1000 最好 / is best")
    return Verdict(
        True, f"事务时限 / time-out {needs.transaction_ms / 1000:g} s 被接受，编号记得够久 / granted, ids kept"
    )


def sessions(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Will the group take a worker with our session time-out?"""
    for number, of in cluster.brokers.items():
        least, most = (_number(of, f"group.{end}.session.timeout.ms") for end in ("min", "max"))
        if not least <= needs.session_ms <= most:
            return _no(
                f"broker {number}: {least:g}-{most:g} ms，我们 / ours {needs.session_ms}",
                "改 / set INCIDENTBUS_SESSION_TIMEOUT，或 broker 的 / or the broker's group.min.session.timeout.ms",
            )
    return Verdict(True, f"会话时限 / session time-out {needs.session_ms / 1000:g} s 被接受 / granted")


def retention(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Is what was seen remembered for longer than a report can be read again, and is nothing cut off by size?"""
    topics = cluster.topics
    seen = [name for name in topics if name.endswith("bus.intake-state.v1")]
    if not seen:
        return _no("没有主题可查 / there are no topics to look at", _APPLY)
    horizon = min(_kept(topics[name]) for name in seen)
    longer = [
        f"{spec.name} ({_days(_kept(topics[spec.name]))})"
        for spec in needs.specs
        if spec.example in ("reports", "rekeyed-reports")
        and not spec.name.endswith(DLQ_SUFFIX)
        and spec.name in topics
        and _kept(topics[spec.name]) > horizon
    ]
    if longer:
        return _no(
            f"来件留得比去重记忆久 / kept for longer than seen ids ({_days(horizon)}): {_some(longer)}",
            "缩短来件的 retention.ms 或延长 bus.intake-state.v1 的 / shorten theirs, or lengthen the latter's: "
            "重放会成为新件 / a replay would come as new",
        )
    for told, cure in (_forgotten(cluster, needs), _cut(topics)):
        if told:
            return _no(told, cure)
    return Verdict(True, f"去重记 / seen ids are kept {_days(horizon)}，来件不比它久 / reports no longer")


def _forgotten(cluster: ClusterSettings, needs: Needs) -> tuple[str, str]:
    """Topics that must keep the last word on each key, and would delete it."""
    lossy = [
        spec.name
        for spec in needs.specs
        if spec.cleanup is Cleanup.COMPACT
        and spec.name in cluster.topics
        and "delete" in cluster.topics[spec.name].configs.get("cleanup.policy", "")
    ]
    return (f"cleanup.policy 含 delete / would forget: {_some(lossy)}" if lossy else ""), "cleanup.policy=compact"


def _cut(topics: Mapping[str, Found]) -> tuple[str, str]:
    cut = [
        f"{name} ({topic.configs['retention.bytes']})"
        for name, topic in topics.items()
        if "delete" in topic.configs.get("cleanup.policy", "") and topic.configs.get("retention.bytes", "-1") != "-1"
    ]
    told = f"retention.bytes 会先删 / deletes before retention.ms does: {_some(cut)}" if cut else ""
    return told, "retention.bytes=-1（主题或 broker 的 log.retention.bytes / on the topic, or log.retention.bytes）"


def stamps(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Does the broker stamp what comes from outside? Deadlines and retention run from that stamp."""
    bad, looked = [], 0
    for spec in needs.specs:
        found = cluster.topics.get(spec.name)
        if spec.stamp is Stamp.LOG_APPEND and found is not None:
            looked += 1
            if found.configs.get("message.timestamp.type") != Stamp.LOG_APPEND:
                bad.append(spec.name)
    if bad:
        return _no(
            f"message.timestamp.type: {_some(bad)}", f"{_APPLY}：时限从 broker 的时间起算 / deadlines run from it"
        )
    if not looked:
        return _no("没有主题可查 / there are no topics to look at", _APPLY)
    return Verdict(True, f"{looked} 个主题由 broker 打时间戳 / topics are stamped by the broker")


def creation(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Can a misspelt name make a topic?"""
    bad = [
        f"broker {number}" for number, of in cluster.brokers.items() if of.get("auto.create.topics.enable") != "false"
    ]
    if bad:
        return _no(
            f"auto.create.topics.enable=true: {_some(bad)}", "false：写错的名字会成为主题 / a typo becomes a topic"
        )
    return Verdict(True, "主题不会自己冒出来 / no topic is made by accident")


def offsets(cluster: ClusterSettings, needs: Needs) -> Verdict:
    """Does a group that is away for a week keep its place, and do Kafka's own accounts survive a broker?"""
    for number, of in cluster.brokers.items():
        if _number(of, "offsets.retention.minutes") < OFFSETS_MINUTES:
            return _no(
                f"broker {number}: offsets.retention.minutes={of['offsets.retention.minutes']}",
                f"至少 / at least {OFFSETS_MINUTES}：单位停机后会从头再读 / an agency that was away would begin anew",
            )
        if len(cluster.brokers) > 1:
            weak = [f"{key}={of.get(key)}" for key, least in _ACCOUNTS.items() if _number(of, key) < least]
            if weak:
                return _no(f"broker {number}: {_some(weak)}", "；".join(f"{k}={v}" for k, v in _ACCOUNTS.items()))
    made = "、".join(f"{name} ×{topic.replication}" for name, topic in sorted(cluster.internal.items()))
    minutes = min(_number(of, "offsets.retention.minutes") for of in cluster.brokers.values())
    return Verdict(True, f"位点留 / places are kept {minutes / 1440:g} 天 / days; {made or '-'}")


_ACCOUNTS: Final = {
    "offsets.topic.replication.factor": COPIES,
    "transaction.state.log.replication.factor": COPIES,
    "transaction.state.log.min.isr": _IN_SYNC,
}

QUESTIONS: Final[dict[str, Question]] = {
    "copies": copies,
    "elections": elections,
    "transactions": transactions,
    "sessions": sessions,
    "retention": retention,
    "stamps": stamps,
    "creation": creation,
    "offsets": offsets,
}
"""In the order in which the doctor asks them."""


def _all(cluster: ClusterSettings) -> Iterator[tuple[str, Found]]:
    yield from sorted({**cluster.topics, **cluster.internal}.items())


def _least(topic: Found) -> int:
    return int(topic.configs.get("min.insync.replicas", "1"))


def _kept(topic: Found) -> float:
    """For how long records are kept, in milliseconds; for ever where nothing is deleted by age."""
    told = topic.configs.get("retention.ms", "-1")
    by_age = "delete" in topic.configs.get("cleanup.policy", "")
    return float(told) if by_age and told != "-1" else float("inf")


def _days(ms: float) -> str:
    return "∞" if ms == float("inf") else f"{ms / DAY_MS:g} 天 d"


def _number(of: Mapping[str, str], key: str) -> float:
    """Return a broker's number; 0 where it doesn't say, which no question takes for enough."""
    return float(of.get(key) or 0)


def _no(found: str, cure: str) -> Verdict:
    return Verdict(False, found, cure)


def _some(names: list[str]) -> str:
    more = f" … ({len(names)})" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
