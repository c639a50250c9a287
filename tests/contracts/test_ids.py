"""Identity comes from content."""

from aiokafka.partitioner import murmur2 as peer_murmur2
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import (
    assignment_id,
    assignment_id_of,
    content_digest,
    decision_id,
    directive_id,
    framed,
    incident_id,
)
from contracts.partition import murmur2, partition_of, partition_of_id


def test_the_same_telling_has_the_same_id_and_another_channels_has_another() -> None:
    assert incident_id("petition", "A1") == incident_id("petition", "A1")
    assert incident_id("petition", "A1") != incident_id("hotline-12345", "A1")


def test_an_incident_id_is_pinned_for_it_stands_in_records_for_years() -> None:
    assert incident_id("hotline-12345", "HZ20260512001") == "inc-d6add922703417af9c28c360722a"


def test_what_is_given_and_decided_has_pinned_ids_too() -> None:
    assert assignment_id("inc-x", "police", 1, "lead") == "asg-0c589b791a1fec3b5c6b4c88be73"
    assert decision_id("inc-x", 2, "dir-y") == "dec-2897928c0e0f2324b3ef4be18ce6"


@given(st.text(), st.text(), st.integers(1, 99), st.text(max_size=20))
def test_an_assignments_id_from_frames_is_that_of_its_parts(incident: str, agency: str, round_: int, role: str) -> None:
    whole = "asg-" + content_digest(incident, agency, str(round_), role).hex()[:28]
    assert assignment_id(incident, agency, round_, role) == whole
    assert assignment_id_of(framed(incident), framed(agency, str(round_)) + framed(role)) == whole


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
