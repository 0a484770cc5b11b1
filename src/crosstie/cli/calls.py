"""What commands share: finding the application, opening it, running a coroutine to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from crosstie.service.locate import Located, locate
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.ports import Store
    from crosstie.service.wiring import Opened

T = TypeVar("T")


def found(app: str | None) -> Located:
    """The application that this call is about. Raises Misconfigured."""
    return locate(app, Path.cwd())


def with_open(app: Crosstie, work: Callable[[Opened], Awaitable[T]]) -> T:
    """Open the application, do the work, close it."""
    # Imported late, as below: help needs neither databases nor a network.
    from crosstie.service.wiring import opened

    async def call() -> T:
        async with opened(app) as ready:
            return await work(ready)

    return asyncio.run(call())


def with_engine(
    app: Crosstie, work: Callable[[Opened], Awaitable[T]], waits: Callable[[str], None] | None
) -> T:
    """Open the application with the right to settle, do the work, close it.

    With `waits` it stands by while another engine works on a server's state, and says so there.
    """
    from crosstie.service.leasing import engaged

    async def call() -> T:
        async with engaged(app, stamp(now()), waits) as ready:
            return await work(ready)

    return asyncio.run(call())


def with_state(app: Crosstie, work: Callable[[Crosstie, Store], Awaitable[T]]) -> T:
    """Open the state alone, do the work, close it: no system is asked, and no network loaded."""
    from crosstie.service.grouped import GroupedStore

    async def call() -> T:
        with closing(GroupedStore.open(app.state)) as store:
            return await work(app, store)

    return asyncio.run(call())


def stamp(at: float | None) -> str:
    """A time as people read it, in UTC; a dash for none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def now() -> float:
    """This machine's clock."""
    return datetime.now(UTC).timestamp()
