"""What is done to one opened table: plain functions, each one transaction.

Writes are compare-and-set: the row is read and held until the transaction ends, and compared, as
shown, with what the caller had read; then it is changed in the same transaction. Comparing what is
shown rather than what is stored makes one value of its spellings ("10:00" and "10:00.000000" in a
DATETIME column), which a comparison in SQL would refuse for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec
from sqlalchemy import Connection, Executable
from sqlalchemy.exc import IntegrityError

from crosstie.connectors.sql import memory, outbox
from crosstie.connectors.sql.codec import Stored
from crosstie.connectors.sql.database import TableSource
from crosstie.connectors.sql.describe import described
from crosstie.connectors.sql.faults import Verb, Where
from crosstie.connectors.sql.keys import Key, id_of, key_of, same_id
from crosstie.connectors.sql.opening import Opened, capture_state
from crosstie.connectors.sql.shape import Fault, Trouble
from crosstie.core.errors import Duplicate, Halt, NotFound, Rejected, Stale
from crosstie.core.lens.base import same
from crosstie.core.values import Cursor, Fields, Instant, Page, Record, Tombstone
from crosstie.ports.collection import Found, Lookup, Schema
from crosstie.ports.proof import Remembered

READ_BATCH = 500
_cursor_values = msgspec.json.Decoder(list[str | int | float])


class OpenTable:
    """An opened table, for one collection."""

    def __init__(self, at: Opened, source: TableSource, reader: outbox.Reader) -> None:
        self.at = at
        self._source = source
        self._reader = reader
        self._capture_version: int | None = None
        self._read = self.where(Verb.READ)

    def where(self, verb: Verb) -> Where:
        """What is being done to what, for error texts."""
        label, shape = self._source.account.label, self.at.rows.shape
        return Where(verb, self._source.table, label, shape.constraints)

    def changes(self, cursor: Cursor | None) -> Page:
        """See `Collection.changes`."""
        at = self.at
        with at.sql.reading(self._read) as connection:
            self._check_capture(connection)
            table, size = at.rows.shape.name, self._source.page_size
            news = outbox.news(connection, at.sql.dialect.box, table, cursor, size)
            ids = [same_id(record_id, len(at.rows.key)) for record_id in news.ids]
            there = self._by_ids(connection, ids)
        entries = [there.get(record_id) or Tombstone(record_id) for record_id in ids]
        return Page(entries, news.cursor, news.more)

    def acknowledge(self, cursor: Cursor) -> None:
        """See `Collection.acknowledge`."""
        if cursor == outbox.NOTHING:
            return
        numbers = self._reader.saw(cursor)
        with self.at.sql.writing(self._read) as connection:
            if self.at.sql.dialect.has_outbox(connection):
                box, table = self.at.sql.dialect.box, self.at.rows.shape.name
                outbox.forget(connection, box, table, numbers)
        self._reader.forgot(numbers)

    def remembers(self) -> bool:
        """Whether the database keeps a number for us: capture was installed for any table."""
        with self.at.sql.reading(self._read) as connection:
            return memory.is_there(connection, self.at.sql.dialect.box.name)

    def remembered(self, name: str) -> Remembered:
        """See `Remembering`."""
        with self.at.sql.reading(self._read) as connection:
            return memory.remembered(connection, self.at.sql.dialect.box.name, name)

    def remember(self, name: str, generation: int, now: Instant) -> None:
        """See `Remembering`."""
        with self.at.sql.writing(self._read) as connection:
            memory.remember(connection, self.at.sql.dialect.box.name, name, generation, now)

    def scan(self, cursor: Cursor | None) -> Page:
        """See `Collection.scan`."""
        at, size = self.at, self._source.page_size
        after = None if cursor is None else self._after(cursor)
        statement, values = at.rows.page(after)
        with at.sql.reading(self._read) as connection:
            rows = at.sql.rows(connection, statement, {**values, "limit": size + 1})
        if not rows:
            return Page((), cursor, more=False)
        shown = rows[:size]
        last = msgspec.json.encode(list(shown[-1][: len(at.rows.key)])).decode()
        return Page([at.rows.record(row) for row in shown], Cursor(last), len(rows) > size)

    def read(self, ids: Sequence[str]) -> Found:
        """See `Collection.read`."""
        with self.at.sql.reading(self._read) as connection:
            records = self._by_ids(connection, ids)
        return Found(records, frozenset(ids) - records.keys())

    def find(self, lookup: Lookup) -> Sequence[Record]:
        """See `Collection.find`."""
        at = self.at
        statement = at.rows.equal(lookup.equal)
        if statement is None:
            return ()
        with at.sql.reading(self._read) as connection:
            rows = at.sql.rows(connection, statement)
        return [at.rows.record(row) for row in rows]

    def create(self, fields: Fields) -> Record:
        """See `Collection.create`. A table has no room for our key."""
        where = self.where(Verb.CREATE)
        stored = self.at.rows.stored(fields)
        try:
            with self._writing(where) as (connection, since):
                record = self._made(connection, stored, where)
                self._mark(connection, record.id, since)
                return record
        except Rejected as refused:
            if isinstance(refused.__context__, IntegrityError):
                self._duplicate(self.at.sql.dialect.fault(refused.__context__), stored)
            raise

    def update(self, record_id: str, patch: Fields, was: Fields) -> Record:
        """See `Collection.update`."""
        rows, where = self.at.rows, self.where(Verb.UPDATE)
        stored = rows.stored(patch)
        with self._writing(where) as (connection, since):
            key, now = self._held(connection, record_id)
            if now is None or key is None:
                raise NotFound(f"{where}: there is no row {record_id}")
            self._compare(now, was, where)
            self._keep_key(now, stored, where)
            if not stored:
                return now
            values = rows.values(stored) | rows.key_values(key)
            connection.execute(rows.update(stored), values)
            self._mark(connection, record_id, since)
            # Read again: the application's triggers may have had a say.
            after = self._one(connection, key)
            if after is None:
                raise NotFound(f"{where}: there is no row {record_id} any more")
            return after

    def delete(self, record_id: str, was: Fields) -> None:
        """See `Collection.delete`."""
        rows, where = self.at.rows, self.where(Verb.DELETE)
        with self._writing(where) as (connection, since):
            key, now = self._held(connection, record_id)
            if now is None or key is None:
                return
            self._compare(now, was, where)
            connection.execute(rows.delete, rows.key_values(key))
            self._mark(connection, record_id, since)

    def schema(self) -> Schema:
        """See `Collection.schema`."""
        at = self.at
        with at.sql.reading(self._read) as connection:
            count = int(at.sql.rows(connection, at.rows.count())[0][0])
        return described(at.rows, count, at.notes)

    @contextmanager
    def _writing(self, where: Where) -> Iterator[tuple[Connection, int | None]]:
        """A write transaction, and the newest outbox number in it; None without capture."""
        sql = self.at.sql
        with sql.writing(where) as connection:
            there = sql.dialect.has_outbox(connection)
            yield connection, outbox.start(connection, sql.dialect.box) if there else None

    def _insert(self, connection: Connection, stored: dict[str, Stored]) -> Key | None:
        """Put in one row; its key, where the database tells one."""
        rows = self.at.rows
        values = rows.values(stored)
        if connection.dialect.insert_returning:
            made = connection.execute(rows.insert_told(stored), values).one_or_none()
            return None if made is None else tuple(made)
        done = connection.execute(rows.insert(stored), values)
        names = [column.name for column in rows.key]
        if all(name in stored for name in names):
            return tuple(stored[name] for name in names)
        return (done.lastrowid,) if rows.shape.automatic_key else None

    def _made(self, connection: Connection, stored: dict[str, Stored], where: Where) -> Record:
        """Put in one row, and show it."""
        key = self._insert(connection, stored)
        record = None if key is None else self._one(connection, key)
        if record is None:
            raise Rejected(
                f"{where}: a new row gets no key, or a trigger kept it out",
                fix="map a field onto the key, or give its column a default in the database",
            )
        return record

    def _mark(self, connection: Connection, record_id: str, since: int | None) -> None:
        # Ours is news to another sync of the same table; here it is known by what it shows.
        if since is not None and self._reader.alone:
            box, table = self.at.sql.dialect.box, self.at.rows.shape.name
            outbox.mark_own(connection, box, table, record_id, since)

    def _check_capture(self, connection: Connection) -> None:
        """A rebuilt table loses its triggers: silence would then be taken for peace."""
        at = self.at
        version = at.sql.dialect.capture_version(connection, at.rows.shape)
        if version == self._capture_version:
            return
        names = [column.name for column in at.rows.key]
        state = capture_state(at.sql.dialect, connection, at.rows.shape, names)
        if state != "installed":
            raise Halt(
                f"{self._read}: its capture triggers are {state}",
                fix="run `crosstie capture install`, then `crosstie run --once --full`",
            )
        self._capture_version = version

    def _after(self, cursor: Cursor) -> Key:
        try:
            values = tuple(_cursor_values.decode(cursor))
        except (msgspec.DecodeError, msgspec.ValidationError):
            values = ()
        if len(values) != len(self.at.rows.key):
            raise Rejected("this cursor is none of ours", fix="start the scan anew")
        return values

    def _by_ids(self, connection: Connection, ids: Sequence[str]) -> dict[str, Record]:
        """The rows there are. One query for each 500 ids."""
        at = self.at
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

    def _one(
        self, connection: Connection, key: Key, statement: Executable | None = None
    ) -> Record | None:
        at = self.at
        asked = at.rows.by_key if statement is None else statement
        found = at.sql.rows(connection, asked, at.rows.key_values(key))
        return at.rows.record(found[0]) if found else None

    def _held(self, connection: Connection, record_id: str) -> tuple[Key | None, Record | None]:
        key = key_of(record_id, self.at.rows.key)
        record = None if key is None else self._one(connection, key, self.at.rows.held)
        return key, record if record is not None and record.id == record_id else None

    def _compare(self, now: Record, was: Fields, where: Where) -> None:
        moved = [n for n, value in was.items() if not same(now.fields.get(n), value)]
        if moved:
            raise Stale(f"{where}: row {now.id} changed meanwhile: {', '.join(moved)}")

    def _keep_key(self, now: Record, stored: dict[str, Stored], where: Where) -> None:
        for column in self.at.rows.key:
            if column.name not in stored:
                continue
            if not self.at.rows.is_shown(column.name, stored.pop(column.name), now):
                raise Rejected(
                    f"{where}: column {column.name!r} is the key",
                    field=column.name,
                    fix="map the key one way, from the database",
                )

    def _duplicate(self, fault: Fault, stored: dict[str, Stored]) -> None:
        """Raise Duplicate where the row that is in the way can be told."""
        at, where = self.at, self.where(Verb.CREATE)
        columns = fault.columns or at.rows.shape.constraints.get(fault.constraint, ())
        if fault.trouble is not Trouble.UNIQUE or not columns:
            return
        if not all(name in stored for name in columns):
            return
        taken = {name: stored[name] for name in columns}
        with at.sql.reading(replace(where, verb=Verb.READ)) as connection:
            found = at.sql.rows(connection, at.rows.same(taken))
        for row in found:
            raise Duplicate(
                f"{where}: a row with this {', '.join(taken)} exists",
                existing=id_of(row[: len(at.rows.key)]),
                fix="match records on it, so that the two are linked",
            ) from None
