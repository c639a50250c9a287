"""The engine: a ruleset and an incident in, a Decision out. It knows no county: every code, name and word is data."""
