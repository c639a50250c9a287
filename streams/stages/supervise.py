"""Supervise's declaration: decisions, facts and the clock in; every case kept with what is due of it."""

from collections.abc import Callable, Mapping

from contracts.case import due_of
from contracts.ports import OutcomeCodec, Processor
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate import Limits, Stage
from streams.processors.supervise import Supervise
from streams.rulesets import RulesetSource


def supervise_stage(
    topics: Topics,
    rulesets: RulesetSource,
    codecs: Mapping[str, OutcomeCodec],
    counts: Callable[[int], TurnCounts],
    limits: Limits,
) -> Stage:
    """Return the supervise stage; `codecs` put outcomes into channels' words, `counts` gives a task's counts."""

    def processor(task: int) -> Processor:
        return Supervise(task, topics, rulesets, codecs, counts(task))

    return Stage(
        "supervise", (topics.bus("decisions"), topics.bus("feedback")), processor, changelog=topics.bus("cases"),
        outputs=(topics.bus("lifecycle"), topics.bus("directives")), partitions=topics.spine, limits=limits,
        timers=due_of,
    )  # fmt: skip
