"""A record's size is what the broker measures: aiokafka's own encoder agrees to the byte."""

import hypothesis.strategies as st
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given

from connectors.kafka.recordsize import record_batch_size

_OPTIONAL = st.none() | st.binary(max_size=300)


@given(
    key=_OPTIONAL,
    value=st.none() | st.binary(max_size=20_000),
    headers=st.lists(st.tuples(st.text(max_size=40), st.binary(max_size=200)), max_size=6),
)
def test_the_size_is_the_encoders(key, value, headers):
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1 << 20,
    )  # fmt: skip
    builder.append(0, timestamp=1_700_000_000_000, key=key, value=value, headers=headers)
    assert record_batch_size(key, value, headers) == len(builder.build())
