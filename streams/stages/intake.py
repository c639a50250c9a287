"""Intake's declaration: every channel's reports and those passed on by ourselves, in; seen external ids, kept."""

from collections.abc import Callable, Mapping

from contracts.ports import Codec, Processor
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate import Limits, Stage
from streams.processors.intake import Intake
from streams.rulesets import RulesetSource


def intake_stage(
    topics: Topics,
    codecs: Mapping[str, Codec],
    rulesets: RulesetSource,
    counts: Callable[[int], TurnCounts],
    limits: Limits,
) -> Stage:
    """Return the intake stage over the channels that `codecs` has; `counts` gives a task's counts by partition."""
    channels = {topics.channel_reports(channel): channel for channel in codecs}

    def processor(task: int) -> Processor:
        return Intake(task, topics, channels, codecs, rulesets, counts(task))

    inputs = (*channels, topics.bus("rekeyed-reports"))
    outputs = (topics.bus("incidents"), topics.bus("feedback"))
    return Stage(
        "intake", inputs, processor, changelog=topics.bus("intake-state"), outputs=outputs, partitions=topics.spine,
        limits=limits,
    )  # fmt: skip
