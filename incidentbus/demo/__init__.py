"""The demo: the main job, whole and real. A broker, topics, a ruleset in force, workers, reports of four channels, and
the witness's verdict. What it shows is what a deployment does; nothing here is a shortcut.
"""
