"""Figures over time, and alerts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rollup",
        _text("scale", primary_key=True),
        _number("at", primary_key=True),
        _text("kind", primary_key=True),
        _text("name", primary_key=True),
        _text("tally"),
    )
    _alerts()
    _deliveries()
    op.create_table(
        "alert_mute", _text("cause", primary_key=True), _number("since"), _number("until")
    )
    op.create_table(
        "alert_channel", _text("channel", primary_key=True), _number("since"), _text("reason")
    )


def _text(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), **{"nullable": False, **options})


def _number(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(), **{"nullable": False, **options})


def _whole() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", _whole(), sa.Identity(), primary_key=True),
        *map(_text, ("cause", "severity", "said", "fix")),
        _number("opened_at"),
        _number("told_at", nullable=True),
        _number("clear_since", nullable=True),
        _number("closed_at", nullable=True),
        sqlite_autoincrement=True,
    )
    where = sa.text("closed_at IS NULL")
    op.create_index(
        "alert_open", "alert", ["cause"], unique=True, sqlite_where=where, postgresql_where=where
    )


def _deliveries() -> None:
    op.create_table(
        "alert_delivery",
        sa.Column("id", _whole(), sa.Identity(), primary_key=True),
        *map(_text, ("channel", "occasion", "cause", "severity", "said", "fix")),
        _number("at"),
        _text("key"),
        _number("due_at"),
        _text("state"),
        sa.Column("attempts", _whole(), nullable=False),
        _text("error", nullable=True),
        _number("sent_at", nullable=True),
        sqlite_autoincrement=True,
    )
    where = sa.text("state = 'waiting'")
    op.create_index(
        "alert_delivery_due",
        "alert_delivery",
        ["due_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
