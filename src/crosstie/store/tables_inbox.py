"""The table of webhooks that were received."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from crosstie.store.tables import metadata
from crosstie.store.wording import Whole

inbox = Table(
    "inbox",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("kept", LargeBinary, nullable=False),
    Column("sent", Float),
    Column("received", Float, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("worked", Float),
    Column("detail", Text),
    UniqueConstraint("endpoint", "delivery", name="inbox_delivery"),
    sqlite_autoincrement=True,
)

PENDING: ColumnElement[str] = literal_column("'pending'")
"""A literal: SQLite only uses a partial index whose condition it can see."""
FAILED: ColumnElement[str] = literal_column("'failed'")
"""A literal, as `PENDING` is."""

# Waiting ones are few, however long the history is.
_pending = inbox.c.state == PENDING
Index("inbox_pending", inbox.c.id, sqlite_where=_pending, postgresql_where=_pending)
_failed = inbox.c.state == FAILED
Index("inbox_failed", inbox.c.id, sqlite_where=_failed, postgresql_where=_failed)
Index("inbox_received", inbox.c.endpoint, inbox.c.received)
