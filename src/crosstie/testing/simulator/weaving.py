"""Flows of one process side by side, taken on in the order that the schedule says."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

from crosstie.testing.simulator.pause import Pause

Flow = Coroutine[Any, Any, None]


class Woven:
    """A Tasks port: one flow goes on until it ends, or until `turn` names another one."""

    def __init__(self, turn: Callable[[], int | None]) -> None:
        self._turn = turn

    async def run(self, work: Iterable[Flow], limit: int) -> None:
        """See `Tasks`."""
        waiting, flights = iter(work), list[Flow]()
        failed: Exception | None = None
        current = 0
        while True:
            if failed is None:
                _board(waiting, flights, limit)
            if not flights:
                break
            turn = self._turn()
            current = (current if turn is None else turn) % len(flights)
            try:
                name = flights[current].send(None)
            except StopIteration:
                del flights[current]
            except Exception as error:  # noqa: BLE001  raised when the others have ended
                del flights[current]
                failed = failed or error
            else:
                await _shared(name, flights)
        if failed is not None:
            raise failed


def _board(waiting: Iterator[Flow], flights: list[Flow], limit: int) -> None:
    while len(flights) < limit:
        try:
            flights.append(next(waiting))
        except StopIteration:
            return


async def _shared(name: str, flights: list[Flow]) -> None:
    """Let go where one of the flights does. In a crash all of them end."""
    try:
        await Pause(name)
    except BaseException:
        for flight in flights:
            flight.close()
        raise
