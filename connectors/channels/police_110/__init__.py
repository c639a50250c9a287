"""110 接处警: the call record (接警单) and how a report is read from one. Knows no other channel."""
