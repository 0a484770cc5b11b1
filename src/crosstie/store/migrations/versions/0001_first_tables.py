"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _link()
    _intent()
    _conflict()
    _history()
    _runs()
    _accounts()
    _proof()


def _whole() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), **{"nullable": False, **options})


def _maybe(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=True)


def _number(name: str, kind: Any = _whole, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind(), **{"nullable": False, **options})


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, _whole(), sa.Identity(), primary_key=True)


def _index(table: str, name: str, columns: list[str], where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _link() -> None:
    op.create_table(
        "link",
        _id(),
        _text("sync"),
        _maybe("left_id"),
        _maybe("right_id"),
        _text("base_left", server_default="{}"),
        _text("base_right", server_default="{}"),
        _maybe("left_mark"),
        _maybe("right_mark"),
        _text("state", server_default="active"),
        _number("noticed", server_default="0"),
        _number("settled", server_default="0"),
        _maybe("due_at", sa.Float),
        _number("attempts", server_default="0"),
        _maybe("error"),
        _maybe("detail"),
        _maybe("waits_sync"),
        _maybe("waits_side"),
        _maybe("waits_id"),
        _maybe("conflict_id", _whole),
        _maybe("told_at", sa.Float),
        _maybe("cause"),
        sa.UniqueConstraint("sync", "left_id", name="link_left"),
        sa.UniqueConstraint("sync", "right_id", name="link_right"),
        sqlite_autoincrement=True,
    )
    _index("link", "link_sync", ["sync", "id", "state"])
    due = ["sync", "due_at", "id"]
    _index("link", "link_due", due, "due_at IS NOT NULL AND state = 'active'")
    waits = ["waits_sync", "waits_side", "waits_id"]
    _index("link", "link_waits", waits, "waits_sync IS NOT NULL")
    _index("link", "link_alone", ["sync", "state"], "left_id IS NULL OR right_id IS NULL")
    _index("link", "link_dead", ["sync", "cause"], "state = 'dead'")


def _intent() -> None:
    op.create_table(
        "intent",
        _id(),
        sa.Column("link_id", _whole(), sa.ForeignKey("link.id"), nullable=False),
        _text("side"),
        _text("kind"),
        _maybe("target"),
        _text("written"),
        _text("was"),
        _text("raw"),
        _text("marker"),
        _number("made_at", sa.Float),
        _maybe("undoes", _whole),
        _maybe("apart"),
        sqlite_autoincrement=True,
    )
    _index("intent", "intent_link", ["link_id"])


def _conflict() -> None:
    op.create_table(
        "conflict",
        _id(),
        _number("link_id"),
        _text("sync"),
        _text("kind"),
        _text("fields"),
        _text("candidates"),
        _maybe("deleted"),
        _maybe("note"),
        _maybe("answer"),
        _number("opened_at", sa.Float),
        _maybe("closed_at", sa.Float),
        sqlite_autoincrement=True,
    )
    _index("conflict", "conflict_open", ["sync", "opened_at"], "closed_at IS NULL")


def _history() -> None:
    op.create_table(
        "history",
        _id(),
        _number("link_id"),
        _maybe("side"),
        _maybe("record_id"),
        _text("operation"),
        _text("cause"),
        _text("before"),
        _text("after"),
        _number("at", sa.Float),
        _maybe("run_id", _whole),
        _text("sync"),
        _maybe("across"),
    )
    _index("history", "history_link", ["link_id"])
    _index("history", "history_run", ["run_id", "link_id"])


def _runs() -> None:
    op.create_table("meta", _text("identity", primary_key=True), _number("made_at", sa.Float))
    op.create_table(
        "tenant",
        _text("name", primary_key=True),
        _maybe("owner"),
        _number("epoch", server_default="0"),
        _maybe("since", sa.Float),
        _maybe("until", sa.Float),
    )
    op.create_table(
        "cursor", _text("sync", primary_key=True), _text("side", primary_key=True), _text("cursor")
    )
    op.create_table(
        "sync_state",
        _text("sync", primary_key=True),
        _maybe("scanned_at", sa.Float),
        _number("scan_owed", server_default="0"),
        _maybe("scan_declared"),
        _maybe("held"),
    )
    op.create_table(
        "run",
        _id(),
        _text("kind"),
        _number("started", sa.Float),
        _maybe("ended", sa.Float),
        _text("counts", server_default="{}"),
        _maybe("error"),
    )


def _proof() -> None:
    op.create_table(
        "missing",
        sa.Column("link_id", _whole(), primary_key=True, autoincrement=False),
        _text("side", primary_key=True),
        _text("sync"),
        _text("record_id"),
        _maybe("first_at", sa.Float),
        _maybe("again_at", sa.Float),
        _number("proven", server_default="0"),
    )
    _index("missing", "missing_sync", ["sync", "side"])
    op.create_table(
        "origin",
        _text("sync", primary_key=True),
        _text("side", primary_key=True),
        _number("pending", server_default="0"),
        _number("confirmed", server_default="0"),
        _maybe("height", _whole),
        _maybe("checked_at", sa.Float),
        _maybe("doubt"),
        _number("beyond", server_default="0"),
    )


def _accounts() -> None:
    op.create_table(
        "budget",
        _text("account", primary_key=True),
        _number("seconds", sa.Float, primary_key=True),
        _number("part", sa.Float, primary_key=True),
        _number("calls"),
        _number("most"),
    )
    op.create_table(
        "account_pause",
        _text("account", primary_key=True),
        _text("kind", primary_key=True),
        _text("reason"),
        _number("since", sa.Float),
        _number("until", sa.Float),
    )
