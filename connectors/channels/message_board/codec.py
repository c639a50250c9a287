"""Message-board row → Report. The field map, in Chinese and English, is in the README beside this file."""

from typing import Final

from pydantic import Field

from connectors.native.codec import NativeCodec
from connectors.native.payload import Native
from connectors.native.reading import Reading
from contracts.codes import Channel
from contracts.report import Report, Reporter

CHANNEL: Final = Channel.MESSAGE_BOARD.value


class Message(Native):
    """One message, with the agency's reply where the file has it."""

    message_id: str | None = None
    user: str | None = None
    title: str | None = None
    sent_at: str | None = None
    text: str | None = Field()
    label: str | None = None
    likes: str | None = None
    dislikes: str | None = None
    replied_at: str | None = None


def read(message: Message, reading: Reading, sent: str | None) -> Report:
    """Return the report that a message tells. Its reply is the answer, not the matter: it stays out."""
    external_id = reading.identifier(message.message_id, "message_id")
    title, text = reading.text(message.title), reading.text(message.text)
    occurred, reported = reading.time(None), reading.time(message.sent_at)
    return Report(
        channel=CHANNEL,
        external_id=external_id,
        title=title,
        text=text,
        native_category=reading.label(message.label),
        reported_at=reported.at,
        reporter=Reporter(name=reading.optional(message.user)),
        attributes=reading.attributes(
            (("likes", message.likes), ("dislikes", message.dislikes), ("replied-at", message.replied_at))
        ),
        flags=reading.flags(occurred, reported, sent, empty=not (title or text)),
    )


CODEC: Final = NativeCodec(CHANNEL, Message, read)

__all__ = ["CODEC", "Message", "read"]
