"""The keepers of log-ins in one process: one a log-in, each with connections of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from crosstie.connectors.asking import TIMEOUT, Asker
from crosstie.connectors.http import AioHttp
from crosstie.connectors.oauth import Hold, Keeper, Office
from crosstie.core.values import Side
from crosstie.ports import Clock, Dice, HttpAccount
from crosstie.ports.credentials import CredentialStore
from crosstie.ports.oauth import Client, OAuth, Tokens, Vault
from crosstie.sync import Crosstie


class Keepers:
    """Makes keepers, and gives the same one for the same log-in. `close` when done.

    secret: what is behind a reference.
    """

    def __init__(
        self,
        clock: Clock,
        dice: Dice,
        store: CredentialStore,
        vault: Vault,
        secret: Callable[[str, str], str],
    ) -> None:
        self._clock = clock
        self._dice = dice
        self._store = store
        self._vault = vault
        self._secret = secret
        self._keepers: dict[str, Keeper] = {}
        self._opened: list[AioHttp] = []

    def keeper(self, oauth: OAuth, name: str | None = None) -> Keeper:
        """The keeper of that account, or of the log-in of that name.

        Raises Misconfigured where the id or the secret of the application is not there.
        """
        name = name or oauth.account
        if name not in self._keepers:
            hold = Hold()
            office = Office(
                oauth,
                self.client(oauth),
                self._http(oauth, hold),
                self._store,
                self._vault,
                self._clock.now,
                asyncio.sleep,
                self._dice.token(),
                hold,
            )
            self._keepers[name] = Keeper(office, name, self._above(oauth))
        return self._keepers[name]

    def of(self, account: str) -> Keeper | None:
        """The keeper of that account, where calls were made with it."""
        return self._keepers.get(account)

    def asker(self, oauth: OAuth) -> Asker:
        """Asks for tokens that nobody keeps yet."""
        http = self._http(oauth, None)
        return Asker(oauth, self.client(oauth), http, self._above(oauth))

    def client(self, oauth: OAuth) -> Client:
        """The application. Raises Misconfigured where it is not behind its references."""
        name = self._secret(oauth.client_id, "the client id of the application")
        return Client(name, self._secret(oauth.client_secret, "the secret of the application"))

    async def close(self) -> None:
        """Close all connections."""
        for http in self._opened:
            await http.close()

    def _above(self, oauth: OAuth) -> Callable[[str], Tokens]:
        return lambda name: self.keeper(oauth, name)

    def _http(self, oauth: OAuth, hold: Hold | None) -> AioHttp:
        account = HttpAccount(
            label=oauth.account, base_url=oauth.base_url, token="", windows=(), timeout=TIMEOUT
        )
        http = AioHttp(account, None, sleep=asyncio.sleep, now=self._clock.now, holds=hold)
        self._opened.append(http)
        return http


def logins(app: Crosstie) -> Mapping[str, OAuth]:
    """How a person logs in, by account, for the accounts where one does."""
    accounts = [sync.source(side).account for sync in app.in_order for side in Side]
    accounts += [endpoint.source.account for endpoint in app.webhooks]
    found = {each.label: getattr(each, "login", None) for each in accounts}
    return {label: login for label, login in found.items() if login is not None}


def vault_of(app: Crosstie) -> Vault | None:
    """What seals the tokens; None where no account is logged in to.

    Raises Misconfigured where it is needed and there is no key.
    """
    if not logins(app):
        return None
    # Imported here: nobody else needs cryptography.
    from crosstie.service.vault import KeyVault

    vault = KeyVault(app.key)
    vault.check()
    return vault
