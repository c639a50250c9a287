"""What two rulesets differ in: by their text, by deadlines that a calendar moves, and by past reports decided by both.

Pure: files and reports are given, nothing is read or written here. Whatever is decided is decided by the engine.
"""
