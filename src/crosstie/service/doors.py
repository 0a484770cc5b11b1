"""What declared sources are given: secrets by reference, and one Http port an account."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from crosstie.connectors.http import AioHttp
from crosstie.core.errors import Misconfigured
from crosstie.ports import Clock, HttpAccount, Store


class ServiceDoors:
    """The doors of this process. `close` when done, and before the memory is.

    memory: where calls are counted that a restart must not forget; None: nowhere.
    """

    def __init__(self, clock: Clock, store: Store | None = None) -> None:
        self._clock = clock
        self._store = store
        self._open: dict[str, AioHttp] = {}

    @property
    def clock(self) -> Clock:
        return self._clock

    def http(self, account: HttpAccount) -> AioHttp:
        """Calls of that account; the same port, and so the same budget, for the same label."""
        if account.label not in self._open:
            token = self.secret(account.token, "the token")
            self._open[account.label] = AioHttp(
                account,
                token=token,
                now=self._clock.now,
                sleep=asyncio.sleep,
                memory=self._store,
                holds=None if self._store is None else self._store.holds,
            )
        return self._open[account.label]

    def secret(self, reference: str, what: str = "the secret") -> str:
        """What is behind `env:NAME` or `file:/path`; never stands in an error."""
        kind, _, name = reference.partition(":")
        if kind == "env" and name:
            value = os.environ.get(name)
            if value:
                return value
            raise Misconfigured(
                f"the environment variable {name} is not set", fix=f"set {name} to {what}"
            )
        if kind == "file" and name:
            try:
                return Path(name).read_text(encoding="utf-8").strip()
            except OSError as wrong:
                raise Misconfigured(
                    f"the file {name} cannot be read: {wrong.strerror}",
                    fix=f"put {what} into it, readable for this user only",
                ) from wrong
        raise Misconfigured(
            "a secret is given as a reference, never as itself",
            fix="write `env:NAME` or `file:/path/to/secret`",
        )

    @property
    def calls(self) -> dict[str, int]:
        """Calls made so far, by account label."""
        return {label: http.calls.total for label, http in self._open.items()}

    async def close(self) -> None:
        """Close all connections."""
        for http in self._open.values():
            await http.close()
