"""Answers read from the topics themselves, committed records only: dead letters, paused inputs, one report's way.

A reading is bounded by the ends of its partitions as they stood when it began. Nothing is written here, and no reading
joins a consumer group.
"""
