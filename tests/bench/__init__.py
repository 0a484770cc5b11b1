"""The bench: how fast, how big, and what gets lost. Start reading at `__main__.py`."""
