"""What every codec needs and none may fetch from another: bytes to a native form, local times, coordinates, clean text.

Pure: no clock, no files, no network. Nothing here knows a channel, a county or a rule.
"""
