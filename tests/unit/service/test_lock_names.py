"""Two names of one state are one state."""

from __future__ import annotations

from pathlib import Path

import pytest

from crosstie.service.lock import Engaged, engine_lock


def test_a_state_that_is_reached_by_a_link_is_locked_as_itself(tmp_path: Path) -> None:
    state, alias = tmp_path / "state.db", tmp_path / "alias.db"
    state.touch()
    alias.symlink_to(state)
    with (
        engine_lock(f"sqlite:///{state}", "noon"),
        pytest.raises(Engaged),
        engine_lock(f"sqlite:///{alias}", "later"),
    ):
        pytest.fail("two engines on one state")
