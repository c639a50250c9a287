"""Channels: one folder each, with a pure codec, its field map and samples. A channel knows no other.

`connectors.registry` lists them. What may not enter: I/O, clocks, rules, and codes of a county.
"""
