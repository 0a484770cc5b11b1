"""A create whose answer was lost, and that was looked for in vain: it may still have happened.

Where its link waits for what it refers to, strangers go on, except those that may be it. What it
made may appear at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from test_family import Family
from world import World, fail

from crosstie.core.errors import Retry
from crosstie.core.values import Link, LinkState, Side
from crosstie.ports import Lookup
from crosstie.testing.fakes import drive

NOWHERE = "pr99"
"""A parent that is not there."""


@dataclass
class Unaccounted:
    """A left child was made, or not; its right one then refers to what is not there."""

    landed: bool = False

    def __post_init__(self) -> None:
        self.family = Family()
        self.family.run()
        self.lefts = self.family.boxes["children", "left"]
        self.rights = self.family.boxes["children", "right"]
        parent = self.family.boxes["parents", "right"].add({"name": "Ann"})
        self.kid = self.rights.add({"name": "Kid", "parent": parent})
        fail(self.lefts, "create", Retry("no answer came", unknown=True), after=self.landed)
        self.family.run()
        self.rights.edit(self.kid, parent=NOWHERE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.lefts, "find", self._late)
            self.rounds(1)
        assert (self.link(self.kid).state, self.link(self.kid).left_id) == (LinkState.WAITING, None)
        assert self.unaccounted()

    async def _late(self, lookup: Lookup) -> list[object]:
        return []

    def rounds(self, number: int = 4) -> None:
        """That many runs, an hour apart."""
        for _ in range(number):
            self.family.clock.advance(4_000)
            self.family.run()

    def unaccounted(self) -> bool:
        """Whether the note of the create is still there."""
        return len(drive(self.family.store.open_intents([self.link(self.kid).id]))) == 1

    def link(self, record_id: str) -> Link:
        """The link of a child."""
        side = Side.LEFT if record_id in self.lefts.rows() else Side.RIGHT
        return drive(self.family.store.links_at("children", side, [record_id]))[record_id]


def test_a_stranger_does_not_wait_for_a_create_that_waits_itself() -> None:
    world = Unaccounted()
    new = world.lefts.add({"name": "New"})
    world.rounds()
    assert world.link(new).right_id is not None
    assert world.unaccounted()


def test_what_it_made_is_left_to_it() -> None:
    world = Unaccounted(landed=True)
    [made] = world.lefts.rows()
    world.rounds()
    assert world.link(made).right_id == world.kid
    assert not world.unaccounted()
    assert list(world.rights.rows()) == [world.kid]


def test_what_shares_its_key_is_linked_with_it() -> None:
    world = Unaccounted()
    entered = world.lefts.add({"name": "Kid"})
    world.rounds()
    assert world.link(entered).right_id == world.kid
    assert list(world.rights.rows()) == [world.kid]


def test_a_person_is_asked_which_of_two_shares_its_key() -> None:
    world = Unaccounted()
    twins = [world.lefts.add({"name": "Kid"}) for _ in range(2)]
    world.rounds()
    assert [world.link(twin).state for twin in twins] == [LinkState.ASKING] * 2
    assert list(world.rights.rows()) == [world.kid]


def test_what_lands_between_two_looks_is_taken_for_what_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.run()
    new = world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", Retry("no answer came", unknown=True))
    world.run()
    asked = world.store.open_creates

    async def landing(sync: str, side: Side) -> object:
        if not world.right.rows():
            world.right.add({"name": "NEW", "email": "new@x.example", "phone": "8"})
        return await asked(sync, side)

    monkeypatch.setattr(world.store, "open_creates", landing)
    world.clock.advance(60)
    world.run()
    [made] = world.right.rows()
    link = world.link(new)
    assert (link.right_id, link.base_left["name"], link.base_right["name"]) == (made, "New", "NEW")
    assert drive(world.store.open_intents([link.id])) == []
    assert world.conflicts() == []
    assert [row["name"] for row in world.lefts()] == ["New"]
