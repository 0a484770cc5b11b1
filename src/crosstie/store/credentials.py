"""Statements on log-ins, and the store's methods for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, delete, func, null, or_, select
from sqlalchemy import update as change

from crosstie.core.values import Instant
from crosstie.ports.credentials import Credential, Sealed
from crosstie.store.tables_accounts import credential as kept
from crosstie.store.tables_accounts import login
from crosstie.store.transacting import Transacting
from crosstie.store.wording import insert_new

_named = kept.c.account == bindparam("which")
_at = and_(_named, kept.c.version == bindparam("at"))
_sealed: dict[str, Any] = {"sealed_by": bindparam("by"), "sealed": bindparam("text")}
_nobody: dict[str, Any] = {"owner": null(), "until": null()}

_rows = select(kept).order_by(kept.c.account)
_row = _rows.where(_named)
_new = insert_new(kept).returning(kept.c.version)
_replace = (
    change(kept)
    .where(_at)
    .values(version=kept.c.version + 1, **_sealed, refused=null(), began=null(), **_nobody)
)
_reseal = change(kept).where(_at).values(**_sealed)
_free = or_(
    kept.c.owner.is_(None), kept.c.owner == bindparam("me"), kept.c.until <= bindparam("now")
)
_begin = (
    change(kept)
    .where(_at, _free, kept.c.refused.is_(None))
    .values(
        owner=bindparam("me"),
        until=bindparam("ends"),
        began=func.coalesce(kept.c.began, bindparam("now")),
    )
    .returning(*kept.c)
)
_end = (
    change(kept)
    .where(_named, kept.c.owner == bindparam("me"))
    .values(began=case((bindparam("unused") == 1, null()), else_=kept.c.began), **_nobody)
)
_refuse = change(kept).where(_at).values(refused=bindparam("reason"), began=null(), **_nobody)
_drop = delete(kept).where(_named)

_late = delete(login).where(login.c.until <= bindparam("now"))
_await = insert_new(login)
_take = (
    delete(login)
    .where(login.c.digest == bindparam("digest"))
    .returning(login.c.account, login.c.until)
)


def credential(connection: Connection, account: str) -> Credential | None:
    """`CredentialStore.credential`."""
    row = connection.execute(_row, {"which": account}).one_or_none()
    return None if row is None else _credential(row)


def credentials(connection: Connection) -> list[Credential]:
    """`CredentialStore.credentials`."""
    return [_credential(row) for row in connection.execute(_rows)]


def keep_credential(connection: Connection, account: str, sealed: Sealed, after: int) -> bool:
    """`CredentialStore.keep_credential`."""
    if after == 0:
        row = {"account": account, "version": 1, "sealed_by": sealed.key, "sealed": sealed.text}
        return connection.execute(_new, row).one_or_none() is not None
    return _changed(connection, _replace, account, after, by=sealed.key, text=sealed.text)


def reseal_credential(connection: Connection, account: str, version: int, sealed: Sealed) -> bool:
    """`CredentialStore.reseal_credential`."""
    return _changed(connection, _reseal, account, version, by=sealed.key, text=sealed.text)


def begin_renewal(
    connection: Connection,
    account: str,
    version: int,
    owner: str,
    now: Instant,
    until: Instant,
) -> Credential | None:
    """`CredentialStore.begin_renewal`."""
    asked = {"which": account, "at": version, "me": owner, "now": now, "ends": until}
    row = connection.execute(_begin, asked).one_or_none()
    return None if row is None else _credential(row)


def end_renewal(connection: Connection, account: str, owner: str, *, unused: bool) -> None:
    """`CredentialStore.end_renewal`."""
    connection.execute(_end, {"which": account, "me": owner, "unused": int(unused)})


def refuse_credential(connection: Connection, account: str, version: int, reason: str) -> bool:
    """`CredentialStore.refuse_credential`."""
    return _changed(connection, _refuse, account, version, reason=reason)


def drop_credential(connection: Connection, account: str) -> bool:
    """`CredentialStore.drop_credential`."""
    return connection.execute(_drop, {"which": account}).rowcount == 1


def begin_login(
    connection: Connection, digest: str, account: str, now: Instant, until: Instant
) -> None:
    """`CredentialStore.begin_login`."""
    connection.execute(_late, {"now": now})
    connection.execute(_await, {"digest": digest, "account": account, "until": until})


def take_login(connection: Connection, digest: str, now: Instant) -> str | None:
    """`CredentialStore.take_login`."""
    row = connection.execute(_take, {"digest": digest}).one_or_none()
    return row.account if row is not None and now < row.until else None


def _changed(
    connection: Connection, statement: Any, account: str, version: int, **values: str
) -> bool:
    """Whether there was that version."""
    done = connection.execute(statement, {"which": account, "at": version, **values})
    return bool(done.rowcount == 1)


def _credential(row: Row[Any]) -> Credential:
    sealed = Sealed(row.sealed_by, row.sealed)
    return Credential(row.account, sealed, row.version, row.refused, row.began, row.until)


class CredentialSide(Transacting):
    """`ports.credentials.CredentialStore` on a database. Writes under no lease on the tenant."""

    async def credential(self, account: str) -> Credential | None:
        """See `CredentialStore`."""
        return await self._asking(credential, account)

    async def credentials(self) -> Sequence[Credential]:
        """See `CredentialStore`."""
        return await self._asking(credentials)

    async def keep_credential(self, account: str, sealed: Sealed, after: int) -> bool:
        """See `CredentialStore`."""
        return await self._leasing(keep_credential, account, sealed, after)

    async def reseal_credential(self, account: str, version: int, sealed: Sealed) -> bool:
        """See `CredentialStore`."""
        return await self._leasing(reseal_credential, account, version, sealed)

    async def begin_renewal(
        self, account: str, version: int, owner: str, now: Instant, until: Instant
    ) -> Credential | None:
        """See `CredentialStore`."""
        return await self._leasing(begin_renewal, account, version, owner, now, until)

    async def end_renewal(self, account: str, owner: str, *, unused: bool) -> None:
        """See `CredentialStore`."""
        await self._leasing(end_renewal, account, owner, unused=unused)

    async def refuse_credential(self, account: str, version: int, reason: str) -> bool:
        """See `CredentialStore`."""
        return await self._leasing(refuse_credential, account, version, reason)

    async def drop_credential(self, account: str) -> bool:
        """See `CredentialStore`."""
        return await self._leasing(drop_credential, account)

    async def begin_login(self, digest: str, account: str, now: Instant, until: Instant) -> None:
        """See `CredentialStore`."""
        await self._leasing(begin_login, digest, account, now, until)

    async def take_login(self, digest: str, now: Instant) -> str | None:
        """See `CredentialStore`."""
        return await self._leasing(take_login, digest, now)
