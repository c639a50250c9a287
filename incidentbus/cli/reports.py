"""`incidentbus reports publish`: put a channel's native payloads on its topic, as the channel's own system would."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from connectors.kafka.publisher import Outgoing, open_publisher, report
from connectors.registry import channel_codecs
from contracts.errors import Permanent
from contracts.ports import Codec
from contracts.topics import Topics
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="渠道来件 / Reports of a channel.")


@app.callback()
def _reports() -> None:
    """Keep `publish` a word of its own."""


@app.command()
@guarded_async
async def publish(
    file: Annotated[Path, typer.Argument(help="one native payload a line; `-` is standard input", allow_dash=True)],
    channel: Annotated[str, typer.Option(help="渠道编号 / the channel's code, such as hotline-12345")],
) -> None:
    """把渠道原始报文发到它的主题 / Publish a channel's native payloads, acknowledged by every replica.

    Payloads are not looked into beyond their external id, which becomes the key: what can't be read is published all
    the same and becomes a dead letter. One over the topic's size limit is refused here. Exit codes: 0 all were
    acknowledged, 1 some were refused, 2 no such channel or file, 3 no broker.

    \b
    incidentbus reports publish orders.ndjson --channel hotline-12345
    incidentbus reports publish connectors/channels/petition/samples/reports.ndjson --channel petition
    """
    settings, codec = load_settings(), channel_codecs().get(channel)
    if codec is None:
        raise Misuse(f"没有这个渠道 / no such channel: {channel}; there are {', '.join(sorted(channel_codecs()))}")
    lines = [line for line in _read(file).splitlines() if line.strip()]
    outgoing = [as_outgoing(settings.topics(), channel, codec, line) for line in lines]
    async with open_publisher(connection_of(settings)) as publisher:
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("publishing", total=len(outgoing))
            told = await publisher.publish_many(outgoing, lambda done, _: bar.update(task, completed=done))
    for refused, error in told.refused:
        typer.echo(f"line with key {(refused.key or b'').decode()}: {error}", err=True)
    typer.echo(f"published {told.accepted} of {len(outgoing)} to {settings.topics().channel_reports(channel)}")
    if told.refused:
        leave(ExitCode.FINDINGS)


def as_outgoing(topics: Topics, channel: str, codec: Codec, payload: bytes, partition: int | None = None) -> Outgoing:
    """Return a payload ready to be published, keyed by its external id, or without a key where it has none."""
    try:
        external_id: str | None = codec.decode(payload, {}).external_id
    except Permanent:
        external_id = None
    return report(topics, channel, external_id, payload, utc_now(), partition=partition)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misuse(f"{file}: {error.strerror}") from error
