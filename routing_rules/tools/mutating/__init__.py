"""Mutation testing of rules: slips planted in a ruleset one at a time, and which of them no test notices."""
