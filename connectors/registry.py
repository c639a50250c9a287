"""The one list of codecs. A new channel is a folder under `channels/` and a few lines here."""

from typing import Any, Final

from connectors.channels.hotline_12345.codec import CODEC as _HOTLINE
from connectors.channels.hotline_12345.outcomes import OUTCOMES as _HOTLINE_OUTCOMES
from connectors.channels.message_board.codec import CODEC as _MESSAGE_BOARD
from connectors.channels.message_board.outcomes import OUTCOMES as _MESSAGE_BOARD_OUTCOMES
from connectors.channels.nyc311.codec import CODEC as _NYC311
from connectors.channels.nyc311.outcomes import OUTCOMES as _NYC311_OUTCOMES
from connectors.channels.petition.codec import CODEC as _PETITION
from connectors.channels.petition.outcomes import OUTCOMES as _PETITION_OUTCOMES
from connectors.channels.police_110.codec import CODEC as _POLICE
from connectors.channels.police_110.outcomes import OUTCOMES as _POLICE_OUTCOMES
from connectors.channels.urban_management.codec import CODEC as _URBAN
from connectors.channels.urban_management.outcomes import OUTCOMES as _URBAN_OUTCOMES
from connectors.native.codec import NativeCodec
from connectors.native.outcomes import NativeOutcomes
from contracts.ports import Codec, OutcomeCodec

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


_OUTCOMES: Final[tuple[NativeOutcomes, ...]] = (
    _HOTLINE_OUTCOMES, _URBAN_OUTCOMES, _POLICE_OUTCOMES, _PETITION_OUTCOMES, _MESSAGE_BOARD_OUTCOMES, _NYC311_OUTCOMES,
)  # fmt: skip


def outcome_codecs() -> dict[str, OutcomeCodec]:
    """Return what puts outcomes into each channel's own words, channels that share a form included."""
    made: dict[str, OutcomeCodec] = {codec.channel: codec for codec in _OUTCOMES}
    return made | {code: made[codec.channel] for code, codec in _ALSO.items()}


def native_names() -> frozenset[str]:
    """Return the names of fields that the channels' forms know: words of the form, never of a reporter."""
    forms = (codec.form.model_fields for codec in _CODECS)
    return frozenset(field.alias or name for form in forms for name, field in form.items())


__all__ = ["channel_codecs", "codecs", "native_names", "outcome_codecs"]
