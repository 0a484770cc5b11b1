"""Floor 5: the `crosstie` command. `main` is its door; commands are loaded when they are called."""

from crosstie.cli.entry import main

__all__ = ["main"]
