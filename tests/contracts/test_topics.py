"""The registry of topics keeps its own grammar."""

from contracts.topics import DLQ_SUFFIX, NAME, Cleanup, Stamp, Topics

CHANNELS, AGENCIES = ("hotline-12345", "police-110"), ("police", "command-centre")


def test_every_name_follows_the_grammar_and_none_stands_twice() -> None:
    names = [spec.name for spec in Topics().specs(CHANNELS, AGENCIES)]
    assert all(NAME.match(name) for name in names)
    assert len(set(names)) == len(names)


def test_a_prefix_stands_before_every_name() -> None:
    plain = [spec.name for spec in Topics().specs(CHANNELS, AGENCIES)]
    assert [spec.name for spec in Topics("hz.").specs(CHANNELS, AGENCIES)] == [f"hz.{name}" for name in plain]


def test_every_input_of_a_stage_has_dead_letters_with_as_many_partitions() -> None:
    topics = Topics(spine=6, feedback=2)
    by_name = {spec.name: spec for spec in topics.specs(CHANNELS, AGENCIES)}
    inputs = [topics.channel_reports(channel) for channel in CHANNELS]
    inputs += [topics.bus(noun) for noun in ("rekeyed-reports", "incidents", "directives")]
    inputs += [topics.agency_feedback(agency) for agency in AGENCIES]
    for name in inputs:
        assert topics.partitions_of(by_name[name + DLQ_SUFFIX]) == topics.partitions_of(by_name[name])


def test_the_broker_stamps_every_topic_so_that_no_machine_else_needs_a_right_clock() -> None:
    assert {spec.stamp for spec in Topics().specs(CHANNELS, AGENCIES)} == {Stamp.LOG_APPEND}


def test_state_of_open_cases_is_never_deleted_by_age() -> None:
    spec = next(s for s in Topics().specs((), ()) if s.name == "bus.dispatch-state.v1")
    assert (spec.cleanup, spec.retention_ms) == (Cleanup.COMPACT, -1)


def test_seen_ids_outlive_every_input_that_could_be_replayed() -> None:
    topics = Topics()
    specs = {spec.name: spec for spec in topics.specs(CHANNELS, ())}
    longest = max(specs[topics.channel_reports(c)].retention_ms for c in CHANNELS)
    assert specs["bus.intake-state.v1"].retention_ms > longest
