"""Records that aiokafka cannot read: a header name that is not UTF-8.

Nobody checks header names on the way in, neither client nor broker, and aiokafka raises while it unpacks: the batch can
neither be read nor passed, and one careless publisher would stop a stage for good. Here such a fetch is read once more
with the bytes at fault replaced by `?`; key, value and header values stay as they came. `Supply` mends what tasks
take; whoever else reads a topic reads it through a `MendingConsumer`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

from streams.gate.freshness import keep_fresh

_READ_COMMITTED: Final = 1
_MAGIC_V2: Final = 2
_MAGIC_AT: Final = 16
_BYTES: Final = 4 << 20
_WAIT_MS: Final = 500
_MENDINGS: Final = 5
"""For one reading: what is fetched between two mendings may want mending too."""


class _MendedBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    """A batch whose header names are made readable before they are read."""

    def _read_msg(self) -> Any:
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            self._mend_names()
            return super()._read_msg()

    def _mend_names(self) -> None:
        buffer, pos = self._buffer, self._pos
        for _ in range(4):  # length, attributes, timestamp delta, offset delta
            _, pos = decode_varint(buffer, pos)
        for _ in range(2):  # key, value
            pos = _behind(buffer, pos)
        count, pos = decode_varint(buffer, pos)
        for _ in range(count):
            size, pos = decode_varint(buffer, pos)
            buffer[pos : pos + size] = mended(bytes(buffer[pos : pos + size]))
            pos = _behind(buffer, pos + size)


def _behind(buffer: bytearray, pos: int) -> int:
    size, pos = decode_varint(buffer, pos)
    return int(pos) + max(int(size), 0)


def mended(name: bytes) -> bytes:
    """Return `name` with what is not UTF-8 replaced, byte for byte, by question marks."""
    while True:
        try:
            name.decode()
        except UnicodeDecodeError as error:
            name = name[: error.start] + b"?" * (error.end - error.start) + name[error.end :]
        else:
            return name


class _MendedRecords:
    """The records of one fetch, batch by batch, as `PartitionRecords` asks for them."""

    def __init__(self, raw: bytes) -> None:
        self._records = _MemoryRecordsPy(raw)

    def has_next(self) -> bool:
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        raw = self._records._next_slice
        batch = self._records.next_batch()
        return _MendedBatch(raw) if raw[_MAGIC_AT] >= _MAGIC_V2 else batch


async def mend(consumer: AIOKafkaConsumer, tps: list[TopicPartition]) -> None:
    """Fetch `tps` anew from where each stands and lay the mended records where `getmany` finds them.

    Raises aiokafka's `KafkaError`.
    """
    for tp in tps:
        leader = consumer._client.cluster.leader_for_partition(tp)
        position = await consumer.position(tp)
        wanted = [(tp.topic, [(tp.partition, position, _BYTES)])]
        request = FetchRequest(_WAIT_MS, 1, _BYTES, _READ_COMMITTED, wanted)
        response = await consumer._client.send(leader, request)
        [(_, [(_, code, _, *parts)])] = response.topics
        if code:
            raise for_code(code)()
        aborted = parts[2] if response.API_VERSION >= 11 else parts[-2]
        if parts[-1]:
            _lay(consumer, tp, position, parts[-1], aborted)


def _lay(consumer: AIOKafkaConsumer, tp: TopicPartition, position: int, raw: bytes, aborted: Any) -> None:
    assignment = consumer._subscription.subscription.assignment
    if assignment is None or assignment.state_value(tp) is None:
        return
    records = PartitionRecords(tp, _MendedRecords(raw), aborted, position, None, None, True, _READ_COMMITTED)
    consumer._fetcher._records[tp] = FetchResult(tp, assignment=assignment, partition_records=records, backoff=0)


class MendingConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer outside any group that stumbles over no header name: what cannot be unpacked it reads mended."""

    async def start(self) -> None:
        """Connect as aiokafka's own does, and keep the metadata fresh."""
        await super().start()
        keep_fresh(self._client)

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Any]]:
        """Return records as aiokafka's own does."""
        reading = super().getmany
        taken: dict[TopicPartition, list[Any]] = await self._mending(
            lambda: reading(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        )
        return taken

    async def getone(self, *partitions: TopicPartition) -> Any:
        """Return the next record as aiokafka's own does."""
        reading = super().getone
        return await self._mending(lambda: reading(*partitions))

    async def _mending(self, reading: Callable[[], Awaitable[Any]]) -> Any:
        # aiokafka forgets what it had drawn of other partitions when one raises, but has moved on in them
        before = {tp: await self.position(tp) for tp in self.assignment() - self.paused()}
        for _ in range(_MENDINGS):
            try:
                return await reading()
            except UnicodeDecodeError:
                await self._mend_from(before)
        return await reading()

    async def _mend_from(self, before: Mapping[TopicPartition, int]) -> None:
        tps = sorted(before)
        self.pause(*tps)  # or the fetcher would lay the unreadable records there again
        for tp, position in before.items():
            self.seek(tp, position)
        try:
            await mend(self, tps)
        finally:
            self.resume(*tps)
