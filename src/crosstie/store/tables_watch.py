"""Tables of the state database for figures over time and for alerts."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Identity,
    Index,
    Table,
    Text,
    literal_column,
)

from crosstie.store.tables import metadata
from crosstie.store.wording import Whole

rollup = Table(
    "rollup",
    metadata,
    Column("scale", Text, primary_key=True),
    Column("at", Float, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("tally", Text, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("told_at", Float),
    Column("clear_since", Float),
    Column("closed_at", Float),
    sqlite_autoincrement=True,
)
_open = alert.c.closed_at.is_(None)
Index("alert_open", alert.c.cause, unique=True, sqlite_where=_open, postgresql_where=_open)

delivery = Table(
    "alert_delivery",
    metadata,
    Column("id", Whole, Identity(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("key", Text, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Whole, nullable=False),
    Column("error", Text),
    Column("sent_at", Float),
    sqlite_autoincrement=True,
)
WAITING: ColumnElement[str] = literal_column("'waiting'")
"""A literal: SQLite only uses a partial index whose condition it can see."""
_waits = delivery.c.state == WAITING
Index("alert_delivery_due", delivery.c.due_at, sqlite_where=_waits, postgresql_where=_waits)

mute = Table(
    "alert_mute",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
)

channel = Table(
    "alert_channel",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("since", Float, nullable=False),
    Column("reason", Text, nullable=False),
)
