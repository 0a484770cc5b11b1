"""What was captured in the applications' databases and nobody has noticed yet."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

import msgspec

from crosstie.connectors.sql import TableSource, capture_waiting
from crosstie.core.errors import CrosstieError
from crosstie.core.values import Side
from crosstie.sync import Crosstie

MOST = 10_000
"""Changes that are counted; more are told as at least so many."""
PATIENCE = 2.0
"""Seconds that a database is waited for."""

Ask = Callable[[TableSource, int], int | None]


class OutboxStatus(msgspec.Struct, frozen=True):
    """What waits for one table."""

    table: str
    database: str
    syncs: Sequence[str]
    changes: int | None
    """None where it could not be asked."""
    at_least: bool = False
    """They were counted no further."""
    error: str | None = None
    fix: str | None = None


async def outboxes(
    app: Crosstie, ask: Ask = capture_waiting, patience: float = PATIENCE
) -> Sequence[OutboxStatus]:
    """What waits for every captured table, each once, in the order of the declaration.

    Waits for the databases that many seconds, for all of them together. One that cannot be asked,
    or does not answer in time, is in the answer with the reason.
    """
    tables: dict[TableSource, list[str]] = {}
    for sync in app.in_order:
        for side in Side:
            source = sync.source(side)
            if isinstance(source, TableSource):
                tables.setdefault(_bare(source), []).append(sync.name)
    if not tables:
        return []
    asked = {source: asyncio.wrap_future(_begun(ask, source)) for source in tables}
    await asyncio.wait(asked.values(), timeout=patience)
    found = (_told(source, tables[source], asked[source], patience) for source in tables)
    return [each for each in found if each is not None]


def _bare(source: TableSource) -> TableSource:
    """The table without what only one sync says of it: it has one outbox."""
    return TableSource(source.account, source.table, source.key)


def _begun(ask: Ask, source: TableSource) -> Future[int | None]:
    """Ask in a thread of its own: a database that never answers must not keep anybody."""
    answer: Future[int | None] = Future()
    answer.set_running_or_notify_cancel()

    def work() -> None:
        try:
            answer.set_result(ask(source, MOST + 1))
        except BaseException as error:  # noqa: BLE001  whoever waits for it is told
            answer.set_exception(error)

    threading.Thread(target=work, name="crosstie-outbox", daemon=True).start()
    return answer


def _told(
    source: TableSource, syncs: Sequence[str], answer: asyncio.Future[int | None], patience: float
) -> OutboxStatus | None:
    status = partial(OutboxStatus, source.table, source.account.label, list(dict.fromkeys(syncs)))
    if not answer.done():
        answer.cancel()
        return status(
            None,
            error=f"no answer within {patience:.0f} s",
            fix="see that the database is up and can be reached from here",
        )
    try:
        changes = answer.result()
    except CrosstieError as error:
        return status(None, error=str(error), fix=error.fix)
    if changes is None:
        return None
    return status(min(changes, MOST), at_least=changes > MOST)
