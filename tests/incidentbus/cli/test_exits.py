"""How commands end."""

import asyncio
from pathlib import Path

import pytest
import typer
from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel
from typer.testing import CliRunner

from incidentbus.cli.exits import Misuse, guarded, guarded_async
from incidentbus.settings import Settings, load_settings


def ending(body) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(guarded(body))
    result = CliRunner().invoke(app, [])
    return result.exit_code, result.stderr


def test_an_unreachable_broker_ends_with_3_and_a_sentence() -> None:
    def command() -> None:
        raise KafkaConnectionError("no broker at 127.0.0.1:1")

    code, said = ending(command)
    assert code == 3
    assert "127.0.0.1:1" in said


def test_wrong_settings_end_with_2_and_name_the_variable_but_not_its_value() -> None:
    def command() -> None:
        Settings(partitions=0, topic_prefix="SECRET VALUE")

    code, said = ending(command)
    assert code == 2
    assert "INCIDENTBUS_PARTITIONS" in said
    assert "INCIDENTBUS_TOPIC_PREFIX" in said
    assert "SECRET VALUE" not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"INCIDENTBUS_NOPE=1\n", "  INCIDENTBUS_NOPE: "),
        (b"OTHER_TOOL=1\n", "  OTHER_TOOL: "),
        (b"INCIDENTBUS_\xff=1\n", ".env: 不是 UTF-8 / isn't UTF-8, at byte 12"),
    ],
)
def test_a_wrong_env_file_ends_with_2_and_says_what_is_wrong_with_it(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    try:
        code, words = ending(load_settings.__wrapped__)
    finally:
        load_settings.cache_clear()
    assert code == 2
    assert said in words
    assert "INCIDENTBUS_INCIDENTBUS" not in words


def test_a_misuse_ends_with_2() -> None:
    def command() -> None:
        raise Misuse("no such partition")

    assert ending(command) == (2, "no such partition\n")


def test_any_other_error_keeps_its_traceback() -> None:
    class Another(BaseModel):
        number: int

    def command() -> None:
        Another(number="x")  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="Another"):
        guarded(command)()


def test_an_async_command_runs_in_a_loop_of_its_own_and_keeps_its_options() -> None:
    app = typer.Typer()

    async def command(times: int = 1) -> None:
        await asyncio.sleep(0)
        typer.echo(f"ran {times}")

    app.command()(guarded_async(command))
    result = CliRunner().invoke(app, ["--times", "3"])
    assert (result.exit_code, result.stdout) == (0, "ran 3\n")
