"""Waiting for what another process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 0.05
PATIENCE = 60.0
"""Seconds. After an outage the next call may be half a minute away (see `core/breaker.py`), and a
record that has to let others go first 45 seconds (see `engine/drain.py`)."""


class Failed(Exception):
    """A check of the demonstration did not hold. The text says which."""


def until(look: Callable[[], T | None], what: str, *, seconds: float = PATIENCE) -> T:
    """The first thing that `look` gives and that is not empty. Raises Failed after a while."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"waited {seconds:g} s for {what}")
        time.sleep(_LOOK_AGAIN)


def check(holds: bool, what: str) -> None:
    """Raise Failed, naming what was expected, unless it holds."""
    if not holds:
        raise Failed(f"expected: {what}")
