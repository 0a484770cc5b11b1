"""The power goes while the real store writes: what it acknowledged is there, whatever SQLite lost.

`python tests/scenario/power_loss.py` makes two thousand cuts; here are the first of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="power loss is played on a file system made with apsw")

sys.path.insert(0, str(Path(__file__).parent))

from power_loss import play

CUTS = 200


def test_nothing_acknowledged_is_lost_when_the_power_goes() -> None:
    score = play(1, CUTS, None)
    assert score.wrong == []
    assert score.cuts == CUTS
    assert score.acked > CUTS
    assert score.calls > 0


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_without_full_sync_the_loss_is_seen(level: str) -> None:
    wrong = "\n".join(play(1, CUTS, level).wrong)
    assert "acknowledged" in wrong
