"""Rules: text in, Decision out. Three doors: `rulesets/` for authors, `tools/` their instruments, `engine/` for us.

Pure: no clock, no chance, no network; only the loader touches a file. What decides the county's cases is here and
nowhere else, so that an explanation can never drift from a decision.
"""
