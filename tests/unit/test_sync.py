"""Declarations: what is refused before anything is opened, and with which fix."""

from __future__ import annotations

from typing import Any

import pytest

from crosstie import Crosstie, Reference, Sync
from crosstie import field as say
from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.core.errors import Misconfigured
from crosstie.core.mapping import Policy
from crosstie.core.values import Side
from crosstie.sync import Creates, Deletes
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource

LEFT, RIGHT = (MemorySource(MemoryCollection(n), MemoryAccount(n)) for n in ("left", "right"))


def sync(name: str = "people", *refers: str, **options: Any) -> Sync:
    fields = [say("name", "name"), *(say(f"{p}_id", f"{p}Id", Reference(p)) for p in refers)]
    return Sync(name, **{"left": LEFT, "right": RIGHT, "fields": fields, **options})


@pytest.mark.parametrize(
    ("options", "said", "fix"),
    [
        (
            {"fields": []},
            "sync 'people' maps no field",
            "give it `fields=[...]`",
        ),
        (
            {"match": ["mail"]},
            "sync 'people': match key 'mail' is not a field of the mapping",
            "use one of: name",
        ),
        (
            {"archive": {"state": "x"}},
            "sync 'people': archive value 'state' is not a field of the mapping",
            "use one of: name",
        ),
        (
            {"deletes": "archive"},
            "sync 'people': deletes='archive' needs the values that mark a record",
            "give it e.g. `archive={'status': 'abandoned'}`",
        ),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    options: dict[str, Any], said: str, fix: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        sync(**options)
    assert (str(refused.value), refused.value.fix) == (said, fix)


@pytest.mark.parametrize("option", ["policy", "deletes", "creates"])
def test_a_word_that_is_no_choice_is_refused_and_the_choices_are_named(option: str) -> None:
    with pytest.raises(Misconfigured, match=rf"sync 'people': {option}='perhaps'") as refused:
        sync(**{option: "perhaps"})
    assert "use one of: " in (refused.value.fix or "")


def test_choices_may_be_said_as_words() -> None:
    made = sync(policy="newest", deletes="ignore", creates="left", match=["name"])
    assert (made.policy, made.deletes, made.creates) == (
        Policy.NEWEST,
        Deletes.IGNORE,
        Creates.LEFT,
    )
    assert [made.may_create_on(side) for side in Side] == [True, False]
    assert [sync().may_create_on(side) for side in Side] == [True, True]
    assert [sync(creates="none").may_create_on(side) for side in Side] == [False, False]


def test_a_sync_gives_each_side_its_own() -> None:
    def here(row: Any) -> bool:
        return True

    made = sync(where_left=here)
    assert [made.source(side) for side in Side] == [LEFT, RIGHT]
    assert [made.where(side) for side in Side] == [here, None]


def test_syncs_come_parents_first_and_each_once() -> None:
    app = Crosstie([sync("c", "b", "a"), sync("b", "a"), sync("a"), sync("d", "a")])
    assert [s.name for s in app.in_order] == ["a", "b", "c", "d"]
    assert app.sync("c").parents == ("b", "a")


@pytest.mark.parametrize(
    ("syncs", "said", "fix"),
    [
        (
            [sync("a", "b"), sync("b", "c"), sync("c", "a")],
            "references go in a circle: a -> b -> c -> a",
            "make one of these references a plain text field",
        ),
        (
            [sync("a", "a")],
            "references go in a circle: a -> a",
            "make one of these references a plain text field",
        ),
        (
            [sync("a", "z"), sync("b")],
            "sync 'a' refers to sync 'z', which is not declared",
            "declare it, or refer to one of: a, b",
        ),
        (
            [sync("a"), sync("a")],
            "two syncs have the same name",
            "rename one of them",
        ),
    ],
)
def test_syncs_that_do_not_fit_together_are_refused(syncs: Any, said: str, fix: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        Crosstie(syncs)
    assert (str(refused.value), refused.value.fix) == (said, fix)


def test_a_sync_that_is_not_there_is_named_with_those_that_are() -> None:
    app = Crosstie([sync("a"), sync("b")])
    with pytest.raises(Misconfigured, match="there is no sync 'z'") as refused:
        app.sync("z")
    assert refused.value.fix == "use one of: a, b"
    assert refused.value.code == "usage"


def test_a_declaration_that_is_printed_shows_no_secret() -> None:
    login = OAuthApp("id", "hunter2", "http://localhost:8455/callback")
    crm = GoHighLevel("place", token="hunter2", oauth=login)
    app = Crosstie([], state="postgresql://me:hunter2@db/state")
    assert "hunter2" not in repr((app, crm, login, crm.contacts()))
