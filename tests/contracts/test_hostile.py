"""What would break a calendar, a memory or a counter is refused where it comes in."""

import base64
import zlib
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from contracts.codes import DirectiveKind, ReasonCode
from contracts.decision import ModeRecord
from contracts.directive import Directive
from contracts.errors import Permanent
from contracts.report import Report
from contracts.ruleset import LARGEST_FILE, RulesetBundle, pack
from contracts.serde import read

WHEN = datetime(2026, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2027-01-01T00:00:00"])
def test_a_moment_without_a_zone_or_out_of_all_calendars_is_refused(moment: str) -> None:
    for kind, body in (
        (ModeRecord, {"mode": "emergency", "until": moment}),
        (ModeRecord, {"mode": "emergency", "from": moment}),
        (Directive, {"id": "d", "kind": "remind", "issued_at": moment, "issued_by": "x"}),
        (Report, {"channel": "c", "external_id": "1", "occurred_at": moment}),
    ):
        with pytest.raises(Permanent) as refusal:
            read(kind, orjson.dumps(body))
        assert refusal.value.reason is ReasonCode.INVALID_TIME


def test_a_number_of_reporters_that_no_county_has_is_refused() -> None:
    body = {"id": "d", "kind": DirectiveKind.AMEND, "issued_at": WHEN, "issued_by": "x", "reporters": 10**9}
    with pytest.raises(Permanent):
        read(Directive, orjson.dumps(body))


def bundle(packed: dict[str, str]) -> RulesetBundle:
    told: dict[str, Any] = {"id": "x", "version": "1", "hash": "0" * 64, "published_at": WHEN, "published_by": "x"}
    return RulesetBundle(**told, packed=packed)


def test_a_bundle_gives_back_what_was_packed() -> None:
    files = {"ruleset.yaml": "区".encode(), "empty.yaml": b""}
    assert bundle(pack(files)).files() == files


def test_a_deflate_bomb_is_given_up_at_the_limit() -> None:
    with pytest.raises(ValueError, match="unpacks to more"):
        bundle(pack({"a.yaml": b"0" * (LARGEST_FILE + 1)})).files()


def test_many_large_files_are_given_up_too() -> None:
    with pytest.raises(ValueError, match="unpacks to more"):
        bundle(pack({f"{n}.yaml": b"0" * LARGEST_FILE for n in range(5)})).files()


@pytest.mark.parametrize("raw", ["AAAA", "!!", base64.b64encode(zlib.compress(b"x" * 99)[:-3]).decode()])
def test_what_does_not_unpack_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match=r"file of the ruleset|base64"):
        bundle({"a.yaml": raw}).files()
