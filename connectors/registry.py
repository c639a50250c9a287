"""The one list of codecs. A new channel is a folder under `channels/` and two lines here."""

from typing import Final

from connectors.channels.hotline_12345.codec import CODEC as _HOTLINE
from connectors.channels.message_board.codec import CODEC as _MESSAGE_BOARD
from connectors.channels.nyc311.codec import CODEC as _NYC311
from connectors.channels.petition.codec import CODEC as _PETITION
from connectors.channels.police_110.codec import CODEC as _POLICE
from connectors.channels.urban_management.codec import CODEC as _URBAN
from contracts.ports import Codec

_CODECS: Final[tuple[Codec, ...]] = (_HOTLINE, _URBAN, _POLICE, _PETITION, _MESSAGE_BOARD, _NYC311)


def codecs() -> dict[str, Codec]:
    """Return every codec by its channel's code, in the order of the list above."""
    return {codec.channel: codec for codec in _CODECS}


__all__ = ["codecs"]
