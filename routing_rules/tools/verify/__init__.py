"""Verify (G54, G55): what a ruleset can never do, and what it can, proved over the finite domains of its conditions.

`regions` is the geometry that other instruments use too; `report` has the one function that publishing asks. Matching
is the engine's: conditions become sets by asking the engine's own tests value by value, and every claim that something
can happen carries a report which the engine itself decides. No clock, no chance, no I/O.
"""
