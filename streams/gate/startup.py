"""Whether a stage can run on this cluster: its topics are there, and its partitions belong together."""

import asyncio
from collections.abc import Mapping
from typing import Final

from contracts.deadletter import dead_letter_topic
from streams.gate.errors import StartRefused
from streams.gate.outputs import TopicBook
from streams.gate.stage import Stage

PATIENCE_S: Final = 5.0
"""Topics that were just created take a moment to be known to every broker."""
_PAUSE_S: Final = 0.1


async def check_topics(stage: Stage, book: TopicBook, inputs_topic: str | None, *, patience_s: float) -> None:
    """Raise `StartRefused` unless every topic the stage stands on is there, with the partitions it must have."""
    alike = [*stage.inputs, *map(dead_letter_topic, stage.inputs), *stage.outputs]
    if stage.changelog is not None:
        alike.append(stage.changelog)
    wanted = alike if inputs_topic is None else [*alike, inputs_topic]
    counts = await _counts(wanted, book, patience_s)
    if missing := [topic for topic, count in counts.items() if not count]:
        raise StartRefused(f"stage {stage.name}: no such topic: {', '.join(missing)}")
    if len({counts[topic] for topic in alike}) > 1:
        told = ", ".join(f"{topic} has {counts[topic]}" for topic in alike)
        raise StartRefused(f"stage {stage.name}: its topics must have as many partitions as each other: {told}")
    have = counts[stage.inputs[0]]
    if stage.partitions not in (None, have):
        # a processor reckons with the number it was given: it would send what belongs to one task to another's
        told = f"its topics have {have} partitions, this worker expects {stage.partitions}"
        raise StartRefused(f"stage {stage.name}: {told}")


async def _counts(topics: list[str], book: TopicBook, patience_s: float) -> Mapping[str, int]:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    while True:
        await book.learn(topics)
        counts = {topic: limits.partitions if (limits := book.get(topic)) else 0 for topic in topics}
        if all(counts.values()) or loop.time() > until:
            return counts
        book.forget()
        await asyncio.sleep(_PAUSE_S)
