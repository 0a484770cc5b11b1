"""PostgreSQL: how to open it, what its tables look like.

Facts (PostgreSQL 12 to 17, postgresql.org/docs/current):
* Others write while we do: a row that is read to be changed is locked by its reader.
* Sessions of ours are in UTC with ISO dates, so that values have one text form.
* The driver is asked for text wherever it would make an object: numbers keep their digits.
* No statement is prepared on the server: poolers in transaction mode would mix these up.
* `lock_timeout` and the mark of our own writes live in one transaction each, for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql import triggers_postgresql as capture
from crosstie.connectors.sql.faults_postgresql import fault_of
from crosstie.connectors.sql.outbox import Outbox
from crosstie.connectors.sql.shape import ColumnShape, Fault, Kind, TableShape
from crosstie.core.errors import Misconfigured

CONNECTIONS: Final = 8
_AS_THEY_ARE: Final = frozenset({"int2", "int4", "int8", "oid", "float4", "float8", "bool"})
"""Types whose Python value holds all there is."""
_KINDS: Final = {
    "int2": Kind.INTEGER,
    "int4": Kind.INTEGER,
    "int8": Kind.INTEGER,
    "float4": Kind.NUMBER,
    "float8": Kind.NUMBER,
    "numeric": Kind.DECIMAL,
    "text": Kind.TEXT,
    "varchar": Kind.TEXT,
    "bpchar": Kind.TEXT,
    "citext": Kind.TEXT,
    "name": Kind.TEXT,
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
    "timestamp": Kind.DATETIME,
    "timestamptz": Kind.DATETIME,
    "time": Kind.TIME,
    "timetz": Kind.TIME,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
    "uuid": Kind.UUID,
    "bytea": Kind.BLOB,
}
_BITS: Final = {"int2": 16, "int4": 32, "int8": 64}
_TABLES: Final = (
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'"
    f" AND n.nspname NOT LIKE 'pg~_%' ESCAPE '~' AND n.nspname <> '{capture.SCHEMA}'"
)
_NAMES: Final = text(
    "SELECT CASE WHEN n.nspname = current_schema() THEN c.relname"
    " ELSE n.nspname || '.' || c.relname END" + _TABLES + " ORDER BY 1"
)
_HEAD: Final = text(
    "SELECT c.oid, n.nspname, c.relname, c.relkind, n.nspname = current_schema() AS here,"
    " pg_table_is_visible(c.oid) AS visible"
    + _TABLES
    + " AND ((lower(c.relname) = lower(:name) AND pg_table_is_visible(c.oid))"
    " OR lower(n.nspname || '.' || c.relname) = lower(:name))"
)
_COLUMNS: Final = text(
    "SELECT a.attname, COALESCE(b.typname, t.typname) AS typname,"
    " COALESCE(b.typtype, t.typtype) AS typtype, COALESCE(b.typcategory, t.typcategory) AS family,"
    " CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod, a.attnotnull,"
    " a.atthasdef, a.attgenerated, a.attidentity, pg_get_expr(d.adbin, d.adrelid) AS made,"
    " ARRAY(SELECT e.enumlabel::text FROM pg_enum e"
    " WHERE e.enumtypid = COALESCE(b.oid, t.oid) ORDER BY e.enumsortorder) AS options"
    " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype"
    " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
)
_NAMED: Final = (
    "ARRAY(SELECT a.attname::text FROM unnest({keys}) WITH ORDINALITY k(n, i)"
    " JOIN pg_attribute a ON a.attrelid = {rel} AND a.attnum = k.n ORDER BY k.i)"
)
_CONSTRAINTS: Final = text(
    f"SELECT conname, {_NAMED.format(keys='conkey', rel='conrelid')} AS columns"
    " FROM pg_constraint WHERE conrelid = :oid"
)
_INDEXES: Final = text(
    "SELECT c.relname, x.indisprimary, x.indpred IS NULL AND x.indexprs IS NULL AS whole,"
    f" {_NAMED.format(keys='(x.indkey::int2[])[0:x.indnkeyatts - 1]', rel='x.indrelid')}"
    " AS columns FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
    " WHERE x.indrelid = :oid AND x.indisunique AND x.indisvalid"
)


class Postgresql:
    """The PostgreSQL dialect. Capture's own text is in `triggers_postgresql`."""

    served = True
    channel = capture.CHANNEL
    writes: Mapping[str, Any] = {"crosstie_writes": True, "isolation_level": "READ COMMITTED"}
    box = Outbox(f"{capture.SCHEMA}.outbox", "tx = txid_current()")

    def engine(self, url: URL, *, busy_ms: int, foreign_keys: bool) -> Engine:
        try:
            text_loader = import_module("psycopg.types.string").TextLoader
        except ImportError:
            raise Misconfigured(
                "the driver of PostgreSQL is not installed",
                fix="pip install 'crosstie[postgresql]'",
            ) from None
        known = {
            "application_name": "crosstie",
            "connect_timeout": "5",
            "tcp_user_timeout": "30000",
        }
        engine = create_engine(
            url.set(drivername="postgresql+psycopg", query={**known, **url.query}),
            hide_parameters=True,
            isolation_level="REPEATABLE READ",
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_pre_ping=True,
            connect_args={"prepare_threshold": None},
        )
        _prepared(engine, text_loader, busy_ms)
        return engine

    def tables(self, connection: Connection) -> Sequence[str]:
        return connection.scalars(_NAMES).all()

    def shape(self, connection: Connection, table: str) -> TableShape | None:
        head = _chosen(connection.execute(_HEAD, {"name": table}).all(), table)
        if head is None:
            return None
        asked = {"oid": head.oid}
        rows = connection.execute(_COLUMNS, asked).all()
        columns = {row.attname: _column(row) for row in rows}
        indexes = connection.execute(_INDEXES, asked).all()
        key = next((tuple(index.columns) for index in indexes if index.indisprimary), ())
        given = {r.attname for r in rows if r.attidentity or (r.made or "").startswith("nextval(")}
        constraints = {r.conname: tuple(r.columns) for r in connection.execute(_CONSTRAINTS, asked)}
        return TableShape(
            name=head.relname if head.here else f"{head.nspname}.{head.relname}",
            columns=columns,
            primary_key=key,
            unique=tuple(frozenset(index.columns) for index in indexes if index.whole),
            automatic_key=len(key) == 1 and key[0] in given,
            is_view=head.relkind in ("v", "m", "f"),
            schema=head.nspname,
            bare=head.relname,
            constraints={i.relname: tuple(i.columns) for i in indexes if i.whole} | constraints,
        )

    def fault(self, error: DBAPIError) -> Fault:
        return fault_of(error)

    def lenient(self, connection: Connection) -> None:
        """PostgreSQL takes no text that is not valid."""

    def capture_version(self, connection: Connection, table: TableShape) -> int:
        asked = {"bare": table.bare, "schema": table.schema}
        return int(connection.execute(capture.VERSION, asked).scalar_one())

    def pulse(self, connection: Connection) -> int:
        return int(connection.execute(self.box.last).scalar_one())

    def has_outbox(self, connection: Connection) -> bool:
        return connection.exec_driver_sql(capture.OUTBOX_THERE).first() is not None

    def outbox(self) -> Sequence[str]:
        return capture.OUTBOX

    def drop_outbox(self) -> Sequence[str]:
        return capture.DROP_OUTBOX

    def triggers(self, table: TableShape, key: Sequence[str]) -> Mapping[str, str]:
        return capture.triggers(table, key)

    def installed(self, connection: Connection, table: TableShape | None) -> Mapping[str, str]:
        return capture.installed(connection, table)

    def drop_trigger(self, name: str) -> str:
        return f"DROP {name}"

    def user(self, connection: Connection) -> str:
        return str(connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar_one())

    def grants(self, table: TableShape, user: str) -> Sequence[str]:
        return (
            f"GRANT USAGE ON SCHEMA {capture.SCHEMA} TO {user}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {capture.SCHEMA}"
            f" TO {user}",
        )


def _prepared(engine: Engine, text_loader: type, busy_ms: int) -> None:
    trimmed = type("Trimmed", (text_loader,), {"load": _trimming(text_loader)})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        for kind in connection.adapters.types:
            if kind.name not in _AS_THEY_ARE:
                loader = trimmed if kind.name == "bpchar" else text_loader
                connection.adapters.register_loader(kind.oid, loader)
        connection.autocommit = True
        connection.execute("SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, MDY'")
        connection.autocommit = False

    own = (
        f"SELECT set_config('lock_timeout', '{busy_ms}ms', true),"
        f" set_config('{capture.OWN}', 'on', true)"
    )

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("crosstie_writes"):
            connection.exec_driver_sql(own)


def _trimming(text_loader: Any) -> Callable[[Any, Any], str]:
    """Blanks at the end of a `char(n)` mean nothing: it is filled up with them."""

    def load(self: Any, data: Any) -> str:
        return str(text_loader.load(self, data)).rstrip(" ")

    return load


def _chosen(found: Sequence[Any], name: str) -> Any:
    """Spelled so exactly, else the only one that differs in capitals alone."""
    exact = [h for h in found if (h.visible and h.relname == name)]
    exact += [h for h in found if f"{h.nspname}.{h.relname}" == name]
    if exact:
        return exact[0]
    return found[0] if len(found) == 1 else None


def _column(row: Any) -> ColumnShape:
    kind = _KINDS.get(row.typname, Kind.OPAQUE)
    if row.typtype == "e":
        kind = Kind.CHOICE
    elif row.family == "A":
        kind = Kind.LIST
    size, scale = _digits(row.typname, row.typmod)
    bits = _BITS.get(row.typname)
    return ColumnShape(
        name=row.attname,
        kind=kind,
        nullable=not row.attnotnull,
        has_default=row.atthasdef or bool(row.attidentity),
        generated=row.attgenerated != "" or row.attidentity == "a",
        scale=scale,
        strict=True,
        zoned=row.typname == "timestamptz",
        size=size,
        bounds=None if bits is None else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        options=tuple(row.options),
        nul=False,
    )


def _digits(name: str, typmod: int) -> tuple[int | None, int | None]:
    """What stands in brackets after the type: length or digits, and digits after the point."""
    if typmod < 0:
        return None, None
    if name in ("varchar", "bpchar"):
        return typmod - 4, None
    if name == "numeric":
        scale = (typmod - 4) & 0x7FF
        return (typmod - 4) >> 16, scale - 0x800 if scale & 0x400 else scale
    return None, typmod if name in ("timestamp", "timestamptz") else None
