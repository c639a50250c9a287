"""Text to Ruleset: one field table says which fields there are, of what type, and gives parser, linter and schema.

Nothing here decides: what a condition means is the compiler's. Every doubt becomes a finding with file, line and
column, and reading goes on, so that an author sees all of it at once.
"""
