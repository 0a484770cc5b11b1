"""A serving process: receiving and working end together; who stands by receives all the same."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from crosstie import Endpoint, Sync, field
from crosstie.core.errors import Fenced, Retry
from crosstie.engine.run import Report
from crosstie.ports import TENANT, Doors
from crosstie.service import serving as module
from crosstie.service.leasing import owner
from crosstie.service.logs import log_to
from crosstie.service.runtime import SystemClock, SystemDice
from crosstie.service.serving import Serving, serve
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie
from crosstie.testing.driving import run
from crosstie.testing.fakes import FakeClock
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource
from crosstie.testing.signed import SignedSource, SignedWebhooks, signed
from crosstie.testing.store_postgres import postgres_database

CRM = MemoryAccount("crm")
Logged = list[tuple[str, Mapping[str, object]]]


class Source(SignedSource):
    """Needs no environment."""

    def bind(self, doors: Doors) -> SignedWebhooks:
        return SignedWebhooks("secret")


def application(state: str) -> Crosstie:
    """Two systems in memory."""
    clock = FakeClock()
    left, right = (MemoryCollection(side, fields=["name"], clock=clock) for side in ("one", "two"))
    left.add({"name": "Ann"})
    sync = Sync(
        "people",
        MemorySource(left, MemoryAccount("app")),
        MemorySource(right, CRM),
        [field("name", "name")],
    )
    return Crosstie([sync], state=state, webhooks=[Endpoint("crm", Source(CRM, "none"))])


def served(app: Crosstie, web: Any) -> tuple[Serving, Logged]:
    """It, to its end."""
    logged: Logged = []

    async def all_of_it() -> Serving:
        stop = asyncio.Event()
        return await asyncio.wait_for(
            serve(app, "now", web, stop, lambda *told: logged.append(told)), 60.0
        )

    return asyncio.run(all_of_it()), logged


def test_it_receives_and_works_until_it_is_stopped(tmp_path: Path) -> None:
    app = application(f"sqlite:///{tmp_path / 'state.db'}")
    right: Any = app.syncs[0].right.bind(None, ())  # type: ignore[arg-type]

    async def web(serving: Serving, stop: asyncio.Event) -> None:
        headers, body = signed("secret", id="1", kind="two", record="none")
        listed = {name: [value] for name, value in headers.items()}
        assert (await serving.receiver.receive("crm", listed, body)).status == 200
        while not right.rows() or await serving.opened.store.waiting_arrivals(None, 1):
            await asyncio.sleep(0.01)
        assert (await serving.ready()).ready
        assert (await serving.measured()).inbox[0].endpoint == "crm"
        stop.set()

    serving, logged = served(app, web)
    assert (serving.engine, serving.writes) == ("ended", 1)
    assert [event for event, _ in logged][:2] == ["working", "run"]
    assert dict(logged[1][1])["writes"] == 1


def test_a_service_that_cannot_keep_what_arrives_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> Sequence[bool]:
        raise Retry("the disk is full", counts=False)

    async def web(serving: Serving, stop: asyncio.Event) -> None:
        while serving.engine != "working":
            await asyncio.sleep(0.01)
        monkeypatch.setattr(serving.opened.store, "receive", full)
        headers, body = signed("secret", id="1", kind="two", record="none")
        listed = {name: [value] for name, value in headers.items()}
        assert (await serving.receiver.receive("crm", listed, body)).again
        assert not (await serving.ready()).ready
        stop.set()

    served(application(f"sqlite:///{tmp_path / 'state.db'}"), web)


def test_an_error_of_the_door_ends_the_work_and_is_told(tmp_path: Path) -> None:
    async def web(serving: Serving, stop: asyncio.Event) -> None:
        while serving.engine != "working":
            await asyncio.sleep(0.01)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        served(application(f"sqlite:///{tmp_path / 'state.db'}"), web)


def test_a_worker_that_lost_its_lease_ends_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object, **__: object) -> None:
        raise Fenced("another worker's by now")

    stopped: list[bool] = []

    async def web(serving: Serving, stop: asyncio.Event) -> None:
        await stop.wait()
        stopped.append(True)

    monkeypatch.setattr(module, "work_until", lost)
    with pytest.raises(Fenced):
        served(application(f"sqlite:///{tmp_path / 'state.db'}"), web)
    assert stopped == [True]


def test_who_stands_by_receives_and_can_be_stopped() -> None:
    with postgres_database() as address:
        other = SqlStore.open(address)
        now = SystemClock().now()
        assert run(other.take(TENANT, owner(SystemDice()), now, 3_600.0)) is not None

        async def web(serving: Serving, stop: asyncio.Event) -> None:
            while serving.engine != "standing by":
                await asyncio.sleep(0.01)
            assert (await serving.ready()).ready
            headers, body = signed("secret", id="1", kind="two", record="none")
            listed = {name: [value] for name, value in headers.items()}
            for _ in range(2):
                answer = await serving.receiver.receive("crm", listed, body)
                assert answer.status == 200
            stop.set()

        serving, logged = served(application(address), web)
        assert serving.runs == 0
        assert [event for event, _ in logged] == ["standing_by"]
        assert [each.event.id for each in run(other.waiting_arrivals(None, 9))] == ["1"]
        other.close()


def test_what_keeps_a_sync_waiting_is_logged_once_and_when_it_goes_on(tmp_path: Path) -> None:
    async def web(serving: Serving, stop: asyncio.Event) -> None:
        def told(syncs: Sequence[str], **facts: Any) -> None:
            serving.told(Report(0, {}, **facts), syncs)

        away = Retry("the CRM is away")
        for _ in range(2):
            told(["people", "firms"], missed={"people": away}, held={"firms": "too much"})
        told(["people"])
        told(["firms"])
        serving.outage("crm", away)
        serving.outage("crm", None)
        stop.set()

    _, logged = served(application(f"sqlite:///{tmp_path / 'state.db'}"), web)
    told = [(event, *facts.values()) for event, facts in logged if event not in ("working", "run")]
    assert told == [
        ("sync_waits", "people", "the CRM is away"),
        ("sync_waits", "firms", "the brake holds it: too much"),
        ("sync_goes_on", "people"),
        ("sync_goes_on", "firms"),
        ("account_waits", "crm", "the CRM is away"),
        ("account_answers_again", "crm"),
    ]


class Terminal(io.StringIO):
    """A file that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_the_log_is_json_where_nobody_looks() -> None:
    out = io.StringIO()
    log_to(out)("received", {"endpoint": "crm", "text": "a\nb"})
    told = json.loads(out.getvalue())
    assert told.pop("at").endswith("Z")
    assert told == {"event": "received", "endpoint": "crm", "text": "a\nb"}
    assert out.getvalue().count("\n") == 1
    screen = Terminal()
    log_to(screen)("received", {"endpoint": "crm"})
    assert "received" in screen.getvalue()
    assert not screen.getvalue().startswith("{")
