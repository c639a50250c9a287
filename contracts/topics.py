"""The one registry of topics: creation, ACLs, docs, checks and every stage's names derive from it.

Grammar: `<kind>.<owner>.<noun>.v<major>[.dlq]`, kind channel, agency or bus; lower case, hyphens, no underscores; a
deployment's prefix stands before it (counties that share a cluster differ by it). Where nothing is said, a topic has
the spine's partition count: one task sees all of one case because every key is the incident id (DESIGN §3).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

DAY_MS: Final = 86_400_000
MAX_MESSAGE_BYTES: Final = 1_048_588  # Kafka's own default of message.max.bytes
CARRIED_ON: Final = 65_536
"""What a topic takes beyond that where records come with headers of ours added: a report of the greatest size that its
own topic takes must still fit when it is passed on or kept as a dead letter."""
DLQ_SUFFIX: Final = ".dlq"
NAME: Final = re.compile(r"^(channel|agency|bus)(\.[a-z0-9]+(-[a-z0-9]+)*){1,2}\.v[1-9][0-9]*(\.dlq)?$")


class Cleanup(StrEnum):
    """What Kafka does with old records."""

    DELETE = "delete"
    COMPACT = "compact"
    COMPACT_DELETE = "compact,delete"


class Stamp(StrEnum):
    """Whose clock a record's timestamp is."""

    CREATE = "CreateTime"
    LOG_APPEND = "LogAppendTime"


class Partitions(StrEnum):
    """From which of the deployment's figures a topic takes its partition count."""

    SPINE = "spine"
    AGENCY = "agency"
    FEEDBACK = "feedback"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """All that is known of a topic. `key` says what records are keyed by; `schema` names the model of the value.

    `retention_ms` -1 keeps for ever. `example` is the folder under contracts/examples with its golden messages.
    """

    name: str
    owner: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    key: str
    schema: str
    about: str
    partitions: Partitions = Partitions.SPINE
    cleanup: Cleanup = Cleanup.DELETE
    retention_ms: int = 30 * DAY_MS
    stamp: Stamp = Stamp.LOG_APPEND
    max_message_bytes: int = MAX_MESSAGE_BYTES
    example: str = ""

    def configs(self) -> dict[str, str]:
        """Return the topic-level settings that this topic must have on the broker."""
        return {
            "cleanup.policy": self.cleanup.value,
            "retention.ms": str(self.retention_ms),
            "message.timestamp.type": self.stamp.value,
            "max.message.bytes": str(self.max_message_bytes),
        }


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one deployment: names with its prefix, partition counts from its figures."""

    prefix: str = ""
    spine: int = 8
    agency: int = 1
    feedback: int = 1

    def partitions_of(self, spec: TopicSpec) -> int:
        """Return how many partitions a topic has in this deployment."""
        counts = {
            Partitions.SPINE: self.spine,
            Partitions.AGENCY: self.agency,
            Partitions.FEEDBACK: self.feedback,
            Partitions.ONE: 1,
        }
        return counts[spec.partitions]

    def channel_reports(self, channel: str) -> str:
        """Return the topic on which a channel publishes its native payloads."""
        return f"{self.prefix}channel.{channel}.reports.v1"

    def channel_outcomes(self, channel: str) -> str:
        """Return the topic on which a channel learns what became of its reports."""
        return f"{self.prefix}channel.{channel}.outcomes.v1"

    def agency_assignments(self, agency: str) -> str:
        """Return the topic from which an agency takes its assignments."""
        return f"{self.prefix}agency.{agency}.assignments.v1"

    def agency_group(self, agency: str) -> str:
        """Return the one consumer group that an agency may read its assignments with."""
        return f"{self.prefix}agency.{agency}"

    def agency_feedback(self, agency: str) -> str:
        """Return the topic on which an agency tells what it did."""
        return f"{self.prefix}agency.{agency}.feedback.v1"

    def bus(self, noun: str) -> str:
        """Return one of the bus's own topics: `incidents`, `decisions`, `directives`, …"""
        return f"{self.prefix}bus.{noun}.v1"

    def dead_letters(self, topic: str) -> str:
        """Return where what could not be taken from `topic` is kept."""
        return topic + DLQ_SUFFIX

    def specs(self, channels: Iterable[str], agencies: Iterable[str]) -> tuple[TopicSpec, ...]:
        """Return every topic of the deployment, dead letters included, in the order of their names."""
        declared = [*BUS, *_of_channels(channels), *_of_agencies(agencies)]
        everything = [*declared, *(_dead_letters_of(spec) for spec in declared if _is_input(spec))]
        return tuple(sorted((replace(s, name=self.prefix + s.name) for s in everything), key=lambda spec: spec.name))


def _is_input(spec: TopicSpec) -> bool:
    return spec.example in _INPUTS


def _dead_letters_of(spec: TopicSpec) -> TopicSpec:
    return replace(
        spec,
        name=spec.name + DLQ_SUFFIX,
        writers=(*(reader for reader in spec.readers if reader in STAGES), *_JUDGES.get(spec.example, ())),
        readers=("operators",),
        key="the original record's",
        schema="DeadLetter",
        about=f"records of {spec.name} that could not be taken further, with their bytes and headers",
        cleanup=Cleanup.DELETE,
        retention_ms=90 * DAY_MS,
        stamp=Stamp.LOG_APPEND,
        max_message_bytes=spec.max_message_bytes + CARRIED_ON,
        example="dead-letters",
    )


def _of_channels(channels: Iterable[str]) -> Iterator[TopicSpec]:
    for channel in sorted(set(channels)):
        yield TopicSpec(
            f"channel.{channel}.reports.v1", channel, (channel,), ("intake",), "external id",
            f"native:{channel}", "a channel's native payloads, kept before anything interprets them",
            stamp=Stamp.LOG_APPEND, retention_ms=365 * DAY_MS, example="reports",
        )  # fmt: skip
        yield TopicSpec(
            f"channel.{channel}.outcomes.v1", channel, ("supervise",), (channel,), "incident id",
            "Outcome", "what became of a channel's reports", example="outcomes",
        )  # fmt: skip


def _of_agencies(agencies: Iterable[str]) -> Iterator[TopicSpec]:
    for agency in sorted(set(agencies)):
        yield TopicSpec(
            f"agency.{agency}.assignments.v1", agency, ("dispatch",), (agency,), "incident id",
            "Assignment", "what this agency leads, helps with or is told of",
            partitions=Partitions.AGENCY, retention_ms=365 * DAY_MS, example="assignments",
        )  # fmt: skip
        yield TopicSpec(
            f"agency.{agency}.feedback.v1", agency, (agency,), ("feedback",), "incident id",
            "Feedback", "what this agency tells of its cases",
            partitions=Partitions.FEEDBACK, stamp=Stamp.LOG_APPEND, example="agency-feedback",
        )  # fmt: skip


STAGES: Final = ("intake", "dispatch", "feedback", "supervise")
OBSERVERS: Final = ("surge",)
"""Who watches and advises, outside every transaction; `likeness` is spoken of and not built."""
_INPUTS: Final = frozenset(
    {
        "reports",
        "rekeyed-reports",
        "incidents",
        "directives",
        "agency-feedback",
        "decisions",
        "feedback",
        "surge-sightings",
    }
)
_JUDGES: Final = {
    "agency-feedback": ("supervise",),
    "directives": ("supervise",),
    "incidents": ("surge",),
    "surge-sightings": ("surge",),
}
"""Who else refuses an input's records: what may not be told of a case, or commanded of it, supervise knows; an observer
keeps what it could not read, and goes on."""


def _bus(noun: str, writers: tuple[str, ...], readers: tuple[str, ...], key: str, schema: str, about: str) -> TopicSpec:
    return TopicSpec(f"bus.{noun}.v1", "bus", writers, readers, key, schema, about, example=noun)


BUS: Final = (
    replace(
        _bus("rekeyed-reports", ("intake", "operators"), ("intake",), "incident id", "native",
             "reports that a publisher put on another partition than ours, passed on as they came"),
        retention_ms=365 * DAY_MS, max_message_bytes=MAX_MESSAGE_BYTES + CARRIED_ON,
    ),
    replace(
        _bus("incidents", ("intake",), ("dispatch", "surge", "likeness"), "incident id", "Incident",
             "matters as intake understood them"),
        stamp=Stamp.LOG_APPEND, retention_ms=365 * DAY_MS,
    ),
    replace(
        _bus("directives", ("operators", "dispatch", "supervise", "surge", "likeness"), ("dispatch",), "incident id",
             "Directive", "commands to the bus"),
        stamp=Stamp.LOG_APPEND, retention_ms=365 * DAY_MS,
    ),
    replace(
        _bus("decisions", ("dispatch",), ("supervise", "operators"), "incident id", "Decision",
             "every decision with its whole trace, and every directive that was acted on, once"),
        retention_ms=-1,
    ),
    replace(
        _bus("feedback", ("intake", "feedback"), ("supervise",), "incident id", "Feedback",
             "facts about cases, checked"),
        retention_ms=365 * DAY_MS,
    ),
    replace(
        _bus("lifecycle", ("supervise",), ("surge", "likeness", "operators"), "incident id",
             "LifecycleFact", "what happened to every case, in order, with where it left it"),
        retention_ms=-1,
    ),
    replace(
        _bus("cases", ("supervise",), ("supervise", "operators"), "incident id", "state:supervise",
             "every case as it stands: supervise's changelog, and what read models are built from"),
        cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("intake-state", ("intake",), ("intake",), "digest of channel and external id", "state:intake",
             "seen external ids: intake's changelog"),
        cleanup=Cleanup.COMPACT_DELETE, retention_ms=400 * DAY_MS,
    ),
    replace(
        _bus("dispatch-state", ("dispatch",), ("dispatch",), "incident id", "state:dispatch",
             "rounds, returns and directives seen: dispatch's changelog"),
        cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("rulesets", ("operators",), STAGES, "content digest", "RulesetBundle",
             "every ruleset ever in force, whole"),
        partitions=Partitions.ONE, cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("ruleset-in-force", ("operators",), STAGES, "the word `in-force`", "RulesetPointer",
             "which ruleset decides now"),
        partitions=Partitions.ONE, cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("ruleset-acts", ("operators", "dispatch"), ("operators", "dispatch"), "content digest", "RulesetAct",
             "what was published, proposed, taken back, put in shadow or dropped: by whom, why, to what effect"),
        partitions=Partitions.ONE, retention_ms=-1,
    ),
    replace(
        _bus("shadow-decisions", ("dispatch",), ("operators",), "incident id", "ShadowDecision",
             "where a ruleset in shadow would have decided otherwise; no agency reads it"),
        retention_ms=90 * DAY_MS,
    ),
    replace(
        _bus("modes", ("operators",), STAGES, "jurisdiction or area", "ModeRecord",
             "declared emergencies: who, why, until when"),
        partitions=Partitions.ONE, cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("inputs", (*STAGES, "operators"), (*STAGES, "operators"), "stage/topic/partition", "InputState",
             "inputs that the dead-letter bound has paused, and their resumption"),
        partitions=Partitions.ONE, cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("dead-letter-handling", ("operators",), ("operators",), "topic/partition/offset of the dead letter",
             "DeadLetterHandling", "which dead letters were redriven or discarded, by whom and why"),
        partitions=Partitions.ONE, cleanup=Cleanup.COMPACT_DELETE, retention_ms=400 * DAY_MS,
    ),
    replace(
        _bus("surges", ("surge",), ("operators",), "surge id", "Surge",
             "surges begun, grown and over: far more of a kind in a town than its own history knows"),
        partitions=Partitions.ONE, retention_ms=-1,
    ),
    replace(
        _bus("surge-sightings", ("surge",), ("surge",), "town, category, exercise or not", "state:surge",
             "incidents as surge regroups them for itself, by town and category"),
        retention_ms=7 * DAY_MS,
    ),
    replace(
        _bus("surge-state", ("surge",), ("surge",), "town, category, exercise or not", "state:surge",
             "the history of each town and category, and the surge under way: a Faust table's changelog"),
        cleanup=Cleanup.COMPACT, retention_ms=-1,
    ),
    replace(
        _bus("probes", ("operators",), ("operators",), "who asks", "Probe",
             "a record that `doctor` writes to learn the broker's clock and how long a write takes"),
        partitions=Partitions.ONE, retention_ms=DAY_MS // 24, stamp=Stamp.LOG_APPEND,
    ),
)  # fmt: skip
