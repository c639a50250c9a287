"""Who may do what, from the registry: one line per principal, operation and thing, by its literal name, no wildcard.

Principals: `User:channel.<code>`, `User:agency.<code>`, `User:bus.<stage>` and `User:operators`. A line holds the
arguments of Kafka's own `kafka-acls.sh --add`.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from contracts.topics import DLQ_SUFFIX, OBSERVERS, STAGES, Topics, TopicSpec

OPERATORS: Final = "User:operators"


class Grant(NamedTuple):
    """One literal permission."""

    principal: str
    operation: str
    kind: str
    """`topic`, `group`, `transactional-id`, or `cluster`, of which there is one."""
    name: str

    def arguments(self) -> str:
        """Return the grant as arguments of `kafka-acls.sh`."""
        what = f"--{self.kind} {self.name}" if self.kind != "cluster" else "--cluster"
        return f"--add --allow-principal {self.principal} --operation {self.operation} {what}"


def topic_grants(specs: Iterable[TopicSpec], prefix: str = "") -> Iterator[Grant]:
    """Yield what each writer and reader of each topic needs."""
    for spec in specs:
        for operation, parties in (("Write", spec.writers), ("Read", spec.readers)):
            for party in parties:
                yield from _both(principal(spec, party, prefix), operation, "topic", spec.name)


def stage_grants(topics: Topics, worker_prefix: str, stages: Iterable[str] = STAGES) -> Iterator[Grant]:
    """Yield what each stage needs beside topics: its group, and one transactional id for each of its tasks.

    Both are called `<worker_prefix><stage>`, the ids with the task's number behind.
    """
    for stage in stages:
        who, name = f"User:bus.{stage}", f"{worker_prefix}{stage}"
        yield from _both(who, "Read", "group", name)
        for task in range(topics.feedback if stage == "feedback" else topics.spine):
            yield from _both(who, "Write", "transactional-id", f"{name}-{task}")


def observer_grants(worker_prefix: str, observers: Iterable[str] = OBSERVERS) -> Iterator[Grant]:
    """Yield the consumer group of each observer: it promises nothing, and so has no transactions."""
    for observer in observers:
        yield from _both(f"User:bus.{observer}", "Read", "group", f"{worker_prefix}{observer}")


def outsider_grants(channels: Iterable[str], agencies: Iterable[str], prefix: str = "") -> Iterator[Grant]:
    """Yield the one consumer group that each channel and agency may read with, called as its principal."""
    for name in [*(f"channel.{code}" for code in channels), *(f"agency.{code}" for code in agencies)]:
        yield from _both(f"User:{name}", "Read", "group", f"{prefix}{name}")


def operator_grants(specs: Iterable[TopicSpec]) -> Iterator[Grant]:
    """Yield what operators need beside what the registry says of them.

    They read everything (`incidents trace`, `dlq show`), write again what was dead-lettered (`dlq redrive`), and make
    and alter topics (`topics apply`, `rules publish`).
    """
    every = {spec.name for spec in specs}
    for name in every:
        for operation in ("Read", "Describe", "Create", "Alter", "AlterConfigs", "DescribeConfigs"):
            yield Grant(OPERATORS, operation, "topic", name)
        if name + DLQ_SUFFIX in every:
            yield Grant(OPERATORS, "Write", "topic", name)


def watch_grants(topics: Topics, agencies: Iterable[str]) -> Iterator[Grant]:
    """Yield what operators need besides: for `doctor` and the watch, and the transactional ids that they share."""
    yield Grant(OPERATORS, "Describe", "cluster", "kafka-cluster")
    yield Grant(OPERATORS, "DescribeConfigs", "cluster", "kafka-cluster")
    for name in ("__consumer_offsets", "__transaction_state"):
        yield Grant(OPERATORS, "Describe", "topic", name)
        yield Grant(OPERATORS, "DescribeConfigs", "topic", name)
    for code in agencies:
        yield Grant(OPERATORS, "Describe", "group", topics.agency_group(code))
    for shared in (
        "dead-letter-handling",
        "ruleset-publishing",
    ):  # whoever redrives or publishes last fences the others
        yield from _both(OPERATORS, "Write", "transactional-id", f"{topics.prefix}{shared}")


def _both(who: str, operation: str, kind: str, name: str) -> Iterator[Grant]:
    yield Grant(who, operation, kind, name)
    yield Grant(who, "Describe", kind, name)


def principal(spec: TopicSpec, party: str, prefix: str = "") -> str:
    """Return who a writer or reader of the registry is to the cluster."""
    if party == "operators":
        return OPERATORS
    kind = spec.name.removeprefix(prefix).split(".", 1)[0]
    return f"User:{kind}.{party}" if kind != "bus" and party == spec.owner else f"User:bus.{party}"


def render(grants: Iterable[Grant]) -> str:
    """Return the grants one a line, each once, sorted."""
    return "".join(f"{grant.arguments()}\n" for grant in sorted(set(grants)))
