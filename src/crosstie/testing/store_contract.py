"""What every store has to keep: subclass `StoreContract` and give it a `store` fixture.

The fixture answers a new, empty store. The suite needs pytest and no event loop: a store that
never suspends is driven by hand. It comes in parts, one a port; `StoreContract` is all of them.
"""

from __future__ import annotations

from crosstie.testing.store_journal import JournalContract
from crosstie.testing.store_links import LinkContract
from crosstie.testing.store_match import MatchContract
from crosstie.testing.store_runs import RunContract

__all__ = ["JournalContract", "LinkContract", "MatchContract", "RunContract", "StoreContract"]


class StoreContract(LinkContract, MatchContract, JournalContract, RunContract):
    """Every promise of `crosstie.ports.store.Store`."""
