"""Dispatch (分流交办): an incident in, a decision and its assignments out; what it remembers of a case beside it."""

from streams.processors.dispatch.processor import Dispatch
from streams.processors.dispatch.state import STATE_VERSION, CaseState, upgraded

__all__ = ["STATE_VERSION", "CaseState", "Dispatch", "upgraded"]
