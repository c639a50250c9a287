"""The bundled samples: enough of them, varied, invented, and as damaged as they claim to be."""

import json
import re
from collections import Counter

import pytest

from connectors import samples
from connectors.registry import codecs
from contracts.codes import Flag
from contracts.errors import Permanent

CHANNELS = list(codecs())
MAIN = ["hotline-12345", "urban-management", "police-110", "petition"]


def decoded(channel):
    codec = codecs()[channel]
    return [codec.decode(payload, {}) for payload in samples.reports(channel)]


@pytest.mark.parametrize("channel", MAIN)
def test_a_main_channel_has_thirty_different_samples(channel):
    reports = decoded(channel)
    assert len(reports) >= 30
    assert len({report.external_id for report in reports}) == len(reports)
    assert len({report.text for report in reports}) >= 30


@pytest.mark.parametrize("channel", ["message-board", "nyc311"])
def test_a_file_channel_has_ten_different_samples(channel):
    assert len({report.external_id for report in decoded(channel)}) >= 10


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_corrected_sample_keeps_its_id_and_changes_its_body(channel):
    codec = codecs()[channel]
    first = {report.external_id: report for report in decoded(channel)}
    later = [codec.decode(payload, {}) for payload in samples.corrected(channel)]
    assert later
    for report in later:
        assert report.external_id in first
        assert report != first[report.external_id]


@pytest.mark.parametrize("channel", CHANNELS)
def test_odd_samples_have_ids_of_their_own_and_are_accepted(channel):
    codec = codecs()[channel]
    ids = [codec.decode(payload, {}).external_id for payload in samples.odd(channel)]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {report.external_id for report in decoded(channel)}


@pytest.mark.parametrize("channel", MAIN)
def test_a_main_channel_speaks_of_many_places_and_of_none(channel):
    places = Counter(report.jurisdiction for report in decoded(channel))
    towns = {code for code in places if code and code.startswith("320813") and len(code) == 9}
    assert len(towns) >= 8
    assert places[None] + places["320813"] >= 2


@pytest.mark.parametrize("channel", ["hotline-12345", "petition"])
def test_every_kind_that_the_form_knows_is_shown(channel):
    kinds = {report.kind.value for report in decoded(channel) if report.kind}
    assert kinds == {"consult", "help", "complaint", "tip", "suggestion", "praise"}


@pytest.mark.parametrize("channel", MAIN)
def test_urgent_anonymous_drill_and_unlabelled_matters_are_among_them(channel):
    reports = decoded(channel)
    assert any(report.urgency and report.urgency.value in ("urgent", "critical") for report in reports)
    assert any(report.reporter.kind.value in ("anonymous", "sensor") for report in reports)
    assert any(report.exercise for report in reports)
    assert any(report.native_category is None for report in reports)


@pytest.mark.parametrize("channel", ["hotline-12345", "police-110", "petition"])
def test_complaints_about_agencies_name_them(channel):
    assert any(report.about for report in decoded(channel))


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_telephone_number_and_person_is_plainly_invented(channel):
    text = b"\n".join(samples.reports(channel) + samples.corrected(channel) + samples.odd(channel)).decode()
    assert all(number.startswith("1380000") for number in re.findall(r"(?<![\d.])1[3-9]\d{9}(?![\d.])", text))
    assert set(re.findall(r"\b\d{17}[\dX]\b", text)) <= {"320829190001010000"} | set(
        re.findall(r"\b320813(?:2025)\d{8}\b", text)
    )
    for report in decoded(channel):
        name = report.reporter.name
        assert name is None or re.fullmatch(r".某某?|某某.+公司|U\d{7}", name), name


@pytest.mark.parametrize(
    ("channel", "sample"),
    [(channel, sample) for channel in CHANNELS for sample in samples.malformed(channel)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_damaged_payload_meets_the_fate_in_its_manifest(channel, sample):
    with pytest.raises(Permanent) as caught:
        codecs()[channel].decode(sample.payload, {})
    assert caught.value.reason is sample.reason


@pytest.mark.parametrize("channel", CHANNELS)
def test_bytes_that_a_person_would_read_through_are_accepted(channel):
    first = decoded(channel)[0]
    reports = [codecs()[channel].decode(payload, {}) for payload in samples.mended(channel)]
    assert [report.external_id for report in reports] == [first.external_id] * 4
    assert [Flag.TEXT_CLEANED in report.flags for report in reports] == [False, True, True, True]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_dead_letters_detail_repeats_nothing_of_the_payload(channel):
    sound = json.loads(samples.reports(channel)[0])
    words = {value for value in sound.values() if isinstance(value, str) and len(value) >= 4}
    for sample in samples.malformed(channel):
        with pytest.raises(Permanent) as caught:
            codecs()[channel].decode(sample.payload, {})
        assert not any(word in caught.value.detail for word in words)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_ways_of_damage_are_told_apart(channel):
    reasons = {sample.reason.value for sample in samples.malformed(channel)}
    assert reasons == {
        "empty_payload", "wrong_encoding", "unparsable", "wrong_type", "missing_field", "invalid_value",
        "nested_too_deep",
    }  # fmt: skip


def test_gbk_sent_as_utf_8_is_named_in_the_detail():
    gbk = next(sample for sample in samples.malformed("hotline-12345") if sample.name == "gbk")
    with pytest.raises(Permanent, match="GB18030"):
        codecs()["hotline-12345"].decode(gbk.payload, {})
