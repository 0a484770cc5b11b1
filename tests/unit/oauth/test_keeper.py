"""What a keeper does where others, the state or the system are in its way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crosstie.connectors.oauth import AHEAD, HOLD, PATIENCE
from crosstie.core.errors import Misconfigured, Retry
from crosstie.ports.credentials import Sealed
from crosstie.ports.http import Reply, Request
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run

from .play import PLACE, Life, OpenVault, World, lived

DAY = 86_399.0


@pytest.fixture(scope="module")
def store() -> Iterator[SqlStore]:
    store = SqlStore.open("sqlite://")
    yield store
    store.close()


def ended(store: SqlStore) -> World:
    world = World(store)
    world.clock.advance(DAY + 1.0)
    return world


def log_in(world: World) -> str:
    """Somebody logs in anew."""
    code = world.server.approve("contacts.readonly", "", None)
    answer = world.server.exchange(world.tokens, PLACE, {"code": code})
    grant = world.oauth.read(answer, world.clock.now())
    assert grant is not None
    world.keep(grant)
    return grant.access


def test_tokens_that_the_state_does_not_take_are_not_used_and_kept_later(store: SqlStore) -> None:
    world = ended(store)
    keeper = world.process(lambda: bool(world.calls) and locked)
    locked = True
    old = world.kept
    life = lived(world, keeper)
    assert life.later is not None
    assert "locked" in str(life.later)
    assert world.server.renewals == 1
    assert world.kept == old
    locked = False
    world.clock.advance(100.0)
    assert lived(world, keeper).token == world.kept.access != old.access
    assert world.calls == ["/oauth/token"]


def test_tokens_that_still_last_do_while_the_new_ones_cannot_be_kept(store: SqlStore) -> None:
    world = World(store)
    world.clock.advance(DAY - AHEAD + 1.0)
    keeper = world.process(lambda: bool(world.calls) and locked)
    locked = True
    old = world.kept.access
    assert lived(world, keeper).token == old
    locked = False
    assert lived(world, keeper).token == world.kept.access != old


def test_a_process_that_asks_for_long_is_waited_for_and_then_left(store: SqlStore) -> None:
    world = ended(store)
    begun = world.clock.now()

    def busy() -> bool:
        now = world.clock.now()
        run(store.begin_renewal(world.name, 1, "another", now, now + HOLD))
        return False

    busy()
    life = lived(world, world.process(busy))
    assert life.later is not None
    assert "another process" in str(life.later)
    assert not life.later.counts
    assert world.clock.now() - begun >= PATIENCE
    assert world.calls == []


@pytest.mark.parametrize("how", ["refused", "logged in"])
def test_what_comes_of_another_process_is_taken(store: SqlStore, how: str) -> None:
    world = ended(store)
    now = world.clock.now()
    assert run(store.begin_renewal(world.name, 1, "another", now, now + HOLD))
    life = Life(world.process().current())
    for _ in range(12):
        assert life.step()
    token = None
    if how == "refused":
        run(store.refuse_credential(world.name, 1, "it was uninstalled"))
    else:
        token = log_in(world)
    while life.step():
        world.clock.advance(0.1)
    assert life.token == token
    assert (life.halted is not None) == (token is None)
    assert world.calls == []


def test_another_process_that_takes_over_ends_the_asking(store: SqlStore) -> None:
    world = ended(store)
    world.lose = lambda: "answer"
    life = Life(world.process().current())
    while not world.calls:
        assert life.step()
    world.clock.advance(HOLD)
    now = world.clock.now()
    assert run(store.begin_renewal(world.name, 1, "another", now, now + HOLD))
    while life.step():
        world.clock.advance(0.0)
    assert life.later is not None
    assert world.calls == ["/oauth/token"]


def test_whoever_logs_in_while_a_dead_token_is_told_goes_on(store: SqlStore) -> None:
    world = ended(store)
    world.server.refreshes.clear()
    life = Life(world.process().current())
    while not world.calls:
        assert life.step()
    token = log_in(world)
    while life.step():
        world.clock.advance(0.0)
    assert (life.token, life.halted) == (token, None)


def test_an_answer_without_tokens_is_asked_for_again(store: SqlStore) -> None:
    world = ended(store)
    true, empty = world.answer, [Reply(200, {}, {}), Reply(200, {}, None)]

    def answer(request: Request) -> Reply:
        if empty:
            world.calls.append(request.path)
            return empty.pop()
        return true(request)

    world.answer = answer  # type: ignore[method-assign]
    keeper = world.process()
    life = lived(world, keeper)
    assert isinstance(life.later, Retry)
    assert not (life.later.unknown or life.later.counts), "no call of a record was made"
    assert len(world.calls) == 2
    assert lived(world, keeper).token == world.kept.access


def test_a_system_that_asks_to_wait_is_not_asked_again_at_once(store: SqlStore) -> None:
    world = ended(store)

    def answer(request: Request) -> Reply:
        world.calls.append(request.path)
        raise Retry("too many", after=10.0, unknown=True)

    world.answer = answer  # type: ignore[method-assign]
    assert lived(world).later is not None
    assert len(world.calls) == 1


def test_a_state_that_is_locked_in_the_end_hides_nothing(store: SqlStore) -> None:
    world = ended(store)
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        raise Retry("no answer", after=10.0, unknown=True)

    world.answer = answer  # type: ignore[method-assign]
    life = lived(world, world.process(lambda: bool(asked)))
    assert "no answer" in str(life.later)


def test_a_process_whose_log_in_ended_goes_on_after_the_next_one(store: SqlStore) -> None:
    world = ended(store)
    world.server.refreshes.clear()
    keeper = world.process()
    for _ in range(2):
        assert lived(world, keeper).halted is not None
    token = log_in(world)
    assert lived(world, keeper).token == token


def test_tokens_that_no_key_opens_halt_their_account_alone(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(store)

    def locked(vault: OpenVault, account: str, sealed: Sealed) -> bytes:
        raise Misconfigured("its key is not there", fix="put it back")

    monkeypatch.setattr(OpenVault, "open", locked)
    halted = lived(world).halted
    assert halted is not None
    assert (str(halted), halted.fix, halted.login) == ("its key is not there", "put it back", True)


def test_a_token_for_the_next_call_costs_nothing_while_it_lasts(store: SqlStore) -> None:
    world = World(store)
    keeper = world.process()
    first = lived(world, keeper)
    again = Life(keeper.current())
    assert not again.step()
    assert again.token == first.token
