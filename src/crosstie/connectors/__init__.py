"""Floor 3: one folder a system. Strangers to each other and to the engine."""
