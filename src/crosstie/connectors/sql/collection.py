"""A table as a collection: the coroutines that the engine awaits.

What they do is in `table`. On SQLite they do it at once, for a commit there costs less than
changing threads; the calls of a database behind a server wait in threads, so that the event loop
goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from crosstie.connectors.sql import outbox
from crosstie.connectors.sql.database import Database, TableSource
from crosstie.connectors.sql.engine import Sql
from crosstie.connectors.sql.faults import Verb, Where
from crosstie.connectors.sql.opening import Opened, opened
from crosstie.connectors.sql.statements import PLAIN
from crosstie.connectors.sql.table import READ_BATCH, OpenTable
from crosstie.core.values import Cursor, Fields, Instant, Page, Record, Version
from crosstie.ports.collection import Capabilities, Found, Lookup, Schema
from crosstie.ports.proof import Remembered

Answer = TypeVar("Answer")


class TableCollection:
    """A table of an SQL database. Made by `TableSource.bind`; touches nothing before `open`."""

    def __init__(self, source: TableSource, fields: Sequence[str]) -> None:
        self._source = source
        self._fields = tuple(fields)
        self._table: OpenTable | None = None
        self._reader = outbox.Reader(source.account.url, source.table)
        self._can = Capabilities(
            conditional_write=True,
            twins=True,
            local=True,
            read_batch=READ_BATCH,
            page_size=source.page_size,
        )

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def database(self) -> Database:
        """The database that it is a table of."""
        return self._source.account

    @property
    def can(self) -> Capabilities:
        return self._can

    async def open(self) -> None:
        if self._table is not None:
            return
        sql = Sql.of(self._source.account)
        at = await _called(sql, partial(opened, self._source, self._fields))
        columns = at.rows.shape.columns.values()
        self._can = replace(
            self._can,
            has_changes=at.captured,
            sees_deletes=at.captured and not at.rows.shape.silent,
            searchable=tuple(column.name for column in columns if column.kind in PLAIN),
        )
        self._table = OpenTable(at, self._source, self._reader)
        self._can = replace(self._can, remembers=await self._call(self._open.remembers))

    def pulse(self) -> int:
        """A number that differs from the last one when anything at all was committed in between.

        For waiting: cheaper than asking every table, and true for writers in other processes.
        """
        return self._at.sql.pulse(self._where(Verb.READ))

    async def changes(self, cursor: Cursor | None) -> Page:
        return await self._call(partial(self._open.changes, cursor))

    async def acknowledge(self, cursor: Cursor) -> None:
        await self._call(partial(self._open.acknowledge, cursor))

    async def scan(self, cursor: Cursor | None) -> Page:
        return await self._call(partial(self._open.scan, cursor))

    async def read(self, ids: Sequence[str]) -> Found:
        return await self._call(partial(self._open.read, ids))

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        return await self._call(partial(self._open.find, lookup))

    async def create(self, fields: Fields, key: str) -> Record:
        """`key` is not used: a table has no room for it."""
        return await self._call(partial(self._open.create, fields))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        return await self._call(partial(self._open.update, record_id, patch, was))

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        await self._call(partial(self._open.delete, record_id, was))

    async def remembered(self, name: str) -> Remembered:
        return await self._call(partial(self._open.remembered, name))

    async def remember(self, name: str, generation: int, now: Instant) -> None:
        await self._call(partial(self._open.remember, name, generation, now))

    async def schema(self) -> Schema:
        return await self._call(self._open.schema)

    @property
    def _open(self) -> OpenTable:
        assert self._table is not None, "open() comes first"
        return self._table

    @property
    def _at(self) -> Opened:
        return self._open.at

    def _where(self, verb: Verb) -> Where:
        return self._open.where(verb)

    async def _call(self, work: Callable[[], Answer]) -> Answer:
        return await _called(self._at.sql, work)


async def _called(sql: Sql, work: Callable[[], Answer]) -> Answer:
    begun = sql.start(work)
    return work() if begun is None else await asyncio.wrap_future(begun)
