"""The first signal ends work in order, and is what the exit code tells."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from crosstie.cli.codes import Code

SIGNALS = {signal.SIGINT: Code.INTERRUPTED, signal.SIGTERM: Code.TERMINATED}


class Stop:
    """Set by a signal; knows the exit code for it."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.code: Code | None = None

    def set(self, number: int) -> None:
        """That signal came."""
        self.code = SIGNALS[signal.Signals(number)]
        self.event.set()


@contextmanager
def stopping() -> Iterator[Stop]:
    """Let the first signal end the work in order; a second one ends it as ever."""
    stop, loop = Stop(), asyncio.get_running_loop()

    def heard(number: int) -> None:
        stop.set(number)
        for each in SIGNALS:
            loop.remove_signal_handler(each)

    try:
        for number in SIGNALS:
            loop.add_signal_handler(number, heard, number)
    except (NotImplementedError, RuntimeError, ValueError):
        # Windows, or a thread that is not the main one: Ctrl-C then ends it at once.
        yield stop
        return
    try:
        yield stop
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
