"""What `status` tells of the accounts: their rate budgets, and who is left alone, and why."""

from __future__ import annotations

import msgspec
import pytest

from crosstie import Crosstie, Sync
from crosstie import field as say
from crosstie.cli.commands import status as command
from crosstie.cli.out import Out
from crosstie.core.budget import DAY, Counted
from crosstie.ports import AccountPause
from crosstie.service.accounts import AccountStatus, LeftAlone, Used
from crosstie.service.standing import Status, status
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import drive
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource

NOON = 1_767_268_800.0


def stood(*pauses: AccountPause, calls: int = 0) -> Status:
    """The status of a sync between `near` and `far` with this kept in the state."""
    left, right = (MemorySource(MemoryCollection(n), MemoryAccount(n)) for n in ("near", "far"))
    app = Crosstie(syncs=[Sync("people", left=left, right=right, fields=[say("name", "name")])])
    store = SqlStore.open("sqlite://")
    for pause in pauses:
        drive(store.keep_pause(pause))
    counted = [Counted(DAY, NOON - 900.0, calls, 90), Counted(DAY, NOON, calls, 80)]
    drive(store.count_calls("far", [*counted, Counted(10.0, NOON, calls, 5)], NOON))
    drive(store.count_calls("of an earlier declaration", counted, NOON))
    drive(store.scanned("people", NOON))
    found = drive(status(app, store, NOON + 5.0))
    store.close()
    return found


def shown(found: Status, capsys: pytest.CaptureFixture[str]) -> str:
    command._show(Out(False), found)
    return " ".join(capsys.readouterr().out.split())


def test_an_account_that_made_no_calls_is_not_mentioned() -> None:
    assert stood().accounts == []


def test_calls_in_long_windows_are_told_with_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    found = stood(calls=20)
    assert found.accounts == [AccountStatus("far", [Used(DAY, 40, 80)], [])]
    assert found.well
    assert "far: 40 of 80 calls in 1 d" in shown(found, capsys)


def test_an_account_that_is_left_alone_is_told_with_reason_and_next_probe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pause = AccountPause("far", "breaker", "GET /x: no answer", NOON - 60.0, NOON + 20.0)
    found = stood(pause)
    alone = LeftAlone("breaker", "GET /x: no answer", NOON - 60.0, NOON + 20.0)
    assert found.accounts == [AccountStatus("far", [], [alone])]
    assert found.verdict == "far is left alone for a while: GET /x: no answer."
    assert not found.well
    assert (
        "! far: left alone since 2026-01-01 11:59:00 UTC, tried again at 2026-01-01 12:00:20 UTC: "
        "GET /x: no answer"
    ) in shown(found, capsys)
    told = msgspec.json.decode(msgspec.json.encode(found))
    assert told["accounts"][0]["left_alone"][0]["next_at"] == NOON + 20.0


def test_a_pause_that_is_over_is_not_told_and_an_open_breaker_is() -> None:
    over = [
        AccountPause("far", kind, "why", NOON - 60.0, NOON)  # type: ignore[arg-type]
        for kind in ("limit", "breaker")
    ]
    [account] = stood(*over).accounts
    assert [each.kind for each in account.left_alone] == ["breaker"]
