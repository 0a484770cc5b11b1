"""Plays the real engine and the real store against systems at their worst, from one integer.

```python
from crosstie.testing.simulator import first_violation

assert first_violation(range(100)) is None
```
"""

from crosstie.testing.simulator.finding import Failure, first_violation, simulate
from crosstie.testing.simulator.items import Item, Script, draw
from crosstie.testing.simulator.life import Life
from crosstie.testing.simulator.pause import Violation
from crosstie.testing.simulator.play import play
from crosstie.testing.simulator.remote import HONEST, Remote, Worst
from crosstie.testing.simulator.scenario import Scenario, act, crashed_at, points
from crosstie.testing.simulator.worlds import World, world_of

__all__ = [
    "HONEST",
    "Failure",
    "Item",
    "Life",
    "Remote",
    "Scenario",
    "Script",
    "Violation",
    "World",
    "Worst",
    "act",
    "crashed_at",
    "draw",
    "first_violation",
    "play",
    "points",
    "simulate",
    "world_of",
]
