"""The demonstrations: real programs, a stand-in of the remote system, and a play of people on both.

A demonstration knows nothing of the engine's inside. It starts what a user would start, does what
people would do on both sides, and looks at both sides itself. Start reading at `tripbuilder.py`.
"""
