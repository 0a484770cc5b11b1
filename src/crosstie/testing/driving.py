"""Driving coroutines by hand, and the few lines every store test starts with."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from crosstie.core.values import Link, Side
from crosstie.ports import Sighting, Store

T = TypeVar("T")

LEFT, RIGHT = Side.LEFT, Side.RIGHT
SYNC = "contacts"


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that never suspends answers. Raises RuntimeError for one that suspends."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    coroutine.close()
    raise RuntimeError("the coroutine waits for something: drive it with an event loop")


def noticed_link(
    store: Store, record_id: str = "l1", side: Side = LEFT, sync: str = SYNC, now: float = 1.0
) -> Link:
    """The one-sided link of a record that was just noticed."""
    run(store.notice(sync, side, [Sighting(record_id)], now))
    return link_at(store, record_id, side, sync)


def link_at(store: Store, record_id: str, side: Side = LEFT, sync: str = SYNC) -> Link:
    """The link of a record."""
    return run(store.links_at(sync, side, [record_id]))[record_id]


def kept(store: Store, link: Link) -> Link:
    """The link as it is in the store now."""
    found = run(store.link(link.id))
    assert found is not None, f"link {link.id} is gone"
    return found


def is_due(store: Store, link: Link, now: float = 1e9) -> bool:
    """It is claimed at that time."""
    return link.id in {each.id for each in run(store.claim(link.sync, now, 1_000, frozenset()))}
