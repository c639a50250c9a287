"""Dispatch's declaration: incidents and directives in; rounds, parts, returns, holds and directives seen, kept."""

from collections.abc import Callable

from contracts.ports import Processor
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate import Limits, Stage
from streams.processors.dispatch import STATE_VERSION, Dispatch, upgraded
from streams.rulesets import RulesetSource


def dispatch_stage(
    topics: Topics, rulesets: RulesetSource, counts: Callable[[int], TurnCounts], limits: Limits
) -> Stage:
    """Return the dispatch stage; `counts` gives a task's counts by partition."""

    def processor(task: int) -> Processor:
        return Dispatch(task, topics, rulesets, counts(task))

    inputs = (topics.bus("incidents"), topics.bus("directives"))
    return Stage(
        "dispatch", inputs, processor, changelog=topics.bus("dispatch-state"), outputs=(topics.bus("decisions"),),
        partitions=topics.spine, state_version=STATE_VERSION, upgrade=upgraded, limits=limits,
    )  # fmt: skip
