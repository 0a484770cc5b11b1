"""Webhooks that were received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the inbox."""
    op.create_table(
        "inbox",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(),
            primary_key=True,
        ),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.Column("sent", sa.Float(), nullable=True),
        sa.Column("received", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="pending"),
        sa.Column("worked", sa.Float(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.UniqueConstraint("endpoint", "delivery", name="inbox_delivery"),
        sqlite_autoincrement=True,
    )
    for state in ("pending", "failed"):
        where = sa.text(f"state = '{state}'")
        name = f"inbox_{state}"
        op.create_index(name, "inbox", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_index("inbox_received", "inbox", ["endpoint", "received"])
