"""What every store has to keep: subclass `StoreContract` and give it a `store` fixture.

The fixture answers a new, empty store. The suite needs pytest and no event loop: a store that
never suspends is driven by hand. It comes in parts, one a subject; `StoreContract` is all of them.
"""

from __future__ import annotations

from crosstie.testing.store_accounts import AccountContract
from crosstie.testing.store_conflicts import ConflictContract, GainContract
from crosstie.testing.store_credentials import CredentialContract
from crosstie.testing.store_evidence import EvidenceContract
from crosstie.testing.store_inbox import InboxContract
from crosstie.testing.store_journal import IntentContract, StepContract
from crosstie.testing.store_lease import FenceContract, LeaseContract
from crosstie.testing.store_links import LinkContract
from crosstie.testing.store_match import MatchContract
from crosstie.testing.store_past import PastContract
from crosstie.testing.store_runs import RunContract
from crosstie.testing.store_watch import AlertContract, RollupContract


class StoreContract(
    LinkContract,
    MatchContract,
    IntentContract,
    StepContract,
    GainContract,
    ConflictContract,
    PastContract,
    RunContract,
    LeaseContract,
    FenceContract,
    AccountContract,
    CredentialContract,
    EvidenceContract,
    InboxContract,
    RollupContract,
    AlertContract,
):
    """Every promise of `crosstie.ports.store.Store`."""
