"""数字化城管: its case (案卷) and how a report is read from one. Knows no other channel."""
