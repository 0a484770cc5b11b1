"""References between syncs: parents first, children wait and wake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crosstie import Crosstie, Reference, Sync, Text
from crosstie import field as say
from crosstie.core.values import LinkState, Side
from crosstie.engine import planner
from crosstie.engine.run import Options, Report, run
from crosstie.engine.work import Ledger, Work
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import FakeClock, FakeDice, InTurn, drive
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource


@dataclass
class Family:
    """Parents and children on both sides; a child names its parent by the side's own id."""

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.store = SqlStore.open("sqlite://")
        near = Behaviour(local=True, searchable=("name",))
        far = Behaviour(read_batch=1, versions=True, searchable=("name",))
        self.boxes = {
            (kind, side): MemoryCollection(
                f"{kind} {side}",
                fields=("name", "parent"),
                behaviour=near if side == "left" else far,
                clock=self.clock,
                prefix=f"{kind[0]}{side[0]}",
            )
            for kind in ("parents", "children")
            for side in ("left", "right")
        }
        parents = self._sync("parents", [say("name", "name", Text())])
        children = self._sync(
            "children",
            [
                say("name", "name", Text()),
                say("parent", "parent", Reference("parents"), create_only=True),
            ],
        )
        self.app = Crosstie([children, parents], state="sqlite://")

    def _sync(self, name: str, fields: list[Any]) -> Sync:
        left, right = self.boxes[name, "left"], self.boxes[name, "right"]
        return Sync(
            name,
            left=MemorySource(left, MemoryAccount("left account")),
            right=MemorySource(right, MemoryAccount("right account")),
            fields=fields,
            match=["name"],
        )

    def works(self) -> list[Work]:
        ledger = Ledger()
        return [
            Work(
                sync=sync,
                left=self.boxes[sync.name, "left"],
                right=self.boxes[sync.name, "right"],
                store=self.store,
                clock=self.clock,
                dice=FakeDice(1),
                tasks=InTurn(),
                ledger=ledger,
            )
            for sync in self.app.in_order
        ]

    def run(self) -> Report:
        return drive(run(self.works(), self.store, Options()))


def test_syncs_are_put_in_order_parents_first() -> None:
    assert [sync.name for sync in Family().app.in_order] == ["parents", "children"]


def test_a_child_is_created_after_its_parent_and_points_to_it() -> None:
    family = Family()
    parent = family.boxes["parents", "left"].add({"name": "Ann"})
    family.boxes["children", "left"].add({"name": "Kid", "parent": parent})
    family.run()
    [right_parent] = family.boxes["parents", "right"].rows()
    [kid] = family.boxes["children", "right"].rows().values()
    assert kid["parent"] == right_parent


def test_a_child_that_comes_from_the_right_brings_its_parent_along() -> None:
    family = Family()
    family.run()
    parent = family.boxes["parents", "right"].add({"name": "Ann"})
    family.boxes["children", "right"].add({"name": "Kid", "parent": parent})
    family.run()
    [left_parent] = family.boxes["parents", "left"].rows()
    [kid] = family.boxes["children", "left"].rows().values()
    assert kid["parent"] == left_parent


def test_a_child_waits_for_a_parent_that_cannot_be_linked_and_wakes_when_it_is() -> None:
    family = Family()
    family.run()
    box = family.boxes["children", "left"]
    box.add({"name": "Kid", "parent": "pl1"})
    report = family.run()
    assert report.total("waiting") >= 1
    assert family.boxes["children", "right"].rows() == {}
    [link] = drive(family.store.links_in(LinkState.WAITING, None, 10))
    assert link.waits_for is not None
    assert (link.waits_for.side, link.waits_for.id) == (Side.LEFT, "pl1")
    assert family.boxes["parents", "left"].add({"name": "Ann"}) == "pl1"
    family.run()
    assert len(family.boxes["children", "right"].rows()) == 1


def test_a_plan_shows_parent_and_child_and_writes_nothing() -> None:
    family = Family()
    parent = family.boxes["parents", "left"].add({"name": "Ann"})
    family.boxes["children", "left"].add({"name": "Kid", "parent": parent})
    plan = drive(planner.plan(family.works(), full=False))
    assert plan.summary() == "Plan: 2 to create, 0 to change, 0 to delete."
    assert family.boxes["parents", "right"].rows() == {}
    assert drive(family.store.figures("parents", 0.0)).linked == 0


def test_a_child_whose_parent_was_deleted_with_it_goes_too() -> None:
    family = Family()
    parent = family.boxes["parents", "left"].add({"name": "Ann"})
    kid = family.boxes["children", "left"].add({"name": "Kid", "parent": parent})
    stays = family.boxes["parents", "left"].add({"name": "Bob"})
    family.boxes["children", "left"].add({"name": "Other", "parent": stays})
    family.run()
    family.boxes["parents", "left"].remove(parent)
    family.boxes["children", "left"].remove(kid)
    for _ in range(4):
        family.clock.advance(4_000)
        family.run()
    names = [row["name"] for row in family.boxes["children", "right"].rows().values()]
    assert names == ["Other"]
    assert [row["name"] for row in family.boxes["parents", "right"].rows().values()] == ["Bob"]
    family.clock.advance(4_000)
    assert family.run().total("forgotten") == 0
