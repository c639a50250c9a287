"""Connectors: everything that faces another system. Channels' codecs, Kafka's clients and broker, samples of payloads.

What may not enter: rules, and what a stage decides. Streams are strangers to this room: they get codecs and clients as
ports, handed in by assembly.
"""
