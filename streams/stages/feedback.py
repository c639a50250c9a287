"""Feedback's declaration: every agency's facts in, checked; no state. Its tasks are the feedback topics' partitions."""

from collections.abc import Callable, Iterable

from contracts.ports import Processor
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate import Limits, Stage
from streams.processors.feedback import FeedbackCheck


def feedback_stage(
    topics: Topics, agencies: Iterable[str], counts: Callable[[int], TurnCounts], limits: Limits
) -> Stage:
    """Return the feedback stage over the topics of these agencies, by code; `counts` gives a task's counts.

    What it writes lies on as many partitions as the spine has, whatever the number of its tasks.
    """
    owners = {topics.agency_feedback(agency): agency for agency in agencies}

    def processor(task: int) -> Processor:
        return FeedbackCheck(topics, owners, counts(task))

    return Stage("feedback", tuple(sorted(owners)), processor, partitions=topics.feedback, limits=limits)
