"""What settles a link, situation by situation."""

from __future__ import annotations

from typing import Any

import pytest

from crosstie.core.decide import (
    Archive,
    AskDelete,
    Close,
    Create,
    Decision,
    Delete,
    Forget,
    Rules,
    Update,
    View,
    decide,
)
from crosstie.core.lens import Computed
from crosstie.core.mapping import Mapping, Policy, field
from crosstie.core.merge import NO_RULINGS, Rulings
from crosstie.core.values import Fields, Link, Record, Side

MAPPING = Mapping([field("name", "name"), field("size", "size", direction="to_right")])
BASE: dict[str, Any] = {"name": "Ann", "size": "1"}
NONE = View(None)


def rules(deletes: str = "propagate", policy: Policy = Policy.ASK) -> Rules:
    return Rules(MAPPING, policy, deletes, {"name": "gone"})


def view(updated: float | None = None, **canon: Any) -> View:
    return View(Record("1", {}, updated=updated), {"name": None, "size": None, **canon})


def pair(base: Fields = BASE) -> Link:
    return Link("s", "1", "1", base_left=base, base_right=base)


def alone(left: View, right: View, *, deletes: str = "propagate", **ruled: Side) -> Decision:
    """The decision for a linked pair of which one is gone."""
    said = Rulings(take={"*": ruled["ruled"]}) if ruled else NO_RULINGS
    return decide(rules(deletes), pair(), left, right, said)


def test_both_gone_is_forgotten_linked_or_not() -> None:
    for link in (pair(), Link("s", "1")):
        assert decide(rules(), link, NONE, NONE).operations == (Forget(),)


def test_a_quiet_pair_needs_nothing() -> None:
    assert decide(rules(), pair(), view(**BASE), view(**BASE)).operations == ()


def test_both_there_are_merged_the_right_is_written_first() -> None:
    both = Mapping([field("name", "name"), field("note", "note")])
    link = pair({"name": "Ann", "note": "x"})
    left = View(Record("1", {}), {"name": "Anna", "note": "x"})
    right = View(Record("1", {}), {"name": "Ann", "note": "y"})
    made = decide(Rules(both, Policy.ASK, "propagate", {}), link, left, right)
    assert made.operations == (
        Update(Side.RIGHT, {"name": "Anna"}, {"name": "changed on the left"}),
        Update(Side.LEFT, {"note": "y"}, {"note": "changed on the right"}),
    )


def test_an_update_that_overrules_says_by_which_policy() -> None:
    left, right = view(name="Anna", size="1", updated=2.0), view(name="Anne", size="1", updated=1.0)
    made = decide(rules(policy=Policy.NEWEST), pair(), left, right)
    assert made.operations == (Update(Side.RIGHT, {"name": "Anna"}, {"name": "policy newest"}),)


def test_a_record_alone_from_the_start_is_created_across() -> None:
    link = Link("s", "1")
    made = decide(rules(), link, view(name="Ann", size="1"), NONE)
    assert made.operations == (Create(Side.RIGHT, {"name": "Ann", "size": "1"}),)
    link = Link("s", None, "1")
    made = decide(rules(), link, NONE, view(name="Ann", size="1"))
    assert made.operations == (Create(Side.LEFT, {"name": "Ann"}),), "size goes one way"


def test_empty_and_derived_fields_are_not_sent_with_a_create() -> None:
    whole = Computed(lambda row: row["name"], ("name",))
    mapping = Mapping([field("name", "name"), field(None, "whole", whole)])
    canon = {"name": None, "whole": "Ann"}
    made = decide(
        Rules(mapping, Policy.ASK, "propagate", {}),
        Link("s", "1"),
        View(Record("1", {}), canon),
        NONE,
    )
    assert made.operations == (Create(Side.RIGHT, {"whole": "Ann"}),)


@pytest.mark.parametrize("here", list(Side))
@pytest.mark.parametrize(
    ("deletes", "edited", "expected"),
    [
        ("propagate", False, lambda here: Delete(here)),
        ("ignore", False, lambda here: Close(here)),
        ("ignore", True, lambda here: Close(here)),
        ("archive", False, lambda here: Archive(here, {"name": "gone"})),
        ("ask", False, lambda here: AskDelete(here.other, ())),
        ("propagate", True, lambda here: AskDelete(here.other, ("name",))),
        ("archive", True, lambda here: AskDelete(here.other, ("name",))),
        ("ask", True, lambda here: AskDelete(here.other, ("name",))),
    ],
)
def test_policies_for_deletions_on_both_sides(
    here: Side, deletes: str, edited: bool, expected: Any
) -> None:
    there = view(name="Anna" if edited else "Ann", size="1")
    views = (there, NONE) if here is Side.LEFT else (NONE, there)
    assert alone(*views, deletes=deletes).operations == (expected(here),)


def test_an_edit_that_could_not_travel_does_not_stop_a_deletion() -> None:
    there = view(name="Ann", size="2")
    assert alone(NONE, there).operations == (Delete(Side.RIGHT),)
    assert alone(there, NONE).operations == (AskDelete(Side.RIGHT, ("size",)),)


def test_a_field_without_a_base_does_not_stop_a_deletion() -> None:
    link = pair({"name": "Ann"})
    made = decide(rules(), link, view(name="Ann", size="9"), NONE)
    assert made.operations == (Delete(Side.LEFT),)


def test_a_person_decides_a_deletion_either_way() -> None:
    there = view(name="Anna", size="1")
    assert alone(there, NONE, ruled=Side.RIGHT).operations == (Delete(Side.LEFT),)
    again = Create(Side.RIGHT, {"name": "Anna", "size": "1"})
    assert alone(there, NONE, ruled=Side.LEFT).operations == (again,)
    assert alone(there, NONE, deletes="ignore", ruled=Side.LEFT).operations == (again,)


def test_a_link_that_had_a_counterpart_without_a_base_follows_the_policy() -> None:
    link = Link("s", "1", "2")
    made = decide(rules(), link, view(name="Ann"), NONE)
    assert made.operations == (Delete(Side.LEFT),)
