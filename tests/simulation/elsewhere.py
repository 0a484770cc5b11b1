"""Safeguards that the simulator cannot take away: what they guard against lies outside of it.

Each names the test that takes it away, and fails to find the harm if it is needless.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Elsewhere:
    """One safeguard, and the test that notices when it is gone."""

    safeguard: str
    without: str
    file: str
    """From the folder of the tests."""
    test: str

    @property
    def is_there(self) -> bool:
        """The test has not been renamed."""
        return f"def {self.test}(" in (TESTS / self.file).read_text(encoding="utf-8")


ELSEWHERE = (
    Elsewhere(
        "calls leave only as the rate budget allows",
        "the system refuses some of them with a 429",
        "simulation/test_quota.py",
        "test_without_the_budget_calls_are_refused",
    ),
    Elsewhere(
        "part of a budget is kept for live changes",
        "they wait behind backfill",
        "simulation/test_quota.py",
        "test_without_a_reserve_live_changes_wait",
    ),
    Elsewhere(
        "an account that does not answer is left alone, and tried rarely",
        "it is asked on and on",
        "scenario/test_account_guard.py",
        "test_without_the_breaker_a_silent_account_is_asked_on",
    ),
    Elsewhere(
        "triggers capture a change in the transaction that makes it",
        "it waits for the next complete scan",
        "contract/test_capture_matrix.py",
        "test_without_triggers_no_change_is_told",
    ),
    Elsewhere(
        "a commit of the state waits for the disk",
        "the power goes, and what was acknowledged is gone",
        "scenario/test_power_loss.py",
        "test_without_full_sync_the_loss_is_seen",
    ),
)
