"""How well everything works, from figures, thresholds and the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from crosstie import Crosstie, Sync, Thresholds
from crosstie import field as say
from crosstie.alerts import Alerts
from crosstie.core.budget import DAY, Counted
from crosstie.core.tally import Tally
from crosstie.core.values import LinkState
from crosstie.ports import AccountPause, Conflict, ConflictKind, Rollup, Step
from crosstie.service.accounts import Used
from crosstie.service.engines import EngineStatus
from crosstie.service.forecasts import empty_in, quota_gone_in
from crosstie.service.health import health
from crosstie.service.health_values import Health
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import noticed_link, run
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource

NOON = 1_767_268_800.0
CRM = "the crm"
RUNS = EngineStatus(True)


def declared(**thresholds: Any) -> Crosstie:
    sync = Sync(
        "contacts",
        left=MemorySource(MemoryCollection("left"), MemoryAccount("books")),
        right=MemorySource(MemoryCollection("right"), MemoryAccount(CRM)),
        fields=[say("name", "name")],
    )
    return Crosstie([sync], alerts=Alerts(thresholds=Thresholds(**thresholds)))


@pytest.fixture
def store() -> Iterator[SqlStore]:
    made = SqlStore.open("sqlite://")
    yield made
    made.close()


def kept(store: SqlStore, at: float = NOON - 60.0, kind: Any = "sync", **figures: Any) -> None:
    name = "contacts" if kind == "sync" else CRM
    took: Sequence[float] = figures.pop("took", ())
    tally = Tally(**figures)
    for each in took:
        tally.took.add(each)
    run(store.keep_rollups([Rollup(kind, name, at, tally)], at))


def looked(
    store: SqlStore, runs: EngineStatus = RUNS, now: float = NOON, **thresholds: Any
) -> Health:
    return run(health(declared(**thresholds), store, now, runs))


def causes(told: Health) -> list[tuple[str, str]]:
    return [(finding.cause, finding.severity.value) for finding in told.findings]


def test_nothing_known_is_nothing_wrong(store: SqlStore) -> None:
    told = looked(store)
    assert (told.state, told.findings, told.recommendations) == ("healthy", [], [])
    (sync,) = told.syncs
    assert (sync.state, sync.success, sync.latency, sync.empty_in) == ("healthy", None, None, None)
    assert (told.accounts, told.failures) == ([], [])


def test_a_sync_that_fails_too_often_is_degraded_and_says_of_what(store: SqlStore) -> None:
    causes_of = {"3f9c01ab rejected:name": 8, "ab01 retry": 3, "cd02 rejected:Ann Smith": 2}
    causes_of |= {"ef03 Ann": 1, "other": 1}
    kept(store, settled=90, failed=15, causes=causes_of)
    told = looked(store)
    assert causes(told) == [("success:contacts", "degraded"), ("failures:contacts", "degraded")]
    assert told.state == told.syncs[0].state == "degraded"
    assert "86% of 105 tries" in told.findings[0].text
    assert "8 x rejected:name, 3 x retry, 2 x other" in told.findings[0].text
    assert [(f.error, f.group, f.tries) for f in told.failures] == [
        ("rejected:name", "3f9c01ab", 8),
        ("retry", "ab01", 3),
        ("rejected", "cd02", 2),
        ("other", "", 1),
        ("other", "ef03", 1),
    ]
    assert len(told.recommendations) == 1


def test_few_tries_are_not_judged_by_their_share(store: SqlStore) -> None:
    kept(store, settled=1, failed=9)
    assert looked(store).state == "healthy"
    assert looked(store, least=10).state == "degraded"


def test_only_the_last_hour_counts(store: SqlStore) -> None:
    kept(store, NOON - 3_700.0, failed=90, causes={"ab retry": 90})
    assert looked(store).state == "healthy"


def test_dead_letters_are_told_from_the_first_and_are_unhealthy_from_many(store: SqlStore) -> None:
    for number in range(3):
        link = noticed_link(store, f"l{number}")
        run(store.keep([Step(replace(link, state=LinkState.DEAD, error="rejected", settled=1))]))
    assert causes(looked(store)) == [("dead:contacts", "degraded")]
    assert causes(looked(store, dead=3)) == []
    told = looked(store, many_dead=2)
    assert causes(told) == [("dead:contacts", "unhealthy")]
    assert told.state == "unhealthy"


def test_a_held_sync_and_an_old_conflict_need_a_person(store: SqlStore) -> None:
    run(store.hold("contacts", "it would delete Ann Smith"))
    link = noticed_link(store, now=NOON)
    asked = Conflict(ConflictKind.DELETE, opened_at=NOON - 90_000.0)
    step = Step(replace(link, state=LinkState.ASKING, settled=1), conflict=asked)
    run(store.keep([step]))
    told = looked(store)
    assert causes(told) == [("held:contacts", "unhealthy"), ("conflicts:contacts", "degraded")]
    assert not any("Ann" in finding.text for finding in told.findings)
    assert (told.syncs[0].held, told.syncs[0].conflicts) == (True, 1)
    assert causes(looked(store, conflict_age=100_000.0))[1:] == []


def test_a_queue_that_waits_is_told_and_how_long_it_will(store: SqlStore) -> None:
    noticed_link(store, now=NOON - 1_000.0)
    kept(store, NOON - 600.0, due=101)
    told = looked(store)
    assert causes(told) == [("queue:contacts", "degraded")]
    (sync,) = told.syncs
    assert (sync.due, sync.oldest_due_age, sync.empty_in) == (1, 1_000.0, 6.0)


def test_slow_settling_and_slow_calls_are_told_by_percentiles(store: SqlStore) -> None:
    kept(store, settled=40, took=[1.0] * 20 + [30.0] * 20)
    kept(store, kind="account", settled=40, took=[0.2] * 20 + [5.0] * 20)
    told = looked(store)
    assert causes(told) == [("latency:contacts", "degraded"), (f"calls:{CRM}", "degraded")]
    latency, calls = told.syncs[0].latency, told.accounts[0].took
    assert latency is not None
    assert calls is not None
    assert latency.p95 == pytest.approx(30.0, rel=0.5)
    assert calls.p50 == pytest.approx(0.2, rel=0.5)
    assert causes(looked(store, least=100)) == []
    later = looked(store, now=NOON + 1_000.0)
    assert causes(later) == [], "what was slow a while ago is no news"
    assert later.accounts[0].calls == 40


@pytest.mark.parametrize(("kind", "cause"), [("halt", "halted"), ("breaker", "away")])
def test_an_account_that_is_left_alone_is_told(store: SqlStore, kind: Any, cause: str) -> None:
    pause = AccountPause(CRM, kind, "refused for ann@example.org", NOON - 60.0, NOON + 60.0)
    run(store.keep_pause(pause))
    told = looked(store)
    severity = "unhealthy" if kind == "halt" else "degraded"
    assert causes(told) == [(f"{cause}:{CRM}", severity)]
    assert told.accounts[0].state == severity
    assert "ann" not in told.findings[0].text


def test_a_quota_that_will_not_last_is_told(store: SqlStore) -> None:
    run(store.count_calls(CRM, [Counted(DAY, NOON - 100.0, 950, 1_000)], NOON))
    kept(store, kind="account", settled=3_500, failed=100)
    told = looked(store)
    assert causes(told) == [(f"rate:{CRM}", "degraded")]
    (account,) = told.accounts
    assert (account.used, account.calls, account.bad, account.gone_in) == (0.95, 3_600, 100, 50.0)
    assert "all of it in 50 s" in told.findings[0].text
    assert causes(looked(store, rate=0.96)) == []


def test_a_silent_engine_is_told_after_a_while(store: SqlStore) -> None:
    assert looked(store, EngineStatus(False)).state == "healthy", "there never was one"
    assert looked(store, EngineStatus(False, ended_ago=800.0)).state == "healthy"
    told = looked(store, EngineStatus(False, ended_ago=1_000.0))
    assert causes(told) == [("silent", "unhealthy")]


@pytest.mark.parametrize(
    ("calls", "pace", "expected"),
    [(100, 0.0, None), (100, 0.01, None), (100, 1.0, 900.0), (1_000, 0.0, 0.0), (1_200, 9.0, 0.0)],
)
def test_a_quota_lasts_while_calls_leave_its_window_as_fast_as_they_come(
    calls: int, pace: float, expected: float | None
) -> None:
    assert quota_gone_in(Used(DAY, calls, 1_000), pace) == expected


@pytest.mark.parametrize(
    ("points", "due", "expected"),
    [
        ([], 5, None),
        ([(0.0, 10)], 0, None),
        ([(0.0, 10)], 10, None),
        ([(0.0, 10)], 12, None),
        ([(100.0, 10)], 5, None),
        ([(0.0, 10), (50.0, 90)], 5, 100.0),
    ],
)
def test_a_queue_ends_if_it_falls(
    points: Sequence[tuple[float, int]], due: int, expected: float | None
) -> None:
    assert empty_in(points, due, 100.0) == expected


@pytest.mark.parametrize(
    "wrong", [{"success": 1.5}, {"rate": -0.1}, {"dead": -1}, {"latency": -1.0}]
)
def test_thresholds_out_of_range_are_refused(wrong: Mapping[str, Any]) -> None:
    from crosstie import Misconfigured

    with pytest.raises(Misconfigured) as refused:
        Thresholds(**wrong)
    assert refused.value.fix
