"""Each channel's README names every field that its codec reads and every attribute that it gives."""

import re
from pathlib import Path

import pytest

from connectors import samples
from connectors.registry import codecs

CHANNELS = Path(__file__).parents[3] / "connectors" / "channels"
CODECS = list(codecs().values())
channels = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.channel)


def folder(codec):
    return CHANNELS / codec.channel.replace("-", "_")


def field_map(codec):
    """The README's table, as pairs of its first and third cells."""
    rows = re.findall(r"^\| (`.*?) \| .*? \| (.*?) \|", folder(codec).joinpath("README.md").read_text("utf-8"), re.M)
    return [(re.findall(r"`([^`]+)`", native), re.findall(r"`([^`]+)`", ours)) for native, ours in rows]


@channels
def test_every_field_that_the_codec_reads_has_its_line_and_no_other_does(codec):
    read = {field.alias or name for name, field in codec.form.model_fields.items()}
    told = {name for natives, _ in field_map(codec) for name in natives}
    assert told == read


@channels
def test_every_attribute_that_the_codec_names_is_in_the_map(codec):
    source = folder(codec).joinpath("codec.py").read_text("utf-8")
    given = set(re.findall(r'\("([a-z][a-z0-9-]*)", ', source))
    told = {name.removeprefix("attributes.") for _, ours in field_map(codec) for name in ours if "attributes." in name}
    assert given
    assert told - {"point-put-right"} == given


@channels
def test_attribute_names_are_lower_case_words_with_hyphens(codec):
    for payload in samples.reports(codec.channel) + samples.odd(codec.channel):
        for name in codec.decode(payload, {}).attributes:
            assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)


@channels
def test_a_readme_names_its_channel_code(codec):
    assert f"`{codec.channel}`" in folder(codec).joinpath("README.md").read_text("utf-8")


def test_every_folder_of_a_channel_is_in_the_registry():
    folders = {path.parent.name for path in CHANNELS.glob("*/codec.py")}
    assert folders == {channel.replace("-", "_") for channel in codecs()}
