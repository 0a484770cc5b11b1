"""Log-ins looked after: other keys in the middle of crashes, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import msgspec
import pytest

from crosstie import Crosstie, Sync, field
from crosstie.connectors.asking import Asker
from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.connectors.sql import Database
from crosstie.core.errors import Misconfigured, Retry
from crosstie.ports.http import Reply, Request
from crosstie.ports.oauth import Client, Grant
from crosstie.service.keepers import logins, vault_of
from crosstie.service.logins import Logins
from crosstie.service.runtime import SystemDice
from crosstie.service.tending import _drop_unused, rotated, standing
from crosstie.service.vault import KeyVault
from crosstie.store.sql_store import SqlStore
from crosstie.sync import NotDeclared
from crosstie.testing.driving import run
from crosstie.testing.fakes import Crash, FakeClock

from .keys_env import KEYS, reference

OLD, NEW = KEYS[:2]
GRANT = Grant("access", "refresh", 1_767_268_800.0, ("contacts.readonly",), "L1")
NAMES = [f"GoHighLevel L{number}" for number in range(5)]


@pytest.fixture
def store() -> Iterator[SqlStore]:
    store = SqlStore.open("sqlite://")
    yield store
    store.close()


def app_of(*locations: str, key: str = reference(OLD), token: bool = False) -> Crosstie:
    """Contacts of these locations, one sync each."""
    oauth = None if token else OAuthApp("env:ID", "env:SECRET", scopes=("contacts.readonly",))
    database = Database("sqlite:///app.db")
    syncs = [
        Sync(
            f"contacts {location}",
            database.table("people"),
            GoHighLevel(location, oauth=oauth).contacts(),
            [field("email", "email")],
        )
        for location in locations
    ]
    return Crosstie(syncs, key=key)


def filled(store: SqlStore, key: str = OLD, names: list[str] = NAMES) -> None:
    vault = KeyVault(reference(key))
    for name in names:
        sealed = vault.seal(name, msgspec.json.encode(GRANT))
        assert run(store.keep_credential(name, sealed, 0))


class Dying:
    """A store whose process dies at its n-th transaction, before or after it."""

    def __init__(self, store: SqlStore, after: float) -> None:
        self._store, self._left = store, after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        async def call(*args: Any) -> Any:
            self._left -= 0.5
            if self._left < 0:
                raise Crash
            done = await method(*args)
            self._left -= 0.5
            if self._left < 0:
                raise Crash
            return done

        return call


def test_keys_are_rotated_wherever_it_breaks_off(store: SqlStore) -> None:
    filled(store)
    both = app_of("L0", key=reference(NEW, OLD))
    crashes, done = 0, False
    while not done:
        for name in NAMES:
            # As it was before, for the next one to break off.
            sealed = KeyVault(reference(OLD)).seal(name, msgspec.json.encode(GRANT))
            there = run(store.credential(name))
            assert there is not None
            run(store.reseal_credential(name, there.version, sealed))
        try:
            run(rotated(both, Dying(store, crashes * 0.5)))
            done = True
        except Crash:
            crashes += 1
        assert run(rotated(both, store)).locked == []
        read_by(store, NEW)
        for each in run(store.credentials()):
            with pytest.raises(Misconfigured):
                KeyVault(reference(OLD)).open(each.account, each.sealed)
    assert crashes > 10


def read_by(store: SqlStore, key: str) -> None:
    for each in run(store.credentials()):
        plain = KeyVault(reference(key)).open(each.account, each.sealed)
        assert msgspec.json.decode(plain, type=Grant) == GRANT
        assert each.version == 1


def test_tokens_that_are_replaced_meanwhile_are_sealed_anew_as_well(store: SqlStore) -> None:
    filled(store, names=NAMES[:1])
    old = KeyVault(reference(OLD)).seal(NAMES[0], msgspec.json.encode(GRANT))

    class Renewing:
        """Before the first of them is sealed anew, an older process keeps other tokens."""

        def __init__(self) -> None:
            self.late = [1]

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def reseal_credential(self, account: str, version: int, sealed: Any) -> bool:
            if self.late:
                assert await store.keep_credential(account, old, self.late.pop())
            return await store.reseal_credential(account, version, sealed)

    done = run(rotated(app_of("L0", key=reference(NEW, OLD)), Renewing()))
    assert done.sealed == 1
    (kept,) = run(store.credentials())
    assert (kept.version, kept.sealed.key) == (2, done.key)


def test_what_no_key_opens_stays_as_it_is_and_is_named(store: SqlStore) -> None:
    filled(store, key=KEYS[2], names=NAMES[:1])
    filled(store, names=NAMES[1:2])
    done = run(rotated(app_of("L0", key=reference(NEW, OLD)), store))
    assert (done.sealed, done.locked) == (1, NAMES[:1])
    assert run(rotated(app_of("L0", key=reference(KEYS[2])), store)).locked == NAMES[1:2]


def test_each_account_is_shown_as_it_stands(store: SqlStore) -> None:
    app = app_of("L0", "L1", "L2", "L3")
    filled(store, names=NAMES[:1])
    filled(store, key=NEW, names=NAMES[1:2])
    filled(store, names=NAMES[2:3])
    run(store.refuse_credential(NAMES[2], 1, "it was uninstalled"))
    run(store.begin_renewal(NAMES[0], 1, "me", 1.0, 2.0))
    rows = run(standing(app, store))
    assert [row.state for row in rows] == ["ok", "locked", "login", "login"]
    assert "no answer is kept yet" in rows[0].text
    assert rows[0].until == GRANT.expires
    assert rows[2].text == "it was uninstalled"
    assert all("auth login" in str(row.fix) for row in rows[1:])
    (token,) = run(standing(app_of("L0", token=True), store))
    assert token.state == "token"


def test_a_key_is_looked_for_only_where_somebody_logs_in() -> None:
    assert vault_of(app_of("L0", key="env:NO_SUCH_KEY", token=True)) is None
    with pytest.raises(Misconfigured, match="no key for the tokens"):
        vault_of(app_of("L0", key="env:NO_SUCH_KEY"))
    assert vault_of(app_of("L0")) is not None


def test_an_account_has_to_be_named_where_there_are_several(store: SqlStore) -> None:
    desk = Logins(app_of("L0", "L1"), store, FakeClock(), SystemDice())
    assert desk.declared(NAMES[1]).account == NAMES[1]
    for name in (None, "nobody"):
        with pytest.raises(NotDeclared) as refused:
            desk.declared(name)
        assert refused.value.fix == f'name one of: "{NAMES[0]}", "{NAMES[1]}"'
    assert set(logins(desk.app)) == set(NAMES[:2])


def test_a_place_behind_a_reference_is_looked_up(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosstie.service.logins import place_of

    login = GoHighLevel("env:PLACE", oauth=OAuthApp("env:ID", "env:SECRET")).login
    assert login is not None
    monkeypatch.setenv("PLACE", "L7")
    assert place_of(login) == "L7"
    assert place_of(replace(login, location="L8")) == "L8"


class Contended:
    """A store in which somebody else is faster that many times."""

    def __init__(self, store: SqlStore, times: int) -> None:
        self._store, self.left = store, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def keep_credential(self, account: str, sealed: Any, after: int) -> bool:
        self.left -= 1
        return self.left < 0 and await self._store.keep_credential(account, sealed, after)


def test_a_log_in_wins_over_a_renewal_that_is_kept_at_the_same_moment(store: SqlStore) -> None:
    for times in (3, 50):
        contended: Any = Contended(store, times)
        desk = Logins(app_of("L0"), contended, FakeClock(), SystemDice())
        keeping = desk._keep(NAMES[0], GRANT)
        if times == 3:
            run(keeping)
            assert run(store.credential(NAMES[0])) is not None
        else:
            with pytest.raises(Retry, match="all the time"):
                run(keeping)


def test_locations_of_an_agency_that_are_not_declared_are_left_alone(store: SqlStore) -> None:
    desk = Logins(app_of("L0"), store, FakeClock(), SystemDice())
    login = desk.declared(None)
    pages = [{"locations": [{"_id": "L9"}, {"_id": "L0"}]}, {"locations": []}]
    token = {"access_token": "part", "expires_in": 60}

    class Http:
        async def send(self, request: Request) -> Reply:
            return Reply(200, {}, token if request.method == "POST" else pages.pop(0))

    class Above:
        async def current(self) -> str:
            return "company"

    http, above = cast(Any, Http()), cast(Any, Above())
    asker = Asker(login, Client("id", "secret"), http, lambda name: above)
    company = Grant("company", "refresh", 9e9, (), None, "C1")
    placed = run(desk._placed(login, asker, company))
    assert list(placed) == [NAMES[0]]
    assert (placed[NAMES[0]].access, placed[NAMES[0]].via) == ("part", "GoHighLevel agency C1")
    assert [each.account for each in run(store.credentials())] == ["GoHighLevel agency C1"]


def test_the_log_in_of_an_agency_stays_while_an_account_needs_it(store: SqlStore) -> None:
    vault, company = KeyVault(reference(OLD)), "GoHighLevel agency C1"
    part = replace(GRANT, refresh=None, via=company)
    for name, grant in ((company, replace(GRANT, location=None)), (NAMES[1], part)):
        run(store.keep_credential(name, vault.seal(name, msgspec.json.encode(grant)), 0))
    desk = Logins(app_of("L0", "L1"), store, FakeClock(), SystemDice())
    run(_drop_unused(desk))
    assert len(run(store.credentials())) == 2
    run(store.drop_credential(NAMES[1]))
    run(_drop_unused(desk))
    assert run(store.credentials()) == []
