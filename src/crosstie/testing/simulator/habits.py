"""The habits of a system, drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from crosstie.core.lens import Lens, Unmappable
from crosstie.core.values import Fields, Json
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator.remote import Worst
from crosstie.testing.simulator.values import plain

if TYPE_CHECKING:
    from crosstie.testing.simulator.worlds import Half

LAG = 5.0
"""Seconds of a search index that lags."""


def drawn(dice: Random, half: Half, honest: bool) -> tuple[Behaviour, Worst]:
    """The habits of one side of a sync."""
    if half.local:
        return near(dice, half.keys, honest=honest)
    unique = half.keys[0] if half.keys else None
    return far(dice, half.keys, unique, half.rewrite, honest=honest)


def near(dice: Random, searchable: Sequence[str], *, honest: bool) -> tuple[Behaviour, Worst]:
    """A database beside us."""
    behaviour = Behaviour(
        searchable=tuple(searchable),
        local=True,
        has_changes=honest or dice.random() < 0.8,
        versions=dice.random() < 0.3,
        page_size=dice.choice((2, 100)),
    )
    worst = Worst(
        twice=dice.random() < 0.3, reorders=dice.random() < 0.3, salt=dice.randrange(1 << 16)
    )
    return behaviour, replace(worst, outbox=worst.salt & 1 == 1)


def far(
    dice: Random,
    searchable: Sequence[str],
    unique: str | None,
    rewrite: Callable[[Fields], Fields],
    *,
    honest: bool,
) -> tuple[Behaviour, Worst]:
    """A service across the network. honest: its feed tells everything in the end."""
    lag = dice.choice((0.0, 0.0, LAG))
    behaviour = Behaviour(
        has_changes=honest or dice.random() < 0.7,
        sees_deletes=honest or dice.random() < 0.7,
        conditional_write=dice.random() < 0.5,
        versions=dice.random() < 0.5,
        marker=dice.random() < 0.5,
        searchable=tuple(searchable) if dice.random() < 0.9 else (),
        search_lag=lag,
        lagging_scan=lag > 0 and dice.random() < 0.5,
        unique=unique if dice.random() < 0.3 else None,
        read_batch=dice.choice((1, 1, 100)),
        page_size=dice.choice((1, 2, 100)),
        normalise=rewrite if dice.random() < 0.5 else _as_given,
    )
    worst = Worst(
        twice=dice.random() < 0.4,
        late=dice.choice((0.0, 2.0, 30.0)),
        reorders=dice.random() < 0.4,
        silent=not honest and dice.random() < 0.4,
        shifting=dice.random() < 0.4,
        stale_rows=dice.choice((0.0, 0.0, LAG)),
        nameless=dice.random() < 0.5,
        coarse=True,
        salt=dice.randrange(1 << 16),
    )
    return behaviour, replace(worst, late_reads=lag > 0 and worst.salt & 1 == 1)


def _as_given(fields: Fields) -> Fields:
    return fields


def rewriting(lenses: Mapping[str, Lens], exact: Sequence[str]) -> Callable[[Fields], Fields]:
    """What a system makes of what it is given: capitals, blanks gone, lists in its own order.

    lenses: of its raw fields.  exact: fields whose canonical value stays (match keys).
    """

    def rewritten(fields: Fields) -> Fields:
        out = dict(fields)
        for name, lens in lenses.items():
            value = out.get(name)
            other = _other(value)
            if other != value and _may_stand(lens, value, other, exact=name in exact):
                out[name] = other
        return out

    return rewritten


def _other(value: Json) -> Json:
    if isinstance(value, str):
        return value.strip().upper()
    if isinstance(value, list):
        return sorted(value, key=str, reverse=True)
    return value


def _may_stand(lens: Lens, value: Json, other: Json, *, exact: bool) -> bool:
    try:
        before, after = lens.get(value), lens.get(other)
    except Unmappable:
        return False
    return bool(before == after if exact else plain(before) == plain(after))
