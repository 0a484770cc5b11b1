"""When a running engine looks: by seconds, or by cron lines in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from crosstie import Misconfigured, Rhythm, Side
from crosstie.rhythm import JITTER, following
from crosstie.service.worker import Timetable
from crosstie.testing.fakes import FakeDice


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "when, now, then",
    [
        (90.0, "2026-11-21T08:00", "2026-11-21T08:01:30"),
        ("0 3 * * *", "2026-11-21T08:00", "2026-11-22T03:00"),
        ("0 3 * * *", "2026-11-21T03:00", "2026-11-22T03:00"),
        ("*/15 6-20 * * mon-fri", "2026-11-20T20:45", "2026-11-23T06:00"),
        ("0 0 29 2 *", "2026-11-21T08:00", "2028-02-29T00:00"),
    ],
)
def test_the_next_turn_is_after_now_and_in_utc(when: float | str, now: str, then: str) -> None:
    assert following(when, at(now)) == at(then)


@pytest.mark.parametrize("line", ["", "nonsense", "* * * *", "61 * * * *", "0 0 31 2 *"])
@pytest.mark.parametrize("option", ["left", "right", "reconcile"])
def test_a_line_that_does_not_parse_or_never_comes_is_refused(line: str, option: str) -> None:
    with pytest.raises(Misconfigured, match=f"the rhythm {option}=") as told:
        Rhythm(**{option: line})
    assert told.value.fix is not None and "mon-fri" in told.value.fix


@pytest.mark.parametrize(
    "reconcile, patience",
    [
        (3_600.0, 3_600.0),
        ("0 3 * * *", 86_400.0),
        ("0 6-20 * * mon-fri", 58 * 3_600.0),
        ("0 0 1 * *", 31 * 86_400.0),
    ],
)
def test_the_longest_pause_between_two_scans_is_known(
    reconcile: float | str, patience: float
) -> None:
    assert Rhythm(reconcile=reconcile).patience == patience


def work(rhythm: Rhythm) -> Any:
    """As much of a work as a timetable looks at."""
    return SimpleNamespace(name="people", sync=SimpleNamespace(rhythm=rhythm), dice=FakeDice())


def test_cron_turns_come_on_time_or_a_little_late_and_once_after_a_long_turn() -> None:
    start = at("2026-11-21T08:10")
    table = Timetable([work(Rhythm(left="0 * * * *", right=3_600.0))], start)
    assert table.due(start) == {"people": [Side.LEFT, Side.RIGHT]}
    hour = at("2026-11-21T09:00")
    assert table.due(hour - 1.0) == {}
    assert table.due(hour + JITTER) == {"people": [Side.LEFT]}
    late = at("2026-11-21T13:30")
    assert table.due(late) == {"people": [Side.LEFT, Side.RIGHT]}
    assert table.due(late + 60.0) == {}
    assert table.due(at("2026-11-21T14:01")) == {"people": [Side.LEFT]}


def test_a_scan_that_was_missed_while_nobody_worked_is_made_up_for_at_the_start() -> None:
    start = at("2026-11-21T08:10")
    one = work(Rhythm(reconcile="0 3 * * *"))
    table = Timetable([one], start)
    table.scanned(one, at("2026-11-21T04:00"))
    assert table.full(start) == []
    table.scanned(one, at("2026-11-21T02:00"))
    assert table.full(start) == [one]
    assert table.full(start + 60.0) == []
    assert table.full(at("2026-11-22T03:01")) == [one]
