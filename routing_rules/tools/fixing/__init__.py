"""What can be put right without asking: one text edit a finding, kept only where it lessens what is wrong.

Pure: files in, files out. Nothing here reads meaning by itself: `lint` says what is wrong before and after each edit.
"""

from routing_rules.tools.fixing.mending import FIXABLE, Mended, mend

__all__ = ["FIXABLE", "Mended", "mend"]
