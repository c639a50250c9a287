"""The one list of codecs. A new channel is a folder under `channels/` and two lines here."""

from typing import Any, Final

from connectors.channels.hotline_12345.codec import CODEC as _HOTLINE
from connectors.channels.message_board.codec import CODEC as _MESSAGE_BOARD
from connectors.channels.nyc311.codec import CODEC as _NYC311
from connectors.channels.petition.codec import CODEC as _PETITION
from connectors.channels.police_110.codec import CODEC as _POLICE
from connectors.channels.urban_management.codec import CODEC as _URBAN
from connectors.native.codec import NativeCodec
from contracts.ports import Codec

_CODECS: Final[tuple[NativeCodec[Any], ...]] = (_HOTLINE, _URBAN, _POLICE, _PETITION, _MESSAGE_BOARD, _NYC311)

_ALSO: Final[dict[str, NativeCodec[Any]]] = {"mailbox": _MESSAGE_BOARD, "nyc-311": _NYC311}
"""Channels whose systems send another channel's native form, under a code of their own: 网上留言 is a message board."""


def codecs() -> dict[str, Codec]:
    """Return every codec by its channel's code, in the order of the list above."""
    return {codec.channel: codec for codec in _CODECS}


def channel_codecs() -> dict[str, Codec]:
    """Return the codec of every channel code that can be taken in, those that share a form included.

    A report carries the code of its codec; whoever takes it in puts the channel's own code on it.
    """
    return {**codecs(), **_ALSO}


def native_names() -> frozenset[str]:
    """Return the names of fields that the channels' forms know: words of the form, never of a reporter."""
    forms = (codec.form.model_fields for codec in _CODECS)
    return frozenset(field.alias or name for form in forms for name, field in form.items())


__all__ = ["channel_codecs", "codecs", "native_names"]
