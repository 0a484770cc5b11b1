"""Floor 2: the flows. They know ports and never a concrete system."""
