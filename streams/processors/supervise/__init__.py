"""Supervise (跟踪督办): the life of a case and its clocks, over one table of transitions (`streams.lifecycle`)."""

from streams.processors.supervise.processor import Supervise

__all__ = ["Supervise"]
