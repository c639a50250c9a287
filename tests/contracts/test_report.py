"""A report's bytes, of which intake's digests are taken: no telling seen before may look new, in any release."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Flag, Kind, ReporterKind, Urgency
from contracts.ids import content_digest
from contracts.report import Point, Report, Reporter, report_bytes
from contracts.serde import read

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))) | st.just(
    ZoneInfo("Asia/Shanghai")
)
MOMENTS = st.datetimes(datetime(1991, 10, 1), datetime(2099, 12, 30), timezones=ZONES)  # noqa: DTZ001
WORDS = st.text(max_size=20)

reports = st.builds(
    Report,
    channel=st.text(min_size=1, max_size=20),
    external_id=st.text(min_size=1, max_size=20),
    title=WORDS,
    text=WORDS,
    kind=st.none() | st.sampled_from(Kind),
    native_place=st.none() | WORDS,
    point=st.none() | st.builds(Point, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90)),
    occurred_at=st.none() | MOMENTS,
    occurred_on=st.none() | st.dates(date(1950, 1, 1), date(2099, 12, 31)),
    reported_at=st.none() | MOMENTS,
    urgency=st.none() | st.sampled_from(Urgency),
    about=st.lists(WORDS, max_size=2).map(tuple),
    reporter=st.builds(Reporter, kind=st.sampled_from(ReporterKind), name=st.none() | WORDS, secrecy=st.booleans()),
    attributes=st.dictionaries(WORDS, WORDS, max_size=3),
    flags=st.lists(st.sampled_from(Flag), max_size=2).map(tuple),
    exercise=st.booleans(),
)


@given(reports)
def test_its_bytes_are_those_that_the_model_writes(report: Report) -> None:
    assert report_bytes(report).decode() == report.model_dump_json()
    assert content_digest(report_bytes(report)) == content_digest(report.model_dump_json())


@given(reports)
def test_a_report_that_was_read_back_has_the_same_bytes(report: Report) -> None:
    assert report_bytes(read(Report, report_bytes(report))) == report_bytes(report)
