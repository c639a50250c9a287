"""Offsets committed in a transaction under the group's generation (KIP-447), which aiokafka 0.14 cannot say.

aiokafka sends TxnOffsetCommit v0, and that carries no generation: an owner that froze, lost its partitions and thawed
could re-initialise its transactional id and commit what somebody else has long done (hole C). Version 3 names the
generation, the member and the instance, and the broker refuses any but the present ones. The metadata is that of the
assignment the records were taken under, never what the coordinator holds at the moment of the commit: a member that
was thrown out holds generation -1, which the broker takes for "no group" and does not check.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import aiokafka.errors as kafka_errors
from aiokafka.client import CoordinationType
from aiokafka.producer.sender import AddPartitionsToTxnHandler, Sender, TxnOffsetCommitHandler
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields
from aiokafka.structs import OffsetAndMetadata, TopicPartition

_FENCED_INSTANCE_ID = 82
_TEXT = CompactString("utf-8")
NO_LEADER_EPOCH = -1


@dataclass(frozen=True, slots=True)
class GroupMetadata:
    """Who we are in the group, as of one assignment."""

    group_id: str
    generation: int
    member_id: str
    instance_id: str | None = None

    def __post_init__(self) -> None:
        if self.generation < 0 or not self.member_id:
            raise ValueError("a commit without a generation is not checked by the broker")

    def follows(self, other: "GroupMetadata") -> bool:
        """Tell whether no other generation, and so no other owner, lay between `other` and this."""
        return self.member_id == other.member_id and self.generation == other.generation + 1


class TxnOffsetCommitResponseV3(Response):  # type: ignore[misc]
    """Error codes by topic and partition."""

    API_KEY: ClassVar[int] = 28
    API_VERSION: ClassVar[int] = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "errors",
            CompactArray(
                ("topic", _TEXT),
                (
                    "partition_errors",
                    CompactArray(("partition", Int32), ("error_code", Int16), ("tags", TaggedFields)),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class TxnOffsetCommitRequestV3(RequestStruct):  # type: ignore[misc]
    """The first flexible version of the request, and the first to carry the group's generation."""

    API_KEY = 28
    API_VERSION = 3
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = TxnOffsetCommitResponseV3
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("group_id", _TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", _TEXT),
        ("group_instance_id", _TEXT),
        (
            "topics",
            CompactArray(
                ("topic", _TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", _TEXT),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class GroupOffsetCommit(Request[TxnOffsetCommitRequestV3]):  # type: ignore[misc]
    """Builds the request; a broker older than 2.5 does not know it and is refused with `NotImplementedError`."""

    API_KEY = 28

    def __init__(
        self,
        transactional_id: str,
        producer_id: int,
        producer_epoch: int,
        group: GroupMetadata,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        by_topic: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for tp, at in sorted(offsets.items()):
            by_topic[tp.topic].append((tp.partition, at.offset, NO_LEADER_EPOCH, at.metadata, {}))
        self._fields: tuple[Any, ...] = (
            transactional_id,
            group.group_id,
            producer_id,
            producer_epoch,
            group.generation,
            group.member_id,
            group.instance_id,
            [(topic, partitions, {}) for topic, partitions in by_topic.items()],
            {},
        )

    def build(self, request_struct_class: type[TxnOffsetCommitRequestV3]) -> TxnOffsetCommitRequestV3:
        """Fill in the one version there is."""
        return request_struct_class(*self._fields)


class GenerationFenced(kafka_errors.KafkaError):  # type: ignore[misc]
    """The group has moved on: another generation owns what this transaction wanted to commit."""


class _GroupCommitHandler(TxnOffsetCommitHandler):  # type: ignore[misc]
    """Sends version 3 and reads its answer; everything else is aiokafka's own handling."""

    def create_request(self) -> GroupOffsetCommit:
        manager = self._sender._txn_manager
        group: GroupMetadata = self._sender.group_metadata
        return GroupOffsetCommit(
            manager.transactional_id, manager.producer_id, manager.producer_epoch, group, self._offsets
        )

    def handle_response(self, resp: Any) -> float | None:
        """Turn the group's refusals into an abortable error, and hand the rest on in the form of version 0."""
        plain = [(topic, [(p, code) for p, code, _ in partitions]) for topic, partitions, _ in resp.errors]
        for _, partitions in plain:
            for _, code in partitions:
                if (name := _group_refusal(code)) is not None:
                    self._sender._txn_manager.error_transaction(GenerationFenced(name))
                    return None
        resp.errors = plain
        backoff: float | None = super().handle_response(resp)
        return backoff


def _group_refusal(code: int) -> str | None:
    error = kafka_errors.for_code(code)
    if error in (kafka_errors.IllegalGenerationError, kafka_errors.UnknownMemberIdError):
        return str(error.__name__)
    return "FencedInstanceId" if code == _FENCED_INSTANCE_ID else None


class _QuickAddPartitions(AddPartitionsToTxnHandler):  # type: ignore[misc]
    """Waits our own back-off, not 20 ms, while the markers of the last transaction are still being written."""

    def handle_response(self, resp: Any) -> float | None:
        backoff: float | None = super().handle_response(resp)
        return backoff if backoff is None else min(backoff, self._default_backoff)


class GroupSender(Sender):  # type: ignore[misc]
    """aiokafka's sender with the two handlers above. `group_metadata` must be set before offsets are added."""

    group_metadata: GroupMetadata

    async def _do_add_partitions_to_txn(self, tps: Any) -> Any:
        node = await self._find_coordinator(CoordinationType.TRANSACTION, self._txn_manager.transactional_id)
        return await _QuickAddPartitions(self, tps).do(node)

    async def _do_txn_offset_commit(self, offsets: dict[TopicPartition, OffsetAndMetadata], group_id: str) -> None:
        if not offsets:
            return
        try:
            node = await self._find_coordinator(CoordinationType.GROUP, group_id)
        except kafka_errors.GroupAuthorizationFailedError as error:
            self._txn_manager.error_transaction(error)
            return
        await _GroupCommitHandler(self, offsets, group_id).do(node)
