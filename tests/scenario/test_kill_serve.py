"""The service is killed under a stream of webhooks, and keeps what it has answered.

`python tests/scenario/kill_serve.py --kills 1000` does so a thousand times.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

if not hasattr(os, "fork"):
    pytest.skip("the service is killed in forks of one process", allow_module_level=True)

SCRIPT = Path(__file__).with_name("kill_serve.py")


def played(*words: str) -> subprocess.CompletedProcess[str]:
    """The script with these words, to its end."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False
    )


def test_what_was_answered_is_kept_and_worked_once() -> None:
    done = played("--kills", "12")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 kills" in done.stdout
    assert "0 lost, 0 doubled, 0 not worked on; 0 records absent, 0 twice" in done.stdout


def test_an_answer_before_the_commit_is_seen() -> None:
    done = played("--kills", "8", "--ablate", "ack")
    assert done.returncode == 0, done.stdout + done.stderr
