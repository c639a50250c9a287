"""Who gets which task: partition numbers whole, evenly, and where they were.

Kafka's default deals partitions out one by one and would split a task's inputs over two workers, two owners of one
state (hole E). Here the unit is the partition number over all inputs. A member says which tasks it holds and since
which generation; it keeps them as far as its share goes, so that their states need not be read again.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

_HEAD: Final = struct.Struct(">bi")
_VERSION: Final = 1
_PROTOCOL_VERSION: Final = 0


class Holding(NamedTuple):
    """The tasks that a member holds, as of a generation; -1 for a member that was in none."""

    generation: int = -1
    tasks: frozenset[int] = frozenset()

    def encode(self) -> bytes:
        """Return the bytes that travel in the member's metadata."""
        return _HEAD.pack(_VERSION, self.generation) + b"".join(p.to_bytes(4, "big") for p in sorted(self.tasks))

    @classmethod
    def decode(cls, raw: bytes | None) -> "Holding":
        """Read one; a member whose words are unknown holds nothing."""
        if not raw or len(raw) < _HEAD.size or raw[0] != _VERSION:
            return cls()
        _, generation = _HEAD.unpack_from(raw)
        body = raw[_HEAD.size :]
        return cls(generation, frozenset(int.from_bytes(body[i : i + 4], "big") for i in range(0, len(body), 4)))


def share_out(tasks: int, holdings: Mapping[str, Holding]) -> dict[str, list[int]]:
    """Deal `tasks` partition numbers to the members: shares differ by one at most, and who holds one keeps it.

    Of two members that claim one task, the one of the later generation holds it.
    """
    claims = _claims(tasks, holdings)
    members = sorted(holdings, key=lambda member: (-len(claims[member]), member))
    least, extra = divmod(tasks, len(members))
    quota = {member: least + (i < extra) for i, member in enumerate(members)}
    kept = {member: sorted(claims[member])[: quota[member]] for member in members}
    given = {p for held in kept.values() for p in held}
    free = iter(p for p in range(tasks) if p not in given)
    for member in members:
        kept[member] += [next(free) for _ in range(quota[member] - len(kept[member]))]
    return {member: sorted(held) for member, held in kept.items()}


def _claims(tasks: int, holdings: Mapping[str, Holding]) -> dict[str, set[int]]:
    claims: dict[str, set[int]] = {member: set() for member in holdings}
    taken: set[int] = set()
    for member in sorted(holdings, key=lambda m: (-holdings[m].generation, m)):
        claims[member] = {p for p in holdings[member].tasks if p < tasks} - taken
        taken |= claims[member]
    return claims


class TaskAssignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """aiokafka's assignor protocol over `share_out`. One per consumer: it tells the group what this member holds."""

    name = "incidentbus-task"

    def __init__(self, holding: Callable[[], Holding]) -> None:
        self._holding = holding

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Return what this member subscribes to and holds."""
        return ConsumerProtocolMemberMetadata(_PROTOCOL_VERSION, sorted(topics), self._holding().encode())

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Deal out the tasks. While versions with different inputs run side by side, only the widest get any."""
        topics = sorted({topic for member in members.values() for topic in member.subscription})
        able = {
            name: Holding.decode(member.user_data)
            for name, member in members.items()
            if set(member.subscription) >= set(topics)
        }
        counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in topics}
        shares = share_out(max(counts.values(), default=0), able) if able else {}
        return {name: _assignment(shares.get(name, []), counts) for name in members}

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing to note here: the runtime is told by the rebalance listener."""


def _assignment(tasks: list[int], counts: Mapping[str, int]) -> ConsumerProtocolMemberAssignment:
    of_topics = [(topic, [p for p in tasks if p < count]) for topic, count in counts.items()]
    return ConsumerProtocolMemberAssignment(_PROTOCOL_VERSION, [(t, ps) for t, ps in of_topics if ps], b"")
