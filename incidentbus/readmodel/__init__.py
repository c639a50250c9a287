"""Answers for people: read from the topics themselves, or from the read model, a database that the topics fill.

Committed records only. A reading is bounded by the ends of its partitions as they stood when it began; none joins a
consumer group. Nothing is written to a topic here, and the database holds nothing that the topics do not say.
"""
