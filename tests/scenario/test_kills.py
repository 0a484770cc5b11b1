"""The engine is killed two hundred times while people work, and nothing is lost or doubled.

`python tests/scenario/kill_many.py` does so two thousand times. The script runs in a process of its
own: it forks, and must have neither threads nor connections when it does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("flask_sqlalchemy", reason="TripBuilder needs the extra `demo`")

if not hasattr(os, "fork"):
    pytest.skip("the engine is killed in forks of one process", allow_module_level=True)

SCRIPT = Path(__file__).with_name("kill_many.py")
KILLS = 200


def played(*words: str) -> subprocess.CompletedProcess[str]:
    """The script with these words, to its end."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False
    )


def test_two_hundred_kills_lose_and_double_nothing() -> None:
    done = played("--seed", "1", "--kills", str(KILLS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} kills" in done.stdout
    assert "0 lost, 0 doubled, 0 differences" in done.stdout


@pytest.mark.parametrize(
    ("ablation", "points", "kills"),
    [("intent", ("create.done",), 6), ("base", ("update.before",), 6)],
)
def test_without_one_safeguard_it_is_seen(
    ablation: str, points: tuple[str, ...], kills: int
) -> None:
    done = played("--ablate", ablation, "--kills", str(kills), "--lanes", "1", "--points", *points)
    assert done.returncode == 0, done.stdout + done.stderr
