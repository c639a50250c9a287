"""Times as people and old systems write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.native.times import CHINA, read_time

NIGHT = datetime(2026, 5, 12, 22, 31, 5, tzinfo=CHINA)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-12 22:31:05",
        "2026/05/12 22:31:05",
        "2026/5/12 22:31:05",
        "2026.5.12 22:31:05",
        "20260512223105",
        "2026年5月12日22时31分05秒",
        "2026年05月12日 22:31:05",
        "２０２６－０５－１２　２２：３１：０５",
        "2026-05-12T22:31:05",
        "2026-05-12T22:31:05+08:00",
        "2026-05-12T22:31:05.000+0800",
        "2026-05-12T14:31:05Z",
        "2026-05-12 22:31:05.000",
        "1778596265000",
        "1778596265",
        "  2026-05-12 22:31:05\n",
    ],
)
def test_one_instant_in_many_spellings(text):
    assert read_time(text, CHINA) == NIGHT


@pytest.mark.parametrize("text", ["2026/5/12 22:31", "2026年5月12日22时31分", "202605122231", "2026-05-12T22:31+08"])
def test_seconds_may_be_left_out(text):
    assert read_time(text, CHINA) == NIGHT.replace(second=0)


def test_an_hour_alone_is_the_full_hour():
    assert read_time("2026年5月12日22时", CHINA) == NIGHT.replace(minute=0, second=0)


@pytest.mark.parametrize("text", ["2026-05-12", "2026/5/12", "20260512", "2026年5月12日", "2026.5.12"])
def test_a_date_alone_stays_a_day_and_becomes_no_midnight(text):
    found = read_time(text, CHINA)
    assert found == date(2026, 5, 12)
    assert not isinstance(found, datetime)


@pytest.mark.parametrize("text", ["2026-05-12 24:00:00", "20260512240000", "2026年5月12日24时00分"])
def test_twenty_four_hours_is_the_end_of_the_day(text):
    assert read_time(text, CHINA) == datetime(2026, 5, 13, tzinfo=CHINA)


@pytest.mark.parametrize(
    "text",
    [
        "", "昨天下午", "2026年5月", "2026-13-01", "2026-02-30 10:00:00", "2026-05-12 25:00:00", "2026-05-12 24:00:01",
        "0000-00-00 00:00:00", "1970-01-01 08:00:00", "1900-01-01", "0", "-1", "99999999999999", "²⁰²⁶", "12/05/2026",
        "2026-05-12 22:31:05 明天", "NaN", "2026-W20-2", "9999-12-31 24:00:00", "1" * 400, "2026-05-12T22:31:05+99:00",
    ],
)  # fmt: skip
def test_what_names_no_time_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        read_time(text, CHINA)


def test_a_zone_that_is_written_wins_over_the_channels():
    assert read_time("2026-05-12 10:31:05-04:00", CHINA) == NIGHT
    assert read_time("2026-05-12 22:31:05", UTC) == NIGHT + timedelta(hours=8)


@given(st.integers(315_532_800, 3_786_912_000), st.integers(-12 * 60, 14 * 60))
def test_iso_8601_comes_back_as_the_same_instant(seconds, minutes):
    aware = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    assert read_time(aware.isoformat(), CHINA) == aware


@given(st.text(alphabet="0123456789-/:.年月日时分 TZ+", max_size=24) | st.text(max_size=24))
def test_any_text_is_a_time_or_a_value_error(text):
    try:
        found = read_time(text, CHINA)
    except ValueError:
        return
    assert 1950 <= found.year <= 2100
