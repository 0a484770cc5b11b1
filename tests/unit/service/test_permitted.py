"""A sync that would write where nothing can be written is refused before anything starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from crosstie import Crosstie, Misconfigured, Sync, Text, field
from crosstie.service.wiring import opened
from crosstie.sync import Creates
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource


def source(name: str, **habits: Any) -> MemorySource:
    system = MemoryCollection(name, fields=("name", "role"), behaviour=Behaviour(**habits))
    return MemorySource(system, MemoryAccount(f"account of {name}"))


def start(sync: Sync, folder: Any) -> None:
    async def go() -> None:
        async with opened(Crosstie([sync], state=f"sqlite:///{folder / 'state.db'}")):
            pass

    asyncio.run(go())


USERS = Sync(
    "users",
    left=source("staff"),
    right=source("crm", read_only=True),
    fields=[
        field("name", "name", Text(), direction="to_left"),
        field("role", "role", Text(), direction="to_left"),
    ],
    match=["name"],
    creates="left",
)


def test_reading_alone_is_let_be(tmp_path: Any) -> None:
    start(USERS, tmp_path)


def test_creating_and_writing_are_refused_with_what_to_say_instead(tmp_path: Any) -> None:
    wrong = replace(USERS, creates="both", fields=[field("name", "name"), *USERS.fields[1:]])
    with pytest.raises(Misconfigured) as refused:
        start(wrong, tmp_path)
    assert str(refused.value) == "sync 'users': crm of account of crm can only be read"
    assert (
        refused.value.fix == 'say `creates="left"`; give these fields `direction="to_left"`: name'
    )


@pytest.mark.parametrize(
    ("creates", "fix"),
    [("both", 'say `creates="right"`'), ("left", 'say `creates="none"`'), ("none", None)],
)
def test_the_other_side_is_named_on_which_records_may_be_made(
    tmp_path: Any, creates: str, fix: str | None
) -> None:
    turned = replace(
        USERS,
        left=USERS.right,
        right=USERS.left,
        fields=[field("name", "name", direction="to_right")],
        creates=Creates(creates),
    )
    if fix is None:
        start(turned, tmp_path)
        return
    with pytest.raises(Misconfigured) as refused:
        start(turned, tmp_path)
    assert refused.value.fix == fix
