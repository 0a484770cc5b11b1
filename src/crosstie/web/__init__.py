"""Floor 5: the door for other systems and for monitoring, over HTTP."""
