"""What becomes of log-ins: how they stand, new tokens at once, giving back, other keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from crosstie.connectors.asking import REFUSALS, bearing
from crosstie.core.errors import CrosstieError, Misconfigured
from crosstie.core.values import Instant, Side
from crosstie.ports.credentials import Credential, CredentialStore
from crosstie.ports.oauth import Grant, OAuth
from crosstie.service.keepers import logins
from crosstie.service.logins import Logins, missing_scopes, place_of
from crosstie.service.vault import KeyVault
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.ports import Store

State = Literal["ok", "login", "locked", "token"]
"""`login`: a person has to log in.  `locked`: its key is not there.  `token`: the declaration
names a token, which ends only where somebody ends it."""


class Standing(msgspec.Struct, frozen=True):
    """How one account is logged in to."""

    account: str
    state: State
    text: str
    fix: str | None = None
    until: Instant | None = None
    """When the access token ends; it is replaced before by itself."""
    missing: Sequence[str] = ()
    """Scopes that are asked for and were not given."""


class Revoked(msgspec.Struct, frozen=True):
    """A log-in that was given back."""

    account: str
    told: bool
    """The system took it back as well."""
    text: str


class Rotated(msgspec.Struct, frozen=True):
    """Tokens that are sealed with the first key."""

    key: str
    sealed: int
    """As many were sealed with another one before."""
    locked: Sequence[str]
    """Log-ins whose key is not there: they stay as they are."""


async def standing(app: Crosstie, store: Store) -> Sequence[Standing]:
    """All accounts with a log-in or a token, in the order of the declaration."""
    known, vault = logins(app), KeyVault(app.key)
    sources = [sync.source(side) for sync in app.in_order for side in Side]
    accounts = {source.account.label: source.account for source in sources}
    found = []
    for label, account in accounts.items():
        if label in known:
            found.append(_login(known[label], vault, await store.credential(label)))
        elif getattr(account, "token", None):
            text = "a token without an end; replace it every 90 days"
            found.append(Standing(label, "token", text))
    return found


def _login(oauth: OAuth, vault: KeyVault, credential: Credential | None) -> Standing:
    fix = f'log in with `crosstie auth login "{oauth.account}"`'
    if credential is None:
        return Standing(oauth.account, "login", "nobody has logged in yet", fix)
    if credential.refused is not None:
        return Standing(oauth.account, "login", credential.refused, fix)
    try:
        grant = _opened(vault, credential)
    except Misconfigured as wrong:
        return Standing(oauth.account, "locked", str(wrong), wrong.fix)
    missing = missing_scopes(oauth, grant)
    text = "logged in" if grant.via is None else f"logged in by way of {grant.via}"
    if credential.began is not None:
        text += "; asked for new tokens, and no answer is kept yet"
    if missing:
        text += f"; lacks {', '.join(missing)}"
        fix = f"add them to the application, then {fix}"
    return Standing(oauth.account, "ok", text, fix if missing else None, grant.expires, missing)


async def renewed(logins: Logins, account: str | None) -> Standing:
    """New tokens at once, and how it stands then. Raises Halt, Retry, Misconfigured."""
    oauth = logins.declared(account)
    await logins.keepers.keeper(oauth).fresh()
    return _login(oauth, logins.vault, await logins.store.credential(oauth.account))


async def revoked(logins: Logins, account: str | None) -> Revoked:
    """Give the log-in back to the system, and forget it here whatever the system says."""
    oauth = logins.declared(account)
    credential = await logins.store.credential(oauth.account)
    if credential is None:
        return Revoked(oauth.account, False, "nobody was logged in")
    refusal = await _given_back(logins, oauth)
    await logins.store.drop_credential(oauth.account)
    await _drop_unused(logins)
    if refusal is None:
        return Revoked(oauth.account, True, "the application is uninstalled, the tokens are gone")
    text = f"the tokens are gone here, and the system was not told: {refusal}"
    return Revoked(oauth.account, False, text)


async def _given_back(logins: Logins, oauth: OAuth) -> str | None:
    """Why the system does not know of it; None where it does."""
    try:
        token = await logins.keepers.keeper(oauth).current()
        asker = logins.keepers.asker(oauth)
        grant = Grant(token, None, 0.0, location=place_of(oauth))
        request = msgspec.structs.replace(oauth.revoke(asker.client, grant), expect=REFUSALS)
        reply = await asker.http.send(bearing(request, token))
    except CrosstieError as error:
        return str(error)
    return None if reply.status < 300 else f"it answered {reply.status}"


async def _drop_unused(logins: Logins) -> None:
    """Forget log-ins of companies by way of which no account is logged in to any more."""
    kept = await logins.store.credentials()
    try:
        grants = {each.account: _opened(logins.vault, each) for each in kept}
    except Misconfigured:
        # What cannot be read may be needed.
        return
    used = {grant.via for grant in grants.values()}
    for name, grant in grants.items():
        if grant.location is None and name not in used:
            await logins.store.drop_credential(name)


async def rotated(app: Crosstie, store: CredentialStore) -> Rotated:
    """Seal all tokens with the first key, each in a transaction of its own.

    Broken off, it goes on where it was. Tokens that are replaced meanwhile are looked at again.
    Raises Misconfigured where there is no key.
    """
    vault = KeyVault(app.key)
    done, locked, pending = 0, dict[str, None](), True
    while pending:
        pending = False
        for each in await store.credentials():
            if each.sealed.key == vault.writes or each.account in locked:
                continue
            try:
                plain = vault.open(each.account, each.sealed)
            except Misconfigured:
                locked[each.account] = None
                continue
            pending = True
            sealed = vault.seal(each.account, plain)
            done += await store.reseal_credential(each.account, each.version, sealed)
    return Rotated(vault.writes, done, list(locked))


def _opened(vault: KeyVault, credential: Credential) -> Grant:
    plain = vault.open(credential.account, credential.sealed)
    return msgspec.json.decode(plain, type=Grant)
