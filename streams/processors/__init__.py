"""Processors: pure verbs, strangers to each other. Record and state in, emits out; no I/O, no clock, no chance."""
