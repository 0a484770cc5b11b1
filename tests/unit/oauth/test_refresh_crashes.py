"""Tokens survive what happens to the processes that renew them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crosstie.connectors.oauth import AHEAD, HOLD, Keeper
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run

from .play import PLACE, Life, World, dice, lived

SCHEDULES = 150
"""A few seconds. Nine thousand were played without a loss."""
DAY = 86_399.0


@pytest.fixture(scope="module")
def store() -> Iterator[SqlStore]:
    store = SqlStore.open("sqlite://")
    yield store
    store.close()


def due(world: World) -> None:
    """The access token ends soon; a process would renew it."""
    world.clock.advance(DAY - AHEAD + 1.0)


def steps_of(store: SqlStore) -> int:
    """How many awaits a renewal has."""
    world = World(store)
    due(world)
    life, count = Life(world.process().current()), 1
    while life.step():
        count += 1
    return count


@pytest.mark.parametrize("away", [0.0, 5.0, HOLD + 1.0, 20.0])
def test_a_process_that_dies_anywhere_leaves_what_the_next_one_goes_on_with(
    store: SqlStore, away: float
) -> None:
    total = steps_of(store)
    assert total > 8
    for steps in range(total):
        world = World(store)
        due(world)
        first = Life(world.process().current())
        for _ in range(steps):
            assert first.step()
        first.die()
        world.clock.advance(away)
        life = lived(world)
        assert life.token is not None, (steps, life)
        assert world.good(life.token)
        assert world.kept.access == life.token or not world.server.renewals
        assert world.together <= 1


def test_after_the_grace_a_pair_that_nobody_kept_is_lost_and_a_person_is_asked(
    store: SqlStore,
) -> None:
    halted = 0
    for steps in range(steps_of(store)):
        world = World(store)
        due(world)
        first = Life(world.process().current())
        for _ in range(steps):
            first.step()
        first.die()
        unkept = world.server.renewals == 1 and world.kept.refresh in world.server.refreshes
        used = world.server.refreshes[world.kept.refresh or ""].used_at is not None
        world.clock.advance(60.0)
        life = lived(world)
        assert (life.halted is not None) == (unkept and used), steps
        if life.halted is not None:
            halted += 1
            assert life.halted.login
            assert f'crosstie auth login "{world.name}"' in str(life.halted.fix)
            assert lived(world).halted is not None
    assert halted >= 2


def test_where_the_system_reconnects_nothing_is_ever_lost(store: SqlStore) -> None:
    for steps in range(steps_of(store)):
        world = World(store, reconnect=True)
        due(world)
        first = Life(world.process().current())
        for _ in range(steps):
            first.step()
        first.die()
        world.clock.advance(60.0)
        life = lived(world)
        assert life.token is not None
        assert world.good(life.token)


def test_a_reconnection_that_breaks_off_is_begun_again(store: SqlStore) -> None:
    for steps in range(40):
        world = World(store, reconnect=True)
        due(world)
        world.server.refreshes.clear()
        first = Life(world.process().current())
        for _ in range(steps):
            if not first.step():
                break
        first.die()
        world.clock.advance(HOLD + 1.0)
        life = lived(world)
        assert life.token is not None
        assert world.good(life.token)


def test_what_was_begun_and_not_noted_as_done_is_begun_again_at_once(store: SqlStore) -> None:
    """New tokens were asked for long before the old ones end, and the process died of it."""
    steps, more = 0, True
    while more:
        steps += 1
        world = World(store)
        first = Life(fresh(world.process()))
        for _ in range(steps):
            more = first.step()
        first.die()
        world.clock.advance(HOLD + 1.0)
        life = lived(world)
        assert life.token == world.kept.access
        world.clock.advance(DAY - AHEAD)
        assert lived(world).token is not None, steps
    assert steps > 8


async def fresh(keeper: Keeper) -> str:
    return (await keeper.fresh()).access


def test_whoever_logs_in_meanwhile_wins(store: SqlStore) -> None:
    # The last await comes after the new pair was kept.
    for steps in range(steps_of(store) - 1):
        world = World(store)
        due(world)
        life = Life(world.process().current())
        for _ in range(steps):
            life.step()
        code = world.server.approve("contacts.readonly", "", None)
        answer = world.server.exchange(world.tokens, PLACE, {"code": code})
        grant = world.oauth.read(answer, world.clock.now())
        assert grant is not None
        world.keep(grant)
        while life.step():
            world.clock.advance(0.01)
        assert (life.token, world.kept.access) == (grant.access, grant.access), steps


def test_whoever_logs_out_meanwhile_is_logged_out(store: SqlStore) -> None:
    for steps in range(1, steps_of(store) - 1):
        world = World(store)
        due(world)
        life = Life(world.process().current())
        for _ in range(steps):
            life.step()
        run(store.drop_credential(world.name))
        while life.step():
            world.clock.advance(0.01)
        assert run(store.credential(world.name)) is None
        assert life.halted is not None, steps


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_answers_that_get_lost_are_asked_for_again_in_time(store: SqlStore, lost: int) -> None:
    fates = iter(["answer"] * lost)
    world = World(store, lose=lambda: next(fates, ""))
    due(world)
    before = world.kept.access
    keeper = world.process()
    life = lived(world, keeper)
    for _ in range(60):
        assert life.token is not None
        assert world.good(life.token)
        world.clock.advance(0.5)
        life = lived(world, keeper)
    assert life.token != before
    assert world.server.renewals == 1


def test_a_system_that_is_away_for_long_is_not_asked_all_the_time(store: SqlStore) -> None:
    world = World(store, lose=lambda: "request")
    due(world)
    keeper = world.process()
    for _ in range(200):
        assert lived(world, keeper).token is not None
        world.clock.advance(1.0)
    began = len(world.calls)
    assert began == 0
    world.lose = lambda: ""
    world.clock.advance(31.0)
    assert lived(world, keeper).token == world.kept.access
    assert world.calls == ["/oauth/token"]


def played(store: SqlStore, seed: int) -> None:
    """Three processes, answers that get lost, a state that is locked, deaths, and time."""
    chance = dice(seed)
    calm = False

    def lose() -> str:
        return "" if calm or chance.random() < 0.8 else chance.choice(("request", "answer"))

    def busy() -> bool:
        return not calm and chance.random() < 0.05

    world = World(store, reconnect=chance.random() < 0.5, lose=lose)
    due(world)
    lives = [Life(world.process(busy).current()) for _ in range(3)]
    for _ in range(120):
        number = chance.randrange(3)
        fate = chance.random()
        if fate < 0.02:
            lives[number].die()
            lives[number] = Life(world.process(busy).current())
        elif not lives[number].step():
            lives[number] = Life(world.process(busy).current())
        world.clock.advance(chance.choice((0.0, 0.0, 0.01, 0.5)) if fate < 0.99 else 12.0)
        assert world.together <= 1, f"seed {seed}: two calls for tokens at once"
    calm = True
    for life in lives:
        life.die()
    world.clock.advance(HOLD)
    after = lived(world)
    if after.halted is not None:
        lost = world.server.refreshes[world.kept.refresh or ""].used_at
        assert not world.reconnect, f"seed {seed}: halted though it could reconnect"
        assert lost is not None, f"seed {seed}: halted with a refresh token that was never used"
        return
    assert after.token is not None, f"seed {seed}: {after}"
    assert world.good(after.token), f"seed {seed}"
    assert world.kept.access == after.token, f"seed {seed}: used before it was kept"


def test_nothing_that_happens_to_three_processes_loses_what_is_not_lost(store: SqlStore) -> None:
    for seed in range(SCHEDULES):
        played(store, seed)
