"""The part of the Store port about accounts: what their budgets and breakers must not forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from crosstie.core.budget import Counted
from crosstie.core.values import Instant

PauseKind: TypeAlias = Literal["breaker", "limit", "halt"]
"""`breaker`: it does not answer, or not well.  `limit`: it told us to wait.  `halt`: it lets us do
nothing until a person has acted, e.g. because the token was revoked."""


@dataclass(frozen=True, slots=True)
class AccountPause:
    """Why an account is left alone."""

    account: str
    kind: PauseKind
    reason: str
    since: Instant
    until: Instant
    """When it is tried again."""


class AccountStore(Protocol):
    """Calls made, and accounts left alone. Several processes may keep theirs side by side."""

    async def count_calls(self, account: str, counted: Sequence[Counted], now: Instant) -> None:
        """Add to what is counted, and forget what has left its window.

        Nothing is ever counted below zero.
        """
        ...

    async def counted_calls(
        self, account: str | None, now: Instant
    ) -> Sequence[tuple[str, Counted]]:
        """(account, calls) still in their windows, by account, window and part. None: of all."""
        ...

    async def keep_pause(self, pause: AccountPause) -> None:
        """That account is left alone, in place of what was known of that kind."""
        ...

    async def end_pause(self, account: str, kind: PauseKind) -> None:
        """It is not (any more). Told twice is the same as once."""
        ...

    async def pauses(self) -> Sequence[AccountPause]:
        """Accounts left alone, by account and kind, those included whose time has come."""
        ...
