"""Progress of long work, on stderr: a bar on a terminal, a line every ten seconds otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 10.0
"""Seconds between two lines."""

Progress = Callable[[int], None]


@contextmanager
def progress(what: str, *, json: bool, of: str = "records") -> Iterator[Progress]:
    """Tell how many were done, of what. The bar is gone when the work is."""
    if sys.stderr.isatty() and not json:
        with _bar(what, of) as advance:
            yield advance
        return
    yield Lines(what, time.monotonic, of)


@contextmanager
def _bar(what: str, of: str) -> Iterator[Progress]:
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from crosstie.cli.out import console

    columns = (
        SpinnerColumn(),
        TextColumn(what),
        TextColumn(f"{{task.completed:.0f}} {of}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.advance(task, done)


class Lines:
    """A line when the last one is old enough. now: a clock that never goes back."""

    def __init__(self, what: str, now: Callable[[], float], of: str = "records") -> None:
        self._what = what
        self._of = of
        self._now = now
        self._begun = self._last = now()
        self._done = 0

    def __call__(self, done: int) -> None:
        self._done += done
        moment = self._now()
        if moment - self._last >= EVERY:
            self._last = moment
            seconds = moment - self._begun
            sys.stderr.write(f"{self._what}: {self._done} {self._of} after {seconds:.0f} s\n")
