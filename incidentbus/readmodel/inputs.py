"""Inputs as the runtime and the operators left them: the last word on each."""

from connectors.kafka.clients import Connection
from contracts.inputs import InputState, InputStatus, input_state
from contracts.topics import Topics
from incidentbus.readmodel.reading import read_all


async def input_states(connection: Connection, topics: Topics) -> list[InputState]:
    """Return the last word on every input of which one was said, by stage, topic and partition."""
    last: dict[bytes, InputState] = {}
    async for record in read_all(connection, [(topics.bus("inputs"), 0)]):
        state = input_state(record)
        if state is not None:
            last[state.key] = state
        elif record.key is not None and record.value is None:
            last.pop(record.key, None)
    return sorted(last.values(), key=lambda each: (each.stage, each.topic, each.partition))


async def paused_inputs(connection: Connection, topics: Topics) -> list[InputState]:
    """Return the inputs that stand still."""
    return [state for state in await input_states(connection, topics) if state.status is InputStatus.PAUSED]
