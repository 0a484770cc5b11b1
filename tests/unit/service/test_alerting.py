"""One message while something lasts, one when it is over, none that nobody wants."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crosstie.alerts import Alerts, Quiet, Slack
from crosstie.ports import Alert, Delivery, Mute, Occasion, Severity
from crosstie.service.alerting import Outcome, Situation, channel_gone, decided, is_quiet
from crosstie.service.health_values import Finding

NOON = 1_767_268_800.0  # a Thursday
HOUR, DAY = 3_600.0, 86_400.0
TWO = Alerts([Slack("env:A", name="a"), Slack("env:B", name="b")])
DEAD = Finding("dead:contacts", Severity.DEGRADED, "3 dead letters", "see them")
HELD = Finding("held:contacts", Severity.UNHEALTHY, "held", "look")


class Office:
    """Keeps what was decided, as the state does."""

    def __init__(self, alerts: Alerts = TWO) -> None:
        self.alerts = alerts
        self.open: dict[str, Alert] = {}
        self.mutes: list[Mute] = []
        self.off: set[str] = set()
        self._keys = count(1)

    def look(self, now: float, *findings: Finding) -> Sequence[Delivery]:
        """What is sent."""
        key = lambda: str(next(self._keys))  # noqa: E731
        known = Situation(self.alerts, [*self.open.values()], self.off, self.mutes, now, key)
        outcome = decided(findings, known)
        for alert in outcome.alerts:
            self.open[alert.cause] = alert
            if alert.closed_at is not None:
                del self.open[alert.cause]
        return outcome.deliveries

    def told(self, now: float, *findings: Finding) -> list[str]:
        return [f"{d.channel} {d.occasion.value}" for d in self.look(now, *findings)]


RAISED = ["a raised", "b raised"]


def test_it_is_told_once_while_it_lasts_and_again_after_a_day() -> None:
    office = Office()
    assert office.told(NOON, DEAD) == RAISED
    for hours in range(1, 24):
        changed = replace(DEAD, text=f"{hours} dead letters")
        assert office.told(NOON + hours * HOUR, changed) == []
    assert office.told(NOON + DAY, DEAD) == ["a reminder", "b reminder"]
    assert office.told(NOON + DAY + HOUR, DEAD) == []


def test_it_is_over_when_it_stayed_away_for_a_while() -> None:
    office = Office()
    office.look(NOON, DEAD)
    assert office.told(NOON + 60.0) == []
    assert office.told(NOON + 120.0, DEAD) == [], "it came back before anybody said it was over"
    assert office.told(NOON + 180.0) == []
    assert office.told(NOON + 180.0 + 299.0) == []
    assert office.told(NOON + 180.0 + 300.0) == ["a resolved", "b resolved"]
    assert office.open == {}
    assert office.told(NOON + 900.0, DEAD) == RAISED


def test_what_gets_worse_is_told_again_and_what_gets_better_is_not() -> None:
    office = Office()
    office.look(NOON, DEAD)
    worse = replace(DEAD, severity=Severity.UNHEALTHY)
    assert office.told(NOON + 60.0, worse) == RAISED
    assert office.told(NOON + 120.0, DEAD) == []
    assert office.open["dead:contacts"].severity is Severity.DEGRADED


def test_nothing_is_kept_where_nothing_is_news() -> None:
    office = Office()
    office.look(NOON, DEAD)
    known = Situation(TWO, [*office.open.values()], (), (), NOON + 60.0, lambda: "x")
    assert not decided([replace(DEAD, text="4 dead letters")], known)
    assert decided([], known) == Outcome([replace(office.open[DEAD.cause], clear_since=NOON + 60)])


@pytest.mark.parametrize("cause", ["dead:contacts", "dead", "all"])
def test_what_is_muted_is_told_when_that_ends_and_it_still_lasts(cause: str) -> None:
    office = Office()
    office.mutes = [Mute(cause, NOON, NOON + HOUR)]
    assert office.told(NOON, DEAD) == []
    assert office.told(NOON + HOUR - 1.0, DEAD) == []
    assert office.told(NOON + HOUR, DEAD) == RAISED


def test_a_mute_is_about_its_cause_alone() -> None:
    office = Office()
    office.mutes = [Mute("dead", NOON, NOON + HOUR)]
    assert [d.cause for d in office.look(NOON, DEAD, HELD)] == ["held:contacts"] * 2


def test_nobody_hears_that_it_is_over_who_never_heard_of_it() -> None:
    office = Office()
    office.mutes = [Mute("all", NOON, NOON + HOUR)]
    office.look(NOON, DEAD)
    office.look(NOON + HOUR)
    assert office.told(NOON + 2 * HOUR) == []
    assert office.open == {}


def test_who_was_told_before_a_mute_is_told_after_it_that_it_is_over() -> None:
    office = Office()
    office.look(NOON, DEAD)
    office.mutes = [Mute("all", NOON + 1.0, NOON + HOUR)]
    assert office.told(NOON + 60.0) == []
    assert office.told(NOON + 1_000.0) == []
    assert office.told(NOON + HOUR) == ["a resolved", "b resolved"]


def test_a_channel_that_is_off_is_left_out_and_the_others_are_told() -> None:
    office = Office()
    office.off = {"a"}
    assert office.told(NOON, DEAD) == ["b raised"]
    known = Situation(TWO, (), {"a"}, (), NOON, lambda: "key")
    (told,) = channel_gone("a", "it answered 404", known)
    assert (told.channel, told.occasion, told.cause) == ("b", Occasion.CHANNEL_OFF, "channel:a")
    assert "it answered 404" in told.text


def test_without_a_channel_it_is_kept_and_told_when_there_is_one() -> None:
    office = Office(Alerts())
    assert office.told(NOON, DEAD) == []
    assert office.open["dead:contacts"].told_at is None
    office.alerts = TWO
    assert office.told(NOON + 60.0, DEAD) == RAISED


def test_a_clock_that_was_set_back_silences_nothing() -> None:
    office = Office()
    office.look(NOON, DEAD)
    assert office.told(NOON - DAY, DEAD) == ["a reminder", "b reminder"]
    office.look(NOON - DAY + 1.0)
    assert office.told(NOON - 2 * DAY) == ["a resolved", "b resolved"]


CAUSES = [DEAD, HELD, replace(DEAD, cause="queue:contacts")]
STEPS = st.lists(
    st.tuples(st.floats(1.0, DAY), st.lists(st.sampled_from(CAUSES), unique=True)), max_size=30
)


@given(STEPS)
def test_every_alert_that_was_told_is_told_to_be_over_exactly_once(
    steps: list[tuple[float, list[Finding]]],
) -> None:
    office, now = Office(Alerts([Slack("env:A", name="a")])), NOON
    balance = dict.fromkeys((f.cause for f in CAUSES), 0)
    for pause, findings in [*steps, (DAY, []), (DAY, []), (DAY, [])]:
        now += pause
        for message in office.look(now, *findings):
            if message.occasion is Occasion.RAISED:
                balance[message.cause] += 1
            if message.occasion is Occasion.RESOLVED:
                balance[message.cause] -= 1
            assert balance[message.cause] in (0, 1)
        assert office.look(now, *findings) == [], "asked twice, it says nothing new"
    assert set(balance.values()) == {0}


@pytest.mark.parametrize(
    ("quiet", "at", "expected"),
    [
        (Quiet("11:00", "13:00"), NOON, True),
        (Quiet("12:00", "13:00"), NOON, True),
        (Quiet("11:00", "12:00"), NOON, False),
        (Quiet("11:00", "13:00", zone="Asia/Tokyo"), NOON, False),
        (Quiet("20:00", "22:00", zone="Asia/Tokyo"), NOON, True),
        (Quiet("22:00", "06:00"), NOON, False),
        (Quiet("22:00", "06:00"), NOON + 11 * HOUR, True),
        (Quiet("22:00", "06:00"), NOON + 17 * HOUR, True),
        (Quiet("00:00", "00:00"), NOON, True),
        (Quiet("11:00", "13:00", days=["fri"]), NOON, False),
        (Quiet("11:00", "13:00", days=["thu"]), NOON, True),
        (Quiet("22:00", "06:00", days=["thu"]), NOON + 17 * HOUR, True),
        (Quiet("22:00", "06:00", days=["fri"]), NOON + 17 * HOUR, False),
    ],
)
def test_a_quiet_time_is_by_the_clock_of_its_zone(quiet: Quiet, at: float, expected: bool) -> None:
    assert is_quiet(quiet, at) is expected


def test_in_a_quiet_time_nobody_is_told_of_its_causes() -> None:
    night = Quiet("11:00", "13:00", causes=["dead"])
    office = Office(Alerts(TWO.channels, quiet=[night]))
    assert [d.cause for d in office.look(NOON, DEAD, HELD)] == ["held:contacts"] * 2
    assert office.told(NOON + HOUR, DEAD, HELD) == RAISED
