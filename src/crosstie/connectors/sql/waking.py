"""Hearing at once that somebody committed, instead of at the next look.

| database   | how                                                                            |
|------------|--------------------------------------------------------------------------------|
| PostgreSQL | `LISTEN` on a connection of its own; a trigger notifies on commit              |
| others     | a number that moves with every commit (`Dialect.pulse`), asked for a few times |
|            | a second: 10 microseconds on SQLite, one look at an index on MySQL             |

All of it is a hint. What is missed (a connection lost, a pooler between us that forgets who
listens) is found at the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Final

from crosstie.connectors.sql.database import Database
from crosstie.connectors.sql.engine import Sql
from crosstie.connectors.sql.faults import Verb, Where
from crosstie.core.errors import CrosstieError

POLL: Final = 0.05
"""Seconds between two pulses."""
GATHER: Final = 0.01
"""Seconds in which commits that follow one another are one."""
AGAIN: Final = 5.0
"""Seconds until a server that does not answer is asked again."""


async def tell_commits(database: Database, told: Callable[[], None]) -> None:
    """Call `told` soon after anybody's commit, until cancelled. It may be called for nothing."""
    sql = Sql.of(database)
    watch = _listen if sql.dialect.channel else _poll
    while True:
        try:
            await watch(sql, told)
        except (CrosstieError, OSError):
            # The look itself says what is wrong.
            await asyncio.sleep(AGAIN)


async def _poll(sql: Sql, told: Callable[[], None]) -> None:
    where = Where(Verb.READ, "crosstie_outbox", sql.label)
    last = None
    while True:
        begun = sql.start(partial(sql.pulse, where))
        pulse = sql.pulse(where) if begun is None else await asyncio.wrap_future(begun)
        if last is not None and pulse != last:
            told()
        last = pulse
        await asyncio.sleep(POLL)


async def _listen(sql: Sql, told: Callable[[], None]) -> None:
    driver = import_module("psycopg")
    try:
        connection = await driver.AsyncConnection.connect(**sql.listening(), autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {sql.dialect.channel}")
            # What was committed while nobody listened.
            told()
            async for _ in connection.notifies():
                await asyncio.sleep(GATHER)
                told()
    except driver.Error as error:
        raise ConnectionError("the listening connection is lost") from error
