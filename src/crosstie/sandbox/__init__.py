"""Local stand-ins of remote systems, spoken to over real HTTP.

Nothing in here imports the rest of Crosstie: a stand-in that shared code with the
client it is meant to test would share its mistakes as well.
"""
