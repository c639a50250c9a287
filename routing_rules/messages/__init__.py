"""Every text that an author, an operator or an official reads, in Chinese and English, and nothing else.

The one room of the rules where Chinese characters may stand in code. Messages know codes and parameters, no ruleset.
"""

from routing_rules.messages.entries import Language, Level
from routing_rules.messages.finding import NOWHERE, Finding, Position

__all__ = ["NOWHERE", "Finding", "Language", "Level", "Position"]
