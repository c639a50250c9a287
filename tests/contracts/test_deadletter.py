"""Dead letters: whatever came is kept as it came, or what did not fit is named."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.codes import ReasonCode
from contracts.deadletter import DETAIL_LIMIT, DeadLetter, dead_letter, original
from contracts.ports import Emit

NAMES = st.text(st.characters(codec="utf-8"), max_size=12)
HEADERS = st.lists(st.tuples(NAMES, st.one_of(st.none(), st.binary(max_size=40))), max_size=5)
BYTES = st.one_of(st.none(), st.binary(max_size=2_000))


@dataclass(frozen=True)
class Record:
    value: bytes | None
    key: bytes | None = b"k"
    headers: Any = ()
    topic: str = "channel.petition.reports.v1"
    partition: int = 3
    offset: int = 41
    timestamp: int = 1_778_551_200_000


def as_read(emit: Emit) -> Any:
    return Record(emit.value, emit.key, emit.headers, emit.topic, emit.partition)


def bury(record: Record, detail: str = "", **more: Any) -> Emit:
    return dead_letter(record, ReasonCode.UNPARSABLE, detail, stage="intake", at_ms=7, **more)


@given(BYTES, st.one_of(st.none(), st.binary(max_size=40)), HEADERS, st.text(max_size=400))
def test_a_dead_letter_gives_back_the_record_it_was_made_of(value: Any, key: Any, headers: Any, detail: str) -> None:
    record = Record(value, key, headers)
    emit = bury(record, detail)
    assert (emit.topic, emit.partition) == ("channel.petition.reports.v1.dlq", 3)
    letter = DeadLetter.of(as_read(emit))
    assert (letter.topic, letter.partition, letter.offset, letter.timestamp, letter.at) == (
        record.topic, 3, 41, record.timestamp, 7,
    )  # fmt: skip
    assert letter.detail == detail[:DETAIL_LIMIT].encode("utf-8", "replace").decode()
    assert not letter.truncated
    theirs = tuple((name, value) for name, value in headers if not name.startswith("dlq_"))
    assert original(letter) == Emit(record.topic, 3, key, value, theirs)


@given(BYTES, BYTES, HEADERS, st.integers(700, 3_000))
def test_what_does_not_fit_is_cut_and_said(value: Any, key: Any, headers: Any, room: int) -> None:
    emit = bury(Record(value, key, headers), room=room)
    size = len(emit.key or b"") + len(emit.value or b"")
    size += sum(len(name.encode()) + len(header or b"") for name, header in emit.headers)
    assert size <= room
    letter = DeadLetter.of(as_read(emit))
    if letter.value != value:
        assert value.startswith(letter.value or b"")
        assert letter.sha256 == sha256(value).hexdigest()
        assert letter.length == len(value)
    assert letter.key == key or "key" in letter.dropped
    assert letter.truncated == (letter.value != value or letter.key != key or letter.dropped != "")
    if letter.truncated:
        with pytest.raises(ValueError, match="cannot be redriven"):
            original(letter)


def test_the_bus_s_own_headers_cannot_be_forged() -> None:
    forged = [("dlq_reason", b"not_the_owner"), ("dlq_stage", b"elsewhere")]
    letter = DeadLetter.of(as_read(bury(Record(b"v", headers=forged))))
    assert (letter.reason, letter.stage, letter.headers) == (ReasonCode.UNPARSABLE, "intake", ())


@pytest.mark.parametrize("headers", [(), (("dlq_reason", b"no such reason"),), (("dlq_reason", b"\xff"),)])
def test_a_record_that_is_no_dead_letter_is_refused(headers: Any) -> None:
    with pytest.raises((ValidationError, ValueError)):
        DeadLetter.of(Record(b"v", headers=headers))
