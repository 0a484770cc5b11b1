"""Tests that need a server are skipped where there is none, and say how to name one."""

from __future__ import annotations

import pytest

from crosstie.testing.store_postgres import VARIABLE, postgres_database


def test_without_a_server_a_test_is_skipped_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql://crosstie@127.0.0.1:9/nothing")
    with (
        pytest.raises(pytest.skip.Exception, match=f"name one in {VARIABLE}"),
        postgres_database(),
    ):
        pass
