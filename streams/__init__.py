"""Streams: what runs on records. Pure processors, the runtime that carries them, and the stages that join the two.

Codecs, Kafka clients and rulesets come in as ports, handed over by assembly; no connector is imported here.
"""
