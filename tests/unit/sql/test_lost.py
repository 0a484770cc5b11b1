"""A server that does not answer, and a value that is no date although its column says so."""

from __future__ import annotations

import asyncio

import pytest

from crosstie.connectors.sql import Database
from crosstie.connectors.sql.engine import Sql
from crosstie.connectors.sql.shape import ColumnShape, Kind
from crosstie.connectors.sql.typed import shower
from crosstie.connectors.sql.waking import _listen


def test_a_moment_that_no_calendar_has_is_shown_as_it_is() -> None:
    show = shower(ColumnShape("at", Kind.DATETIME, strict=True, zoned=True))
    assert show is not None
    assert show("infinity") == "infinity"
    assert show("2026-01-31 10:00:00+00") == "2026-01-31T10:00:00+00:00"
    assert show("2026-01-31 10:00:00") == "2026-01-31T10:00:00+00:00"


def test_nobody_to_listen_to_is_an_ordinary_loss_of_connection() -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL needs the extra `postgresql`")
    sql = Sql.of(Database("postgresql://crosstie@127.0.0.1:9/nothing"))
    told: list[None] = []
    with pytest.raises(ConnectionError, match="the listening connection is lost"):
        asyncio.run(_listen(sql, lambda: told.append(None)))
    assert told == []
