"""The rate budget of one account: all its windows at once, corrected by what the system says.

`values.py` holds the words, `meters.py` one window, `account.py` all of them, `lease.py` what
outlives the process.
"""

from crosstie.core.budget.account import Budget
from crosstie.core.budget.lease import Lease
from crosstie.core.budget.values import (
    DAY,
    FLOOR,
    HOUR,
    LONG,
    MINUTE,
    MONTH,
    RESERVE,
    SLACK,
    Counted,
    Learned,
    Level,
    State,
    Urgency,
    Window,
)

__all__ = [
    "DAY",
    "FLOOR",
    "HOUR",
    "LONG",
    "MINUTE",
    "MONTH",
    "RESERVE",
    "SLACK",
    "Budget",
    "Counted",
    "Learned",
    "Lease",
    "Level",
    "State",
    "Urgency",
    "Window",
]
