"""A clock, dice and a driver that a test owns."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        """Let that much time pass."""
        self.time += seconds


class FakeDice:
    """Chance that follows from one seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def roll(self) -> float:
        return self._random.random()

    def token(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


class InTurn:
    """A Tasks port that runs one coroutine after the other."""

    async def run(self, work: Iterable[Coroutine[Any, Any, None]], limit: int) -> None:
        for coroutine in work:
            await coroutine


class Crash(BaseException):
    """The process died here. No engine code may catch it."""


def drive(coroutine: Coroutine[Any, Any, T], tick: Callable[[], None] | None = None) -> T:
    """Step a coroutine by hand to its end, calling `tick` at every await that really waits."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        if tick is not None:
            tick()
