"""docs/channels.md: its example is a codec that works, and its tables name what the codecs do."""

import re
import textwrap
from pathlib import Path

from connectors import samples
from connectors.native.codec import NativeCodec
from connectors.registry import codecs

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text("utf-8")


def test_the_example_of_a_new_channel_is_a_whole_codec():
    block = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    room: dict[str, object] = {}
    exec(compile(textwrap.dedent(block[1]), "channels.md", "exec"), room)  # noqa: S102
    codec = room["CODEC"]
    assert isinstance(codec, NativeCodec)
    report = codec.decode(
        '{"alarm_id": 7, "message": "水位超警", "seen_at": "2025/7/9 3:20", "lng": 118.87, "lat": 33.29}'.encode(), {}
    )
    assert (report.external_id, report.text) == ("7", "水位超警")
    assert report.point is not None
    assert report.occurred_at is not None


def test_every_channel_has_its_row_and_its_field_map_exists():
    for channel in codecs():
        folder = channel.replace("-", "_")
        assert f"| `{channel}` |" in PAGE
        assert f"(../connectors/channels/{folder}/README.md)" in PAGE


def test_every_reason_and_flag_that_the_samples_meet_is_explained():
    for channel, codec in codecs().items():
        for sample in samples.malformed(channel):
            assert f"| `{sample.reason.value}` |" in PAGE
        for payload in samples.odd(channel) + samples.mended(channel):
            for flag in codec.decode(payload, {}).flags:
                assert f"| `{flag.value}`" in PAGE
