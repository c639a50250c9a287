"""Every sample's report is pinned, field by field. Remake after an intended change, and read the diff:

`.venv/bin/python tests/connectors/channels/test_golden.py`
"""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from connectors import samples  # noqa: E402
from connectors.native.payload import parse  # noqa: E402
from connectors.registry import codecs  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"
CHANNELS = list(codecs())


def rendered(channel: str) -> list[str]:
    """One line a sample: where it stands, and the report without what it leaves at its default."""
    codec = codecs()[channel]
    lines = []
    for kind, payloads in (
        ("reports", samples.reports(channel)),
        ("corrected", samples.corrected(channel)),
        ("odd", samples.odd(channel)),
        ("mended", samples.mended(channel)),
    ):
        for number, payload in enumerate(payloads, start=1):
            report = codec.decode(payload, {}).model_dump(mode="json", exclude_defaults=True)
            lines.append(json.dumps({"sample": f"{kind}:{number}", "report": report}, ensure_ascii=False))
    return lines


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_sample_decodes_to_its_pinned_report(channel):
    expected = (GOLDEN / f"{channel}.ndjson").read_text(encoding="utf-8").splitlines()
    made = rendered(channel)
    assert len(made) == len(expected)
    for ours, theirs in zip(made, expected, strict=True):
        assert json.loads(ours) == json.loads(theirs)


def test_no_golden_file_is_left_of_a_channel_that_is_gone():
    assert {path.stem for path in GOLDEN.glob("*.ndjson")} == set(CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_envelopes_time_changes_nothing_about_a_sound_sample(channel):
    codec = codecs()[channel]
    for payload in samples.reports(channel):
        assert codec.decode(payload, {"time": "2026-06-01T00:00:00Z"}) == codec.decode(payload, {})


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_form_is_our_own_model_in_disguise(channel):
    form, _ = parse(codecs()[channel].form, samples.reports(channel)[0])
    aliases = {field.alias or name for name, field in type(form).model_fields.items()}
    assert not aliases & {"external_id", "native_category", "native_place", "jurisdiction", "kind", "channel"}


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in CHANNELS:
        (GOLDEN / f"{name}.ndjson").write_text("\n".join(rendered(name)) + "\n", encoding="utf-8")
