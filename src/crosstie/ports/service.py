"""The parts of the Store port that a running service needs besides the flows."""

from __future__ import annotations

from typing import Protocol

from crosstie.ports.accounts import AccountStore
from crosstie.ports.credentials import CredentialStore
from crosstie.ports.inbox import InboxStore
from crosstie.ports.lease import LeaseStore
from crosstie.ports.watch import WatchStore


class ServiceStore(AccountStore, CredentialStore, InboxStore, LeaseStore, WatchStore, Protocol):
    """Who works, what was received, what accounts must not forget, what is watched."""
