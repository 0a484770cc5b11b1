"""Floor 4: the only one with configuration, wall clock, chance, tasks and processes."""
