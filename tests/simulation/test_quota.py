"""A day at five times the demand: nothing refused, nothing wasted, and live changes come first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from quota import GHL, GUESTY, Plan, play

from crosstie.core.budget import DAY, Budget, Urgency, Window

HOURS_6 = DAY / 4


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("plan", [GHL, GUESTY], ids=lambda plan: plan.name)
def test_a_day_at_five_times_the_demand(plan: Plan) -> None:
    day = play(plan)
    assert day.refused == 0
    assert day.used >= 0.95
    assert day.p99 <= 3.0
    assert len(day.waits) > 0.05 * plan.quota


def test_what_live_changes_do_not_use_is_not_lost() -> None:
    day = play(replace(GUESTY, live=0.001, seconds=HOURS_6))
    assert day.refused == 0
    assert day.used >= 0.95


def test_a_window_of_a_second_alone_loses_little_to_slack_and_reserve() -> None:
    lone = Plan("lone", (Window(1.0, 100),), live=0.10, travel=0.05, seconds=300.0)
    day = play(lone)
    assert day.refused == 0
    assert day.used >= 0.80 / 1.05, "a short window keeps its reserve, and slack costs a twentieth"
    assert day.p99 <= 3.0


SHORT = replace(GUESTY, seconds=600.0)


def test_without_the_budget_calls_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert play(SHORT).refused == 0
    # As fast as eight callers can, each a tenth of a second after its last call.
    monkeypatch.setattr(Budget, "ask", lambda self, now, urgency: 0.0)
    assert play(SHORT).refused > 0.1 * SHORT.quota


def test_without_a_reserve_live_changes_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, whole = play(SHORT), Budget.ask
    monkeypatch.setattr(Budget, "ask", lambda self, now, urgency: whole(self, now, Urgency.LIVE))
    assert play(SHORT).p99 > 2 * kept.p99
