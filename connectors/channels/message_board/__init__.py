"""网上留言板: one message a line of a file, and how a report is read from one. Knows no other channel."""
