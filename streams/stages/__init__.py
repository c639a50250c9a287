"""Stages: declarations that join a processor to its topics. The runtime learns all from here."""

from streams.stages.dispatch import dispatch_stage
from streams.stages.feedback import feedback_stage
from streams.stages.intake import intake_stage
from streams.stages.supervise import supervise_stage

__all__ = ["dispatch_stage", "feedback_stage", "intake_stage", "supervise_stage"]
