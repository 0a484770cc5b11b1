"""Floor 0: what should happen. Pure functions on values; no I/O, clock, chance or log."""
