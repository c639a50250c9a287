"""The words on the wire: what every part of the bus says to every other, and nothing else.

Pydantic, orjson and the standard library only; no I/O, no clock, no chance. What is declared here is a contract with
systems that we do not control: a field is added with a default, never removed or retyped within a topic's major.
"""
