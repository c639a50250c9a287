"""Instruments of those who write rules: lint, tests, explanations. They run the real engine and never imitate it.

Pure like the engine: files come in as bytes, the day as an argument. What they say is in `messages`; no county here.
"""
