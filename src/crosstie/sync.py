"""What a user declares: syncs between two sources. Values, no behaviour."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from crosstie.alerts import Alerts
from crosstie.core.decide import Rules
from crosstie.core.errors import Misconfigured
from crosstie.core.lens import Reference
from crosstie.core.mapping import Field, Mapping, Policy
from crosstie.core.values import Fields, Side
from crosstie.ports import Collection
from crosstie.ports.runtime import Doors
from crosstie.ports.webhooks import Webhooks
from crosstie.rhythm import Rhythm


class Account(Protocol):
    """One set of credentials in one system. It owns the rate budget."""

    @property
    def connector(self) -> str:
        """Name of the connector: `sql`, `ghl`, ..."""
        ...

    @property
    def label(self) -> str:
        """What a person calls it, without secrets."""
        ...


class Source(Protocol):
    """A collection as declared, before anything is opened."""

    @property
    def account(self) -> Account:
        """Whose collection it is."""
        ...

    @property
    def name(self) -> str:
        """What a person calls it, e.g. `contacts` or `table trips`."""
        ...

    @property
    def kind(self) -> str:
        """What webhooks of its system call such records: `contacts`, `opportunities`, `table`."""
        ...

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection itself, reading at least these raw fields. Does no I/O yet."""
        ...


class WebhookSource(Protocol):
    """The webhooks of an account as declared, before anything is opened."""

    @property
    def account(self) -> Account:
        """Whose webhooks they are: a hint is about collections of this account."""
        ...

    def bind(self, doors: Doors) -> Webhooks:
        """How they are verified and read. Raises Misconfigured where a key cannot be had."""
        ...


_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks of an account arrive: `/webhooks/<name>`."""

    name: str
    """Small letters, digits, `-` and `_`: it stands in the address that is given to the system."""
    source: WebhookSource

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise Misconfigured(
                f"the endpoint {self.name!r} cannot stand in an address",
                fix="use at most 64 small letters, digits, `-` and `_`, e.g. `ghl`",
            )


class Deletes(StrEnum):
    """What happens on the other side when a linked record was deleted on one, once it is proven."""

    PROPAGATE = "propagate"
    ARCHIVE = "archive"
    """The other side's record gets the `archive` values and is left alone from then on."""
    IGNORE = "ignore"
    ASK = "ask"


class Creates(StrEnum):
    """On which sides records that stand alone are created."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Brake:
    """A run that would delete or overwrite more than both limits stops before its first write."""

    share: float = 0.05
    """Part of the sync's linked records, 0..1."""
    records: int = 20
    empty_side: bool = True
    """Also stop when a side that had records has none left."""


EVERY_HOUR = Rhythm()
"""A look at the left each second, at the right each half minute, at all of it each hour."""


@dataclass(frozen=True, slots=True)
class Sync:
    """A pair of collections, which fields correspond, how records are matched, who wins."""

    name: str
    left: Source
    right: Source
    fields: Sequence[Field]
    match: Sequence[str] = ()
    """Canonical names of the fields that tell whether two records are the same, best first."""
    policy: Policy | str = Policy.ASK
    deletes: Deletes | str = Deletes.PROPAGATE
    archive: Fields = field(default_factory=dict)
    """Canonical values that an archived record gets."""
    creates: Creates | str = Creates.BOTH
    where_left: Callable[[Fields], bool] | None = None
    """Which left records without a link take part; sees raw fields. A linked record stays."""
    where_right: Callable[[Fields], bool] | None = None
    brake: Brake = Brake()
    rhythm: Rhythm = EVERY_HOUR
    mapping: Mapping = field(init=False, repr=False, compare=False)
    rules: Rules = field(init=False, repr=False, compare=False)
    """The part of the sync that decides."""

    def __post_init__(self) -> None:
        mapping = Mapping(self.fields)
        object.__setattr__(self, "mapping", mapping)
        for option, kind in (("policy", Policy), ("deletes", Deletes), ("creates", Creates)):
            self._choose(option, kind)
        rules = Rules(mapping, Policy(self.policy), str(self.deletes), self.archive)
        object.__setattr__(self, "rules", rules)
        if not self.fields:
            raise Misconfigured(f"sync {self.name!r} maps no field", fix="give it `fields=[...]`")
        for what, names in (("match key", self.match), ("archive value", self.archive)):
            for name in names:
                if name not in mapping.by_name:
                    known = ", ".join(mapping.by_name)
                    raise Misconfigured(
                        f"sync {self.name!r}: {what} {name!r} is not a field of the mapping",
                        fix=f"use one of: {known}",
                    )
        if self.deletes is Deletes.ARCHIVE and not self.archive:
            raise Misconfigured(
                f"sync {self.name!r}: deletes='archive' needs the values that mark a record",
                fix="give it e.g. `archive={'status': 'abandoned'}`",
            )

    def _choose(self, option: str, kind: type[StrEnum]) -> None:
        said = getattr(self, option)
        choices = {choice.value: choice for choice in kind}
        if said not in choices:
            raise Misconfigured(
                f"sync {self.name!r}: {option}={said!r} is none of the choices",
                fix=f"use one of: {', '.join(choices)}",
            )
        object.__setattr__(self, option, choices[said])

    def source(self, side: Side) -> Source:
        """The source of that side."""
        return self.left if side is Side.LEFT else self.right

    def where(self, side: Side) -> Callable[[Fields], bool] | None:
        """The record filter of that side."""
        return self.where_left if side is Side.LEFT else self.where_right

    def may_create_on(self, side: Side) -> bool:
        """A record that stands alone gets a counterpart created on that side."""
        return self.creates in (Creates.BOTH, side.value)

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the syncs that references point to."""
        lenses = [f.lens_of(side) for f in self.fields for side in Side]
        return tuple(dict.fromkeys(lens.sync for lens in lenses if isinstance(lens, Reference)))


class NotDeclared(Misconfigured):
    """There is no sync of that name: whoever asked for it has misspelt it."""

    code = "usage"


@dataclass(frozen=True, slots=True)
class Crosstie:
    """Everything that is kept in step, and where the state lives."""

    syncs: Sequence[Sync]
    state: str = field(default="sqlite:///crosstie.db", repr=False)
    """Address of the state database; it may hold a password."""
    webhooks: Sequence[Endpoint] = ()
    """Where the systems may tell of changes; `crosstie serve` receives them."""
    alerts: Alerts = field(default_factory=Alerts)
    """Who is told when something is wrong."""
    key: str = "env:CROSSTIE_KEY"
    """Reference to the key that tokens are sealed with; needed where an account is logged in to."""
    in_order: tuple[Sync, ...] = field(init=False, repr=False)
    """The syncs, parents first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_order", _parents_first(self.syncs))
        names = [endpoint.name for endpoint in self.webhooks]
        if len(set(names)) != len(names):
            raise Misconfigured("two endpoints have the same name", fix="rename one of them")

    def sync(self, name: str) -> Sync:
        """The sync of that name. Raises NotDeclared naming the ones there are."""
        for sync in self.syncs:
            if sync.name == name:
                return sync
        known = ", ".join(s.name for s in self.syncs)
        raise NotDeclared(f"there is no sync {name!r}", fix=f"use one of: {known}")


def _parents_first(syncs: Sequence[Sync]) -> tuple[Sync, ...]:
    named = {sync.name: sync for sync in syncs}
    if len(named) != len(syncs):
        raise Misconfigured("two syncs have the same name", fix="rename one of them")
    done: dict[str, Sync] = {}

    def visit(sync: Sync, path: tuple[str, ...]) -> None:
        if sync.name in done:
            return
        if sync.name in path:
            circle = " -> ".join((*path, sync.name))
            raise Misconfigured(
                f"references go in a circle: {circle}",
                fix="make one of these references a plain text field",
            )
        for parent in sync.parents:
            if parent not in named:
                raise Misconfigured(
                    f"sync {sync.name!r} refers to sync {parent!r}, which is not declared",
                    fix=f"declare it, or refer to one of: {', '.join(named)}",
                )
            visit(named[parent], (*path, sync.name))
        done[sync.name] = sync

    for sync in syncs:
        visit(sync, ())
    return tuple(done.values())
