"""The worlds that are played when no application is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from crosstie.core.lens import Email, EnumMap, Integer, Phone, Reference, Tags, Text
from crosstie.core.mapping import field as say
from crosstie.ports.runtime import Doors
from crosstie.sync import Account, Crosstie, Sync
from crosstie.testing.memory import MemoryAccount
from crosstie.testing.simulator.worlds import World, world_of


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A source that is declared and never opened: the simulator puts a system in its place."""

    name: str
    account: Account = field(default_factory=MemoryAccount)

    @property
    def kind(self) -> str:
        """The name it is declared with."""
        return self.name

    def bind(self, doors: Doors, fields: Sequence[str]) -> NoReturn:
        """Never called."""
        raise NotImplementedError(f"{self.name} is nowhere")


DATABASE = MemoryAccount("database", "sql")
SERVICE = MemoryAccount("service", "service")
_STAGES = EnumMap({"open": "Open", "won": "Closed won", "lost": "Closed lost"})


def _sync(name: str, fields: Sequence[Any], **options: Any) -> Sync:
    left, right = Nowhere(f"table {name}", DATABASE), Nowhere(name, SERVICE)
    return Sync(name, left, right, fields, **options)


def _person(**policy: Any) -> list[Any]:
    return [
        say("name", "fullName", Text(), name="name", **policy),
        say("email", "email", Email()),
        say("phone", "phone", Phone()),
    ]


def _contacts(**options: Any) -> Crosstie:
    fields = [
        *_person(),
        say("tags", "tags", left_lens=Tags(separator=", "), right_lens=Tags(), policy="union"),
        say("stage", "stage", _STAGES),
    ]
    return Crosstie([_sync("contacts", fields, match=("email",), **options)])


def _ruled() -> Crosstie:
    fields = [
        *_person(owner="left"),
        say("size", "size", Integer(), direction="to_right"),
        say("note", "note", Text(), policy="right"),
    ]
    return Crosstie([_sync("ruled", fields, match=("email",), policy="left", deletes="ask")])


def _newest() -> Crosstie:
    fields = [*_person(), say("stage", "stage", _STAGES)]
    options = {"policy": "newest", "deletes": "archive", "archive": {"stage": "lost"}}
    return Crosstie([_sync("newest", fields, match=("email", "phone"), **options)])


def _kept() -> Crosstie:
    options = {"deletes": "ignore", "creates": "right"}
    return Crosstie([_sync("kept", _person(), match=("email",), **options)])


def _family() -> Crosstie:
    child = [
        say("title", "title", Text()),
        say("code", "code", Text()),
        say("owner_id", "owner", left_lens=Reference("people"), right_lens=Reference("people")),
    ]
    return Crosstie(
        [
            _sync("people", _person(), match=("email",)),
            _sync("trips", child, match=("code",)),
        ]
    )


_MADE = {
    "contacts": _contacts,
    "ruled": _ruled,
    "newest": _newest,
    "kept": _kept,
    "family": _family,
}
_MIX = ("contacts", "contacts", "ruled", "contacts", "newest", "contacts", "kept", "family")


@cache
def builtin(name: str) -> World:
    """A world that is shipped, made once."""
    return world_of(_MADE[name](), name)


def names() -> tuple[str, ...]:
    """Of all of them."""
    return tuple(_MADE)


def mix() -> tuple[World, ...]:
    """What is played by default, turn by turn."""
    return tuple(builtin(name) for name in _MIX)
