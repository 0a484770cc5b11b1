"""Tables of the state database. Every change here needs a migration; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from crosstie.store.wording import Whole

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("made_at", Float, nullable=False),
)

# Whoever writes to a state on PostgreSQL locks the row of its tenant first.
tenant = Table(
    "tenant",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    Column("epoch", Whole, nullable=False, server_default="0"),
    Column("since", Float),
    Column("until", Float),
)

# An id that is given out twice would hand an old link's history to a new one: hence autoincrement.
link = Table(
    "link",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("sync", Text, nullable=False),
    Column("left_id", Text),
    Column("right_id", Text),
    Column("base_left", Text, nullable=False, server_default="{}"),
    Column("base_right", Text, nullable=False, server_default="{}"),
    Column("left_mark", Text),
    Column("right_mark", Text),
    Column("state", Text, nullable=False, server_default="active"),
    Column("noticed", Whole, nullable=False, server_default="0"),
    Column("settled", Whole, nullable=False, server_default="0"),
    Column("due_at", Float),
    Column("attempts", Whole, nullable=False, server_default="0"),
    Column("error", Text),
    Column("detail", Text),
    Column("waits_sync", Text),
    Column("waits_side", Text),
    Column("waits_id", Text),
    Column("conflict_id", Whole),
    Column("told_at", Float),
    Column("cause", Text),
    UniqueConstraint("sync", "left_id", name="link_left"),
    UniqueConstraint("sync", "right_id", name="link_right"),
    sqlite_autoincrement=True,
)

ACTIVE: ColumnElement[str] = literal_column("'active'")
"""A literal, not a parameter: SQLite only uses a partial index whose condition it can see."""

# (sync, id, state) pages through one sync by id and counts its states without touching the rows.
Index("link_sync", link.c.sync, link.c.id, link.c.state)
_due = link.c.due_at.is_not(None) & (link.c.state == ACTIVE)
# With the id as the last word on the order: thousands may be due at the same moment.
Index("link_due", link.c.sync, link.c.due_at, link.c.id, sqlite_where=_due, postgresql_where=_due)
_waits = link.c.waits_sync.is_not(None)
Index(
    "link_waits",
    link.c.waits_sync,
    link.c.waits_side,
    link.c.waits_id,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
_alone = link.c.left_id.is_(None) | link.c.right_id.is_(None)
Index("link_alone", link.c.sync, link.c.state, sqlite_where=_alone, postgresql_where=_alone)
DEAD: ColumnElement[str] = literal_column("'dead'")
"""A literal, as `ACTIVE` is."""
WAITING: ColumnElement[str] = literal_column("'waiting'")
"""A literal: a parameter next to a partial index makes SQLite plan anew for each execution."""
_dead = link.c.state == DEAD
Index("link_dead", link.c.sync, link.c.cause, sqlite_where=_dead, postgresql_where=_dead)

intent = Table(
    "intent",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("link_id", Whole, ForeignKey("link.id"), nullable=False),
    Column("side", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text),
    Column("written", Text, nullable=False),
    Column("was", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("marker", Text, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("undoes", Whole),
    Column("apart", Text),
    Index("intent_link", "link_id"),
    sqlite_autoincrement=True,
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("link_id", Whole, nullable=False),
    Column("sync", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("candidates", Text, nullable=False),
    Column("deleted", Text),
    Column("note", Text),
    Column("answer", Text),
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float),
    sqlite_autoincrement=True,
)
_open = conflict.c.closed_at.is_(None)
Index(
    "conflict_open",
    conflict.c.sync,
    conflict.c.opened_at,
    sqlite_where=_open,
    postgresql_where=_open,
)

history = Table(
    "history",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("link_id", Whole, nullable=False),
    Column("side", Text),
    Column("record_id", Text),
    Column("operation", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("run_id", Whole),
    Column("sync", Text, nullable=False),
    Column("across", Text),
    Index("history_link", "link_id"),
    Index("history_run", "run_id", "link_id"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("sync", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
)

missing = Table(
    "missing",
    metadata,
    Column("link_id", Whole, primary_key=True, autoincrement=False),
    Column("side", Text, primary_key=True),
    Column("sync", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("first_at", Float),
    Column("again_at", Float),
    Column("proven", Whole, nullable=False, server_default="0"),
    Index("missing_sync", "sync", "side"),
)

origin = Table(
    "origin",
    metadata,
    Column("sync", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("pending", Whole, nullable=False, server_default="0"),
    Column("confirmed", Whole, nullable=False, server_default="0"),
    Column("height", Whole),
    Column("checked_at", Float),
    Column("doubt", Text),
    Column("beyond", Whole, nullable=False, server_default="0"),
)

sync_state = Table(
    "sync_state",
    metadata,
    Column("sync", Text, primary_key=True),
    Column("scanned_at", Float),
    Column("scan_owed", Whole, nullable=False, server_default="0"),
    Column("scan_declared", Text),
    Column("held", Text),
)

run = Table(
    "run",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("error", Text),
)

budget = Table(
    "budget",
    metadata,
    Column("account", Text, primary_key=True),
    Column("seconds", Float, primary_key=True),
    Column("part", Float, primary_key=True),
    Column("calls", Whole, nullable=False),
    Column("most", Whole, nullable=False),
)

account_pause = Table(
    "account_pause",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
)
