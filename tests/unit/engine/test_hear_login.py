"""A webhook that is about the log-in itself: whoever looks after log-ins is told the account."""

from __future__ import annotations

from test_hear import EAR, linked, told
from world import World

from crosstie.engine.hear import Heard, hear
from crosstie.ports.webhooks import LOGIN
from crosstie.testing.fakes import drive


def ended(world: World) -> tuple[Heard, list[str]]:
    """What was worked on, and which accounts were told of."""
    accounts: list[str] = []

    async def end(account: str) -> None:
        accounts.append(account)

    done = drive(hear(world.store, [EAR], [world.work()], world.clock, ended=end))
    return done, accounts


def test_an_ended_log_in_is_told_once_for_its_account() -> None:
    world, *_ = linked()
    told(world, "place", "place", kind=LOGIN, gone=True)
    assert ended(world) == (Heard(2, 0, 0), ["right account"])
    assert ended(world) == (Heard(), [])


def test_what_is_about_a_record_or_begins_is_not_told() -> None:
    world, _, right_id = linked()
    told(world, right_id, gone=True)
    told(world, "place", kind=LOGIN, gone=False)
    assert ended(world)[1] == []


def test_where_nobody_looks_after_log_ins_it_is_done_with() -> None:
    world, *_ = linked()
    told(world, "place", kind=LOGIN, gone=True)
    assert drive(hear(world.store, [EAR], [world.work()], world.clock)) == Heard(1, 0, 0)
