"""What intake understands (RULE-LANGUAGE §4): kind, category, place, areas and who is complained about.

Everything here is a function of one report and one ruleset, and says on what evidence: rule words and names of the
ruleset with offsets into the original field, never the reporter's text. Nothing here decides where anything goes, and
no rule, clock or state may enter.
"""
