"""Identity comes from content."""

from aiokafka.partitioner import murmur2 as peer_murmur2
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import assignment_id, content_digest, directive_id, incident_id
from contracts.partition import murmur2, partition_of, partition_of_id


def test_the_same_telling_has_the_same_id_and_another_channels_has_another() -> None:
    assert incident_id("petition", "A1") == incident_id("petition", "A1")
    assert incident_id("petition", "A1") != incident_id("hotline-12345", "A1")


def test_an_incident_id_is_pinned_for_it_stands_in_records_for_years() -> None:
    assert incident_id("hotline-12345", "HZ20260512001") == "inc-d6add922703417af9c28c360722a"


def test_parts_that_run_together_alike_have_different_digests() -> None:
    assert content_digest("ab", "c") != content_digest("a", "bc")


def test_an_assignment_differs_by_agency_round_and_role() -> None:
    ids = {
        assignment_id("inc-x", agency, round_, role)
        for agency in ("police", "petition")
        for round_ in (1, 2)
        for role in ("lead", "informed")
    }
    assert len(ids) == 8


def test_a_directive_issued_twice_is_one() -> None:
    assert directive_id("redispatch", "inc-x", "fb-1") == directive_id("redispatch", "inc-x", "fb-1")


@given(st.binary(max_size=200))
def test_our_hash_is_kafkas(raw: bytes) -> None:
    assert murmur2(raw) == peer_murmur2(raw) & 0xFFFFFFFF


@given(st.binary(max_size=60), st.integers(1, 64))
def test_a_partition_lies_within_its_topic(raw: bytes, partitions: int) -> None:
    assert 0 <= partition_of(raw, partitions) < partitions


def test_an_incidents_partition_is_that_of_its_bytes() -> None:
    assert partition_of_id("inc-zqgx", 8) == partition_of(b"inc-zqgx", 8)
