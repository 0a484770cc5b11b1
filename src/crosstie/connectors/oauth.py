"""The tokens of one account: kept sealed, renewed ahead of time, by one process at a time.

A refresh token is used up by the call that uses it. So, in this order: note in the state that new
tokens are asked for, ask, keep the new pair, use it. What each loss means:

| lost                                | what follows                                             |
|-------------------------------------|----------------------------------------------------------|
| the process, before the call        | whoever comes next asks                                  |
| the answer                          | asked again at once, with the same refresh token         |
| the process, after the call         | the note stands: whoever comes next asks again at once   |
| both, for longer than systems grant | the system's way to reconnect, where it has one          |
| that as well                        | Halt: a person has to log in again; nothing else is lost |

Awaits ports alone, so that a test can let it die at every one of these awaits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import msgspec

from crosstie.connectors import asking
from crosstie.connectors.asking import Asker, Dead
from crosstie.core.errors import Halt, Misconfigured, Retry, SyncError
from crosstie.core.values import Instant
from crosstie.ports.credentials import Credential, CredentialStore
from crosstie.ports.http import Http
from crosstie.ports.oauth import Client, Grant, OAuth, Tokens, Vault

AHEAD = 300.0
"""Seconds before its end at which an access token is replaced."""
HOLD = asking.TIMEOUT + 2.0
"""Seconds for which one process alone may ask; noted anew before each of its calls."""
LOOK = 0.25
"""Seconds until it is looked again whether another process has the new tokens."""
PATIENCE = 2 * HOLD
"""Seconds that a call waits for another process; then it comes back as Retry."""
GRACE = 30.0
"""Seconds for which a refresh token that was used up may be answered the same once more."""
REST = 30.0
"""Seconds until it is tried again to replace tokens that still last, where nothing is lost."""
KEEPING = 5
"""Tries to keep new tokens until the call is given up; the next call goes on trying."""


@dataclass(slots=True)
class Hold:
    """Until when this process may ask: a call that would take longer must not leave."""

    until: Instant = 0.0

    def __call__(self, until: Instant) -> bool:
        return until <= self.until


@dataclass(frozen=True, slots=True)
class Office:
    """What a keeper works with."""

    oauth: OAuth
    client: Client
    http: Http
    """Sends calls as they are, without a token of its own, and none that `hold` does not allow."""
    store: CredentialStore
    vault: Vault
    now: Callable[[], Instant]
    sleep: Callable[[float], Awaitable[None]]
    owner: str
    """Different for each keeper there ever was."""
    hold: Hold = field(default_factory=Hold)


@dataclass(frozen=True, slots=True)
class Known:
    """A log-in as it was last read or kept."""

    credential: Credential
    grant: Grant


class Keeper:
    """`ports.oauth.Tokens` for one log-in.

    name: of the log-in in the state: that of the account, or of the company that owns it.
    above: the keeper of another log-in, by its name, for one whose tokens are had by way of that.
    """

    def __init__(self, office: Office, name: str, above: Callable[[str], Tokens]) -> None:
        self._office = office
        self._name = name
        self._asker = Asker(office.oauth, office.client, office.http, above)
        self._known: Known | None = None
        self._unkept: tuple[int, Grant] | None = None
        """New tokens that the state would not take yet, and after which version they come."""
        self._rests_until = 0.0
        self._one = asyncio.Lock()

    async def current(self) -> str:
        """See `Tokens`. No I/O while the token that is known lasts."""
        known = self._known
        if known is None or self._wants(known):
            async with self._one:
                known = await self._settled(None)
        return known.grant.access

    async def renewed(self, refused: str) -> str:
        """See `Tokens`."""
        async with self._one:
            return (await self._settled(refused)).grant.access

    async def fresh(self) -> Grant:
        """New tokens, however long those that are there would last. Raises as `current`."""
        async with self._one:
            known = await self._read()
            return (await self._settled(known.grant.access)).grant

    def _wants(self, known: Known) -> bool:
        """These tokens should be replaced, or others may be there by now."""
        if known.credential.refused is not None or self._unkept is not None:
            return True
        now = self._office.now()
        if known.grant.expires <= now:
            return True
        owed = known.grant.expires - AHEAD <= now or known.credential.began is not None
        return owed and now >= self._rests_until

    async def _settled(self, refused: str | None) -> Known:
        """Tokens to go on with. refused: not with this one."""
        known = self._known = await self._read()
        if known.credential.refused is not None:
            raise self._log_in(known.credential.refused)
        if known.grant.access != refused and not self._wants(known):
            return known
        asked = self._office.now()
        usable = known.grant.access != refused and known.grant.expires > asked
        try:
            known = self._known = await self._replaced(known, usable=usable)
        except Retry as error:
            if not usable:
                # No call of a record was made, whatever became of that for tokens.
                raise Retry(str(error), after=error.after, counts=False, fix=error.fix) from error
            now = self._office.now()
            hurried = error.unknown and now - (known.credential.began or asked) < GRACE
            self._rests_until = now + (LOOK if hurried else REST)
        return known

    async def _read(self) -> Known:
        credential = await self._office.store.credential(self._name)
        if credential is None:
            raise self._log_in("nobody has logged in yet")
        try:
            plain = self._office.vault.open(self._name, credential.sealed)
        except Misconfigured as wrong:
            # At work it is a matter of this account alone.
            raise Halt(str(wrong), login=True, fix=wrong.fix) from wrong
        return Known(credential, msgspec.json.decode(plain, type=Grant))

    async def _replaced(self, known: Known, *, usable: bool) -> Known:
        """New tokens, had by this process or by another one.

        usable: the old ones still do while another process asks.
        """
        waited = 0.0
        while True:
            late = await self._keep()
            if late is not None:
                return late
            if await self._begin(known.credential.version):
                return await self._asked(known)
            found = await self._read()
            if found.credential.refused is not None:
                raise self._log_in(found.credential.refused)
            if usable or found.credential.version != known.credential.version:
                return found
            if waited >= PATIENCE:
                text = f"{self._name}: another process asks for new tokens and has none yet"
                raise Retry(text, after=HOLD, counts=False)
            await self._office.sleep(LOOK)
            waited += LOOK

    async def _begin(self, version: int) -> bool:
        """Note that this process asks. False: another one does, or has new tokens."""
        office = self._office
        now = office.now()
        begun = await office.store.begin_renewal(self._name, version, office.owner, now, now + HOLD)
        if begun is not None:
            office.hold.until = now + HOLD
        return begun is not None

    async def _again(self, version: int) -> None:
        """Note it once more, before another call of the same kind."""
        if not await self._begin(version):
            text = f"{self._name}: another process asks for new tokens by now"
            raise Retry(text, after=LOOK, counts=False)

    async def _asked(self, known: Known) -> Known:
        """Ask, keep, go on."""
        version, asked = known.credential.version, self._office.now()
        try:
            grant = await self._asker.renewed(known.grant, asked, partial(self._again, version))
        except Dead as dead:
            return await self._given_up(version, str(dead))
        except SyncError as error:
            certain = isinstance(error, Retry) and not error.unknown
            unused = certain and known.credential.began is None
            # What became of the call matters more; the note ends by itself.
            with suppress(SyncError):
                store = self._office.store
                await store.end_renewal(self._name, self._office.owner, unused=unused)
            raise
        self._unkept = (version, grant)
        for _ in range(KEEPING - 1):
            try:
                return await self._keep() or await self._read()
            except Retry:
                await self._office.sleep(LOOK)
        return await self._keep() or await self._read()

    async def _keep(self) -> Known | None:
        """Keep the tokens that wait for it, if any. Only then may they be used."""
        if self._unkept is None:
            return None
        version, grant = self._unkept
        sealed = self._office.vault.seal(self._name, msgspec.json.encode(grant))
        kept = await self._office.store.keep_credential(self._name, sealed, version)
        self._unkept = None
        if not kept:
            # Somebody logged in meanwhile, or out.
            return await self._read()
        return Known(Credential(self._name, sealed, version + 1), grant)

    async def _given_up(self, version: int, reason: str) -> Known:
        """Only a person can go on, unless other tokens are there by now."""
        if await self._office.store.refuse_credential(self._name, version, reason):
            self._known = None
            raise self._log_in(reason)
        return await self._read()

    def _log_in(self, reason: str) -> Halt:
        account = self._office.oauth.account
        fix = f'log in with `crosstie auth login "{account}"`'
        return Halt(f"{account}: {reason}", login=True, fix=fix)
