"""Storylines (情景): one matter told in YAML, run through the real topology at the story's own time, and drawn.

What is run is the bus itself: all stages over a real broker, with a clock that the story sets. Nothing here decides
anything of a case; what is expected is written in the story and compared with what came out on the topics.
"""
