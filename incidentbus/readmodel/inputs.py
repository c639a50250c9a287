"""Inputs as the runtime and the operators left them: the last word on each."""

from typing import NamedTuple

from connectors.kafka.clients import Connection
from contracts.inputs import InputState, InputStatus, input_state
from contracts.topics import Topics
from incidentbus.readmodel.reading import read_all


class InputsSeen(NamedTuple):
    """The last word on every input of which one was said, and how many records of the topic say nothing readable."""

    states: list[InputState]
    unreadable: int


async def inputs_seen(connection: Connection, topics: Topics) -> InputsSeen:
    """Read the inputs topic whole; states by stage, topic and partition."""
    last: dict[bytes, InputState] = {}
    unreadable = 0
    async for record in read_all(connection, [(topics.bus("inputs"), 0)]):
        state = input_state(record)
        if state is not None:
            last[state.key] = state
        elif record.value is not None:
            unreadable += 1
        elif record.key is not None:
            last.pop(record.key, None)
    states = sorted(last.values(), key=lambda each: (each.stage, each.topic, each.partition))
    return InputsSeen(states, unreadable)


async def input_states(connection: Connection, topics: Topics) -> list[InputState]:
    """Return the last word on every input of which one was said, by stage, topic and partition."""
    return (await inputs_seen(connection, topics)).states


async def paused_inputs(connection: Connection, topics: Topics) -> list[InputState]:
    """Return the inputs that stand still."""
    return [state for state in await input_states(connection, topics) if state.status is InputStatus.PAUSED]
