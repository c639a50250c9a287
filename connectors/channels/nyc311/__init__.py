"""New York City 311: one CSV row as a JSON object, column to text. Knows no other channel."""
