"""How a command ends: four exit codes, and the one place where an error becomes a sentence and a code.

A command that looks for something says with 1 that it found something amiss; 2 means that it was asked wrongly; 3 that
what it needs could not be reached. Whatever else is raised is a defect and keeps its traceback.
"""

import asyncio
import functools
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from pydantic import ValidationError

from incidentbus.settings import UnreadableSettings

P = ParamSpec("P")
T = TypeVar("T")


class ExitCode(IntEnum):
    """The exit codes of every command."""

    CLEAN = 0
    FINDINGS = 1
    MISUSE = 2
    UNREACHABLE = 3


class Misuse(Exception):
    """A command was asked for something that can't be: its message is the sentence that the user reads."""


def leave(code: ExitCode, sentence: str = "") -> NoReturn:
    """End the command with `code`, its sentence on standard error."""
    if sentence:
        print(sentence, file=sys.stderr)
    raise typer.Exit(code)


def guarded(command: Callable[P, T]) -> Callable[P, T]:
    """Make a command end as this module says: wrong settings or words 2, an unreachable broker 3."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (Misuse, UnreadableSettings) as error:
            leave(ExitCode.MISUSE, str(error))
        except ValidationError as error:
            if error.title != "Settings":
                raise
            leave(ExitCode.MISUSE, settings_sentence(error))
        except Exception as error:
            if not is_unreachable(error):
                raise
            leave(ExitCode.UNREACHABLE, f"Kafka 连不上 / Kafka can't be reached: {error}")

    return run


def guarded_async(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make an async function a command: run it in a loop of its own, ended as `guarded` says."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(command(*args, **kwargs))

    return guarded(run)


def is_unreachable(error: BaseException) -> bool:
    """Say whether an error means that the broker isn't there or doesn't answer."""
    from aiokafka import errors  # late: a command that meets no error needn't load the client

    silent = (errors.KafkaConnectionError, errors.KafkaTimeoutError, errors.NodeNotReadyError)
    return isinstance(error, (*silent, errors.RequestTimedOutError))


def settings_sentence(error: ValidationError) -> str:
    """Return one line a wrong setting, by its name in the environment; a value never shows, it may be secret."""
    lines = ["设置有误 / settings are wrong:"]
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = "_".join(str(step) for step in each["loc"])
        if each["type"] == "extra_forbidden":  # a name of the .env file, as it stands there but for its case
            lines.append(f"  {name.upper()}: 没有这个设置 / no such setting; docs/settings.md")
            continue
        lines.append(f"  INCIDENTBUS_{name.upper()}: {each['msg']}" if name else f"  {each['msg']}")
    return "\n".join(lines)
