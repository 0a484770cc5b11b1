"""Log-ins over real HTTP against the stand-in: what is renewed, lost, got back, and by whom."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from crosstie import Crosstie, Sync, field
from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.connectors.oauth import AHEAD
from crosstie.connectors.sql import Database
from crosstie.core.errors import Halt
from crosstie.ports.credentials import Sealed
from crosstie.ports.http import Request
from crosstie.ports.oauth import Grant
from crosstie.sandbox.ghl import LOCATION_ID, GhlSandbox
from crosstie.sandbox.hosted import Hosted
from crosstie.service.doors import ServiceDoors
from crosstie.service.grouped import GroupedStore
from crosstie.service.keys import new_key
from crosstie.service.logins import LoggedIn, LoginFailed, Logins
from crosstie.service.runtime import SystemDice
from crosstie.service.tending import renewed, revoked, standing
from crosstie.testing.fakes import FakeClock
from crosstie.testing.store_postgres import postgres_database

T = TypeVar("T")
LABEL = f"GoHighLevel {LOCATION_ID}"
READ = Request("GET", f"/locations/{LOCATION_ID}", headers={"Version": "2021-07-28"})
AGENCY = ("contacts.readonly", "locations.readonly", "oauth.readonly", "oauth.write")


@dataclass
class Desk:
    """An application with one account, its state, and a clock of its own."""

    sandbox: Hosted
    folder: Path
    clock: FakeClock
    state: str | None = None
    """Address of another state than one in a file."""

    def app(self, **options: object) -> Crosstie:
        oauth = OAuthApp(
            "env:APP_ID",
            "env:APP_SECRET",
            redirect="https://app.example.com/oauth/callback/ghl",
            login_url=f"{self.sandbox.url}/v2/oauth/chooselocation",
            **options,  # type: ignore[arg-type]
        )
        ghl = GoHighLevel(LOCATION_ID, base_url=self.sandbox.url, oauth=oauth)
        sync = Sync(
            "contacts",
            Database(f"sqlite:///{self.folder / 'app.db'}").table("people"),
            ghl.contacts(),
            [field("email", "email")],
        )
        return Crosstie([sync], state=self.state or f"sqlite:///{self.folder / 'state.db'}")

    def run(self, work: Callable[[Logins], Awaitable[T]], **options: object) -> T:
        """Do something with the log-ins of a process of its own."""

        async def call() -> T:
            app = self.app(**options)
            store = GroupedStore.open(app.state)
            logins = Logins(app, store, self.clock, SystemDice())
            try:
                return await work(logins)
            finally:
                await logins.keepers.close()
                store.close()

        return asyncio.run(call())

    def log_in(self, **options: object) -> LoggedIn:
        async def with_person(logins: Logins) -> LoggedIn:
            begun = await logins.begin(None)
            return await logins.finish(*self.agree(begun.page))

        return self.run(with_person, **options)

    def agree(self, page: str) -> tuple[str, str]:
        """A person opens the page: the state and the code that come back."""
        url = urlsplit(page)
        connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=10)
        try:
            connection.request("GET", f"{url.path}?{url.query}")
            reply = connection.getresponse()
            reply.read()
            back = parse_qs(urlsplit(reply.getheader("Location") or "").query)
        finally:
            connection.close()
        return back["state"][0], back["code"][0]

    @property
    def renewals(self) -> int:
        return int(self.sandbox.control("oauth")["renewals"])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("CROSSTIE_KEY", new_key())
    with Hosted(GhlSandbox()) as sandbox:
        said = sandbox.control("oauth", automatic=True)
        monkeypatch.setenv("APP_ID", said["client_id"])
        monkeypatch.setenv("APP_SECRET", said["client_secret"])
        yield Desk(sandbox, tmp_path, FakeClock())


async def token(logins: Logins) -> str:
    return await logins.keepers.keeper(logins.declared(None)).current()


async def called(logins: Logins) -> int:
    """A call of the account as the engine makes it."""
    doors = ServiceDoors(logins.clock, None, logins.keepers)
    try:
        source = logins.app.syncs[0].right
        collection = source.bind(doors, ["email"])
        await collection.open()
        return len((await collection.scan(None)).entries)
    finally:
        await doors.close()


def test_fifty_tasks_ask_once(desk: Desk) -> None:
    desk.log_in()
    desk.clock.advance(86_399.0 - AHEAD + 1.0)

    async def many(logins: Logins) -> set[str]:
        return set(await asyncio.gather(*(token(logins) for _ in range(50))))

    assert len(desk.run(many)) == 1
    assert desk.renewals == 1


def test_fifty_tasks_whose_token_was_refused_ask_once(desk: Desk) -> None:
    desk.log_in()

    async def many(logins: Logins) -> set[str]:
        keeper = logins.keepers.keeper(logins.declared(None))
        old = await keeper.current()
        return set(await asyncio.gather(*(keeper.renewed(old) for _ in range(50)))) - {old}

    assert len(desk.run(many)) == 1
    assert desk.renewals == 1


def test_keepers_of_many_processes_ask_once_on_a_server_too(desk: Desk) -> None:
    with postgres_database() as address:
        desk.state = address
        many_keepers_ask_once(desk)


def test_keepers_of_many_processes_ask_once(desk: Desk) -> None:
    many_keepers_ask_once(desk)


def many_keepers_ask_once(desk: Desk) -> None:
    desk.log_in()
    desk.clock.advance(86_400.0)
    desk.sandbox.control("settings", latency=0.05)

    async def many(logins: Logins) -> set[str]:
        stores = [GroupedStore.open(logins.app.state) for _ in range(8)]
        others = [Logins(logins.app, each, desk.clock, SystemDice()) for each in stores]
        try:
            return set(await asyncio.gather(*(token(each) for each in others for _ in range(6))))
        finally:
            for each, store in zip(others, stores, strict=True):
                await each.keepers.close()
                store.close()

    assert len(desk.run(many)) == 1
    assert desk.renewals == 1


PROCESS = """
import asyncio, sys
from crosstie.service.locate import locate
from crosstie.service.grouped import GroupedStore
from crosstie.service.logins import logging_in

async def main():
    app = locate("app_of_two:app", __import__("pathlib").Path(sys.argv[1])).app
    store = GroupedStore.open(app.state)
    async with logging_in(app, store) as logins:
        keeper = logins.keepers.keeper(logins.declared(None))
        print("ready", flush=True)
        old = sys.stdin.readline().strip()
        tokens = await asyncio.gather(*(keeper.renewed(old) for _ in range(25)))
        print(len(set(tokens)), tokens[0], flush=True)
    store.close()

asyncio.run(main())
"""


def test_two_processes_ask_once(desk: Desk) -> None:
    desk.log_in()
    old = desk.run(token)
    desk.sandbox.control("settings", latency=0.2)
    (desk.folder / "app_of_two.py").write_text(
        "from crosstie import Crosstie, Sync, field\n"
        "from crosstie.connectors.ghl import GoHighLevel, OAuthApp\n"
        "from crosstie.connectors.sql import Database\n"
        f"ghl = GoHighLevel({LOCATION_ID!r}, base_url={desk.sandbox.url!r}, oauth=OAuthApp(\n"
        "    'env:APP_ID', 'env:APP_SECRET'))\n"
        "app = Crosstie([Sync('contacts', Database('sqlite:///app.db').table('people'),\n"
        "    ghl.contacts(), [field('email', 'email')])], state='sqlite:///state.db')\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(desk.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{old}\n")
        process.stdin.flush()
    said = {process.communicate(timeout=30)[0] for process in processes}
    assert len(said) == 1, said
    assert said.pop().startswith("1 ")
    assert desk.renewals == 1


def test_a_token_that_ended_early_costs_one_refresh_and_one_more_call(desk: Desk) -> None:
    desk.log_in()
    desk.sandbox.control("clock", advance=86_400.0)
    assert desk.run(called) == 0
    assert desk.renewals == 1
    assert desk.run(called) == 0
    assert desk.renewals == 1


def test_a_call_that_is_refused_twice_halts(desk: Desk) -> None:
    desk.log_in()
    fault = {"match": "GET /locations/", "status": 401, "times": 9}
    desk.sandbox.control("faults", **fault, message="Invalid token: access token is invalid")
    with pytest.raises(Halt, match="not valid") as halted:
        desk.run(called)
    assert halted.value.login
    assert halted.value.fix == f'log in again with `crosstie auth login "{LABEL}"`'
    assert desk.renewals == 1


def test_a_scope_that_lacks_is_named_and_costs_no_refresh(desk: Desk) -> None:
    desk.sandbox.control("oauth", scopes=["contacts.readonly"])
    assert "locations.readonly" in desk.log_in().missing
    with pytest.raises(Halt, match=r"lacks the scope locations\.readonly") as halted:
        desk.run(called)
    assert "add locations.readonly to the application" in str(halted.value.fix)
    assert desk.renewals == 0


@pytest.mark.parametrize("spoilt", [{"timeout": "reset"}, {"status": 502, "body": "html"}])
def test_an_answer_lost_after_the_token_was_used_up_is_got_once_more(
    desk: Desk, spoilt: dict[str, object]
) -> None:
    desk.log_in()
    desk.clock.advance(86_400.0)
    desk.sandbox.control("faults", match="POST /oauth/token", when="after", **spoilt)
    desk.run(token)
    assert desk.renewals == 1
    assert desk.run(called) == 0


def test_tokens_that_were_lost_are_got_back_by_reconnecting(desk: Desk) -> None:
    desk.log_in()
    desk.clock.advance(86_400.0)
    fault = {"match": "POST /oauth/token", "status": 400, "times": 1}
    desk.sandbox.control("faults", **fault, message="This refresh token is invalid")
    desk.run(token)
    assert desk.renewals == 0
    assert desk.run(called) == 0


def test_where_that_is_refused_the_account_alone_halts_until_a_person_logs_in(desk: Desk) -> None:
    desk.log_in()
    desk.clock.advance(86_400.0)
    desk.sandbox.control("oauth", reconnect=False)
    fault = {"match": "POST /oauth/token", "status": 400, "times": 1}
    desk.sandbox.control("faults", **fault, message="This refresh token is invalid")
    for _ in range(2):
        with pytest.raises(Halt, match="does not take the log-in any more"):
            desk.run(token)
    (row,) = desk.run(lambda logins: standing(logins.app, logins.store))
    assert row.state == "login"
    desk.log_in()
    assert desk.run(called) == 0


def test_a_wrong_secret_of_the_application_is_told_as_that(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.log_in()
    desk.clock.advance(86_400.0)
    monkeypatch.setenv("APP_SECRET", "canary-other-secret")
    with pytest.raises(Halt, match="answered 401") as halted:
        desk.run(token)
    assert "env:APP_SECRET" in str(halted.value.fix)
    assert "canary" not in f"{halted.value} {halted.value.fix}"
    monkeypatch.setenv("APP_SECRET", desk.sandbox.control("oauth")["client_secret"])
    desk.run(token)


def test_an_agency_logs_in_for_its_locations(desk: Desk) -> None:
    desk.sandbox.control("oauth", user_type="Company")
    done = desk.log_in(scopes=AGENCY)
    assert done.accounts == [LABEL]
    (row,) = desk.run(lambda logins: standing(logins.app, logins.store), scopes=AGENCY)
    assert "by way of GoHighLevel agency sandboxCompany000001" in row.text
    assert desk.run(called, scopes=AGENCY) == 0
    desk.clock.advance(86_400.0)
    desk.sandbox.control("clock", advance=86_400.0)
    assert desk.run(called, scopes=AGENCY) == 0
    assert desk.renewals == 1


def test_an_agency_token_that_ended_early_is_renewed_on_the_way(desk: Desk) -> None:
    desk.sandbox.control("oauth", user_type="Company")
    desk.log_in(scopes=AGENCY)
    desk.sandbox.control("clock", advance=86_400.0)
    assert desk.run(called, scopes=AGENCY) == 0
    assert desk.renewals == 1


def test_the_log_in_of_an_agency_goes_with_the_last_of_its_accounts(desk: Desk) -> None:
    desk.sandbox.control("oauth", user_type="Company")
    desk.log_in(scopes=AGENCY)
    assert desk.run(lambda logins: revoked(logins, None), scopes=AGENCY).told
    assert desk.run(lambda logins: logins.store.credentials(), scopes=AGENCY) == []


def test_an_agency_whose_log_in_lacks_a_scope_is_told_which(desk: Desk) -> None:
    desk.sandbox.control("oauth", user_type="Company", scopes=["oauth.readonly"])
    with pytest.raises(LoginFailed, match=r"needs the scope oauth\.write"):
        desk.log_in(scopes=AGENCY)


def test_an_agency_without_the_location_is_told_so(desk: Desk) -> None:
    desk.sandbox.control("oauth", user_type="Company", scopes=["contacts.readonly"])
    with pytest.raises(Halt, match="answered 401"):
        desk.log_in(scopes=AGENCY)
    desk.sandbox.control("oauth", scopes=list(AGENCY))

    async def elsewhere(logins: Logins) -> LoggedIn:
        begun = await logins.begin(None)
        state, code = desk.agree(begun.page)
        fault = {"match": "GET /oauth/installedLocations", "status": 200, "body": "empty"}
        await asyncio.to_thread(desk.sandbox.control, "faults", **fault)
        return await logins.finish(state, code)

    with pytest.raises(LoginFailed, match="is not installed in it"):
        desk.run(elsewhere, scopes=AGENCY)


def test_a_challenge_is_sent_and_proven_where_it_is_declared(desk: Desk) -> None:
    desk.log_in(pkce=True)

    async def stolen(logins: Logins) -> LoggedIn:
        begun = await logins.begin(None)
        state, _ = desk.agree(begun.page)
        other = await logins.begin(None)
        return await logins.finish(state, desk.agree(other.page)[1])

    with pytest.raises(LoginFailed, match="brought no tokens"):
        desk.run(stolen, pkce=True)
    assert desk.run(called) == 0


def test_what_cannot_be_read_is_not_taken_for_unused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sandbox.control("oauth", user_type="Company")
    desk.log_in(scopes=AGENCY)

    async def strange(logins: Logins) -> None:
        assert await logins.store.keep_credential("another", Sealed("lost key", "AAAA"), 0)

    desk.run(strange)
    assert desk.run(lambda logins: revoked(logins, None), scopes=AGENCY).told
    kept = desk.run(lambda logins: logins.store.credentials(), scopes=AGENCY)
    assert [each.account for each in kept] == ["GoHighLevel agency sandboxCompany000001", "another"]


def test_an_answer_is_good_once_and_for_ten_minutes(desk: Desk) -> None:
    async def twice(logins: Logins) -> None:
        begun = await logins.begin(None)
        state, code = desk.agree(begun.page)
        await logins.finish(state, code)
        await logins.finish(state, code)

    async def late(logins: Logins) -> None:
        begun = await logins.begin(None)
        state, code = desk.agree(begun.page)
        desk.clock.advance(600.0)
        await logins.finish(state, code)

    for work in (twice, late):
        with pytest.raises(LoginFailed, match="belongs to no log-in"):
            desk.run(work)


def test_a_log_in_to_another_place_is_refused_and_changes_nothing(desk: Desk) -> None:
    desk.log_in()

    async def elsewhere(logins: Logins) -> None:
        oauth = logins.declared(None)
        await logins._placed(oauth, logins.keepers.asker(oauth), Grant("a", "r", 9e9, (), "other"))

    async def nowhere(logins: Logins) -> None:
        oauth = logins.declared(None)
        await logins._placed(oauth, logins.keepers.asker(oauth), Grant("a", "r", 9e9))

    with pytest.raises(LoginFailed, match="neither a location nor an agency"):
        desk.run(nowhere)
    with pytest.raises(LoginFailed, match="is for the location other") as refused:
        desk.run(elsewhere)
    assert LOCATION_ID in str(refused.value.fix)
    assert desk.run(called) == 0


def test_new_tokens_at_once(desk: Desk) -> None:
    desk.log_in()
    before = desk.run(token)
    assert desk.run(lambda logins: renewed(logins, LABEL)).state == "ok"
    assert desk.run(token) != before
    assert desk.renewals == 1


def test_nothing_of_the_log_in_stands_in_the_clear(desk: Desk) -> None:
    desk.log_in()
    secret = desk.run(token)
    kept = b"".join(each.read_bytes() for each in desk.folder.glob("state.db*"))
    assert secret.encode() not in kept
    assert b"refresh" not in kept
    grant = msgspec.convert({"access": secret, "refresh": None, "expires": 1.0}, Grant)
    assert secret not in repr(grant)
    assert secret not in repr(msgspec.structs.replace(READ, headers={"Authorization": secret}))
