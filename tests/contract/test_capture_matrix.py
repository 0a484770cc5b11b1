"""Every way to change a row is caught on every database: by a trigger, or by the next reconcile."""

from __future__ import annotations

import pytest
from capture_matrix import DATABASES, cells
from capture_writers import WAYS

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
