"""A table as a collection.

Writes are compare-and-set: the row is read under the database's write lock and compared, as shown,
with what the caller had read; then it is changed in the same transaction. Comparing what is shown
rather than what is stored makes one value of its spellings ("10:00" and "10:00.000000" in a
DATETIME column), which a comparison in SQL would refuse for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from crosstie.connectors.sql import outbox
from crosstie.connectors.sql.codec import Stored
from crosstie.connectors.sql.database import TableSource
from crosstie.connectors.sql.describe import described
from crosstie.connectors.sql.faults import Verb, Where
from crosstie.connectors.sql.keys import Key, id_of, key_of, same_id
from crosstie.connectors.sql.opening import Opened, capture_state, opened
from crosstie.connectors.sql.shape import Trouble
from crosstie.connectors.sql.statements import PLAIN
from crosstie.core.errors import Duplicate, Halt, NotFound, Rejected, Stale
from crosstie.core.lens.base import same
from crosstie.core.values import Cursor, Fields, Page, Record, Tombstone, Version
from crosstie.ports.collection import Capabilities, Found, Lookup, Schema

READ_BATCH = 500
_cursor_values = msgspec.json.Decoder(list[str | int | float])


class TableCollection:
    """A table of an SQL database. Made by `TableSource.bind`; touches nothing before `open`."""

    def __init__(self, source: TableSource, fields: Sequence[str]) -> None:
        self._source = source
        self._fields = tuple(fields)
        self._open: Opened | None = None
        self._schema_version = 0
        self._reader = outbox.Reader(source.account.url, source.table)
        self._can = Capabilities(
            conditional_write=True,
            local=True,
            read_batch=READ_BATCH,
            page_size=source.page_size,
        )

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def can(self) -> Capabilities:
        return self._can

    async def open(self) -> None:
        if self._open is None:
            self._open = opened(self._source, self._fields)
            columns = self._open.rows.shape.columns.values()
            self._can = replace(
                self._can,
                has_changes=self._open.captured,
                sees_deletes=self._open.captured,
                searchable=tuple(column.name for column in columns if column.kind in PLAIN),
            )

    def pulse(self) -> int:
        """A number that differs from the last one when anything at all was committed in between.

        For waiting: cheaper than asking every table, and true for writers in other processes.
        """
        return self._at.sql.pulse(self._where(Verb.READ))

    async def changes(self, cursor: Cursor | None) -> Page:
        at = self._at
        with at.sql.reading(self._where(Verb.READ)) as connection:
            self._check_capture(connection)
            table, size = at.rows.shape.name, self._source.page_size
            news = outbox.news(connection, table, cursor, size)
            ids = [same_id(record_id, len(at.rows.key)) for record_id in news.ids]
            there = self._by_ids(connection, ids)
        entries = [there.get(record_id) or Tombstone(record_id) for record_id in ids]
        return Page(entries, news.cursor, news.more)

    async def acknowledge(self, cursor: Cursor) -> None:
        if cursor != outbox.NOTHING:
            with self._at.sql.writing(self._where(Verb.READ)) as connection:
                if self._at.sql.dialect.has_outbox(connection):
                    self._reader.forget(connection, self._at.rows.shape.name, cursor)

    async def scan(self, cursor: Cursor | None) -> Page:
        at, size = self._at, self._source.page_size
        after = None if cursor is None else self._after(cursor)
        statement, values = at.rows.page(after)
        with at.sql.reading(self._where(Verb.READ)) as connection:
            rows = at.sql.rows(connection, statement, {**values, "limit": size + 1})
        if not rows:
            return Page((), cursor, more=False)
        shown = rows[:size]
        last = msgspec.json.encode(list(shown[-1][: len(at.rows.key)])).decode()
        return Page([at.rows.record(row) for row in shown], Cursor(last), len(rows) > size)

    async def read(self, ids: Sequence[str]) -> Found:
        with self._at.sql.reading(self._where(Verb.READ)) as connection:
            records = self._by_ids(connection, ids)
        return Found(records, frozenset(ids) - records.keys())

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        at = self._at
        statement = at.rows.equal(lookup.equal)
        if statement is None:
            return ()
        with at.sql.reading(self._where(Verb.READ)) as connection:
            rows = at.sql.rows(connection, statement)
        return [at.rows.record(row) for row in rows]

    async def create(self, fields: Fields, key: str) -> Record:
        """`key` is not used: a table has no room for it, and a commit is never in doubt."""
        rows = self._at.rows
        stored = rows.stored(fields)
        with self._writing(Verb.CREATE) as (connection, since):
            try:
                made = connection.execute(rows.insert(stored), rows.values(stored)).one()
            except IntegrityError as error:
                self._duplicate(connection, error, stored)
                raise
            record = self._one(connection, tuple(made))
            if record is None:
                raise Rejected(
                    f"{self._where(Verb.CREATE)}: a new row gets no key",
                    fix="map a field onto the key, or give its column a default in the database",
                )
            self._mark(connection, record.id, since)
            return record

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        rows = self._at.rows
        stored = rows.stored(patch)
        with self._writing(Verb.UPDATE) as (connection, since):
            key, now = self._held(connection, record_id)
            if now is None or key is None:
                raise NotFound(f"{self._where(Verb.UPDATE)}: there is no row {record_id}")
            self._compare(now, was, Verb.UPDATE)
            self._keep_key(now, stored)
            if not stored:
                return now
            values = rows.values(stored) | rows.key_values(key)
            connection.execute(rows.update(stored), values)
            self._mark(connection, record_id, since)
            # Read again: the application's triggers may have had a say.
            after = self._one(connection, key)
            if after is None:
                raise NotFound(f"{self._where(Verb.UPDATE)}: there is no row {record_id} any more")
            return after

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        rows = self._at.rows
        with self._writing(Verb.DELETE) as (connection, since):
            key, now = self._held(connection, record_id)
            if now is None or key is None:
                return
            self._compare(now, was, Verb.DELETE)
            connection.execute(rows.delete, rows.key_values(key))
            self._mark(connection, record_id, since)

    async def schema(self) -> Schema:
        at = self._at
        with at.sql.reading(self._where(Verb.READ)) as connection:
            count = int(at.sql.rows(connection, at.rows.count())[0][0])
        return described(at.rows, count, at.notes)

    @property
    def _at(self) -> Opened:
        assert self._open is not None, "open() comes first"
        return self._open

    def _where(self, verb: Verb) -> Where:
        return Where(verb, self._source.table, self._source.account.label)

    @contextmanager
    def _writing(self, verb: Verb) -> Iterator[tuple[Connection, int | None]]:
        """A write transaction, and the newest outbox number in it; None without capture."""
        sql = self._at.sql
        with sql.writing(self._where(verb)) as connection:
            there = sql.dialect.has_outbox(connection)
            yield connection, outbox.start(connection) if there else None

    def _mark(self, connection: Connection, record_id: str, since: int | None) -> None:
        # Ours is news to another sync of the same table; here it is known by what it shows.
        if since is not None and self._reader.alone:
            outbox.mark_own(connection, self._at.rows.shape.name, record_id, since)

    def _check_capture(self, connection: Connection) -> None:
        """A rebuilt table loses its triggers: silence would then be taken for peace."""
        at = self._at
        version = at.sql.dialect.schema_version(connection)
        if version == self._schema_version:
            return
        names = [column.name for column in at.rows.key]
        state = capture_state(at.sql.dialect, connection, at.rows.shape, names)
        if state != "installed":
            raise Halt(
                f"{self._where(Verb.READ)}: its capture triggers are {state}",
                fix="run `crosstie capture install`, then `crosstie run --once --full`",
            )
        self._schema_version = version

    def _after(self, cursor: Cursor) -> Key:
        try:
            values = tuple(_cursor_values.decode(cursor))
        except (msgspec.DecodeError, msgspec.ValidationError):
            values = ()
        if len(values) != len(self._at.rows.key):
            raise Rejected("this cursor is none of ours", fix="start the scan anew")
        return values

    def _by_ids(self, connection: Connection, ids: Sequence[str]) -> dict[str, Record]:
        """The rows there are. One query for each 500 ids."""
        at = self._at
        wanted = set(ids)
        keys = [key for i in dict.fromkeys(ids) if (key := key_of(i, at.rows.key)) is not None]
        found: dict[str, Record] = {}
        for start in range(0, len(keys), READ_BATCH):
            values = at.rows.key_list(keys[start : start + READ_BATCH])
            for row in at.sql.rows(connection, at.rows.by_keys, values):
                record = at.rows.record(row)
                # A column that ignores case answers to more spellings than its own.
                if record.id in wanted:
                    found[record.id] = record
        return found

    def _one(self, connection: Connection, key: Key) -> Record | None:
        at = self._at
        found = at.sql.rows(connection, at.rows.by_key, at.rows.key_values(key))
        return at.rows.record(found[0]) if found else None

    def _held(self, connection: Connection, record_id: str) -> tuple[Key | None, Record | None]:
        key = key_of(record_id, self._at.rows.key)
        record = None if key is None else self._one(connection, key)
        return key, record if record is not None and record.id == record_id else None

    def _compare(self, now: Record, was: Fields, verb: Verb) -> None:
        moved = [n for n, value in was.items() if not same(now.fields.get(n), value)]
        if moved:
            raise Stale(f"{self._where(verb)}: row {now.id} changed meanwhile: {', '.join(moved)}")

    def _keep_key(self, now: Record, stored: dict[str, Stored]) -> None:
        for column in self._at.rows.key:
            if column.name not in stored:
                continue
            if not same(now.fields[column.name], stored.pop(column.name)):
                raise Rejected(
                    f"{self._where(Verb.UPDATE)}: column {column.name!r} is the key",
                    field=column.name,
                    fix="map the key one way, from the database",
                )

    def _duplicate(
        self, connection: Connection, error: IntegrityError, stored: dict[str, Stored]
    ) -> None:
        """Raise Duplicate where the row that is in the way can be told."""
        at = self._at
        fault = at.sql.dialect.fault(error)
        if fault.trouble is not Trouble.UNIQUE or not fault.columns:
            return
        if not all(name in stored for name in fault.columns):
            return
        taken = {name: stored[name] for name in fault.columns}
        for row in at.sql.rows(connection, at.rows.same(taken)):
            raise Duplicate(
                f"{self._where(Verb.CREATE)}: a row with this {', '.join(taken)} exists",
                existing=id_of(row[: len(at.rows.key)]),
                fix="match records on it, so that the two are linked",
            ) from error
