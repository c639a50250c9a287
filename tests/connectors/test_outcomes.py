"""Outcomes in channels' own words: every fact that a channel is told has a word in each, and nothing is made up."""

from datetime import UTC, datetime

import orjson
import pytest

from connectors.native.outcomes import NativeOutcomes
from connectors.registry import channel_codecs, outcome_codecs
from contracts.codes import FactKind, Satisfaction
from contracts.outcome import TOLD, Outcome

AT = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)


def outcome(fact: FactKind, **more: object) -> Outcome:
    return Outcome.model_validate(
        {"id": "fct-1", "incident": "inc-1", "channel": "c", "external_id": "号-1", "fact": fact, "at": AT, **more}
    )


def test_what_supervise_tells_a_channel_is_what_channels_have_words_for() -> None:
    assert len(set(TOLD)) == len(TOLD)
    for codec in outcome_codecs().values():
        assert isinstance(codec, NativeOutcomes)
        assert codec.stages.keys() == set(TOLD)


def test_every_channel_that_can_be_taken_in_can_be_told_what_became_of_its_reports() -> None:
    assert outcome_codecs().keys() == channel_codecs().keys()


@pytest.mark.parametrize("channel", sorted(outcome_codecs()))
def test_each_fact_is_said_in_the_channel_s_own_words_with_its_number(channel: str) -> None:
    codec = outcome_codecs()[channel]
    for fact in TOLD:
        native = orjson.loads(codec.encode(outcome(fact)))
        assert "号-1" in native.values()
        assert "fct-1" in native.values()
        assert fact.value not in native.values() or channel.startswith("nyc")
        assert None not in native.values()


def test_a_hotline_s_outcome_names_agency_date_and_satisfaction_where_it_has_them() -> None:
    said = outcome(
        FactKind.CLOSED, lead="police", until=AT, satisfaction=Satisfaction.DISSATISFIED, reopened=2, exercise=True
    )
    assert orjson.loads(outcome_codecs()["hotline-12345"].encode(said)) == {
        "市受理编号": "号-1", "办理环节": "已归档", "环节时间": "2026-05-12T09:30:00+00:00", "环节编号": "fct-1",
        "处理部门": "police", "处理时限": "2026-05-12T09:30:00+00:00", "满意度": "不满意",
        "重办次数": 2, "是否演练": "是",
    }  # fmt: skip
