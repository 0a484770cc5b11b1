"""Every way to change a row is caught on every database: by a trigger, or by the next reconcile."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from capture_matrix import DATABASES, cells
from capture_writers import WAYS

from crosstie.connectors.sql import triggers_sqlite

RECONCILED = {("mariadb", "cascade of a foreign key"), ("mariadb", "`TRUNCATE`")}
"""InnoDB fires no trigger for these."""


@pytest.mark.parametrize("kind", DATABASES)
def test_no_way_to_change_a_row_is_missed(kind: str) -> None:
    caught = cells(kind)
    expected = {
        name: "-" if kind not in ways else "reconcile" if (kind, name) in RECONCILED else "trigger"
        for name, ways in WAYS.items()
    }
    assert {name: cell.how for name, cell in caught.items()} == expected


def test_without_triggers_no_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = triggers_sqlite.triggers

    def idle(table: str, key: Sequence[str]) -> dict[str, str]:
        """They are there, and note nothing: as if the application had to tell us."""
        named = whole(table, key).items()
        return {name: made.replace(" BEGIN ", " WHEN 0 BEGIN ") for name, made in named}

    monkeypatch.setattr(triggers_sqlite, "triggers", idle)
    caught = cells("sqlite")
    assert {cell.how for cell in caught.values()} == {"reconcile", "-"}
