"""What declared sources are given: secrets by reference, and one Http port an account."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from crosstie.connectors.http import AioHttp
from crosstie.core.errors import SyncError
from crosstie.ports import Clock, HttpAccount, Store
from crosstie.ports.oauth import Tokens
from crosstie.service.keepers import Keepers
from crosstie.service.references import secret


class ServiceDoors:
    """The doors of this process. `close` when done, and before the memory is.

    memory: where calls are counted that a restart must not forget; None: nowhere.
    keepers: of the tokens of accounts where a person logs in.
    """

    def __init__(
        self, clock: Clock, store: Store | None = None, keepers: Keepers | None = None
    ) -> None:
        self._clock = clock
        self._store = store
        self._keepers = keepers
        self._open: dict[str, AioHttp] = {}

    @property
    def clock(self) -> Clock:
        return self._clock

    def http(self, account: HttpAccount) -> AioHttp:
        """Calls of that account; the same port, and so the same budget, for the same label."""
        if account.label not in self._open:
            self._open[account.label] = AioHttp(
                account,
                token=self._tokens(account),
                now=self._clock.now,
                sleep=asyncio.sleep,
                memory=self._store,
                holds=None if self._store is None else self._store.holds,
            )
        return self._open[account.label]

    def secret(self, reference: str, what: str = "the secret") -> str:
        """What is behind `env:NAME` or `file:/path`; never stands in an error."""
        return secret(reference, what)

    def _tokens(self, account: HttpAccount) -> str | Tokens:
        if account.oauth is None:
            return self.secret(account.token, "the token")
        assert self._keepers is not None, "whoever declares a log-in is given keepers"
        return self._keepers.keeper(account.oauth)

    async def ended(self, account: str) -> None:
        """The log-in of that account may have ended: asks its system, and keeps what it says."""
        keeper = None if self._keepers is None else self._keepers.of(account)
        if keeper is not None:
            # A refusal is kept; whatever else went wrong is met again by the next call.
            with suppress(SyncError):
                await keeper.fresh()

    @property
    def calls(self) -> dict[str, int]:
        """Calls made so far, by account label."""
        return {label: http.calls.total for label, http in self._open.items()}

    async def close(self) -> None:
        """Close all connections."""
        for http in self._open.values():
            await http.close()
        if self._keepers is not None:
            await self._keepers.close()
