"""信访: its registered letter (信访件), visit or call, and how a report is read from one. Knows no other channel."""
