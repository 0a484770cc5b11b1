"""Statements on calls made and accounts left alone, and the store's methods for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, case, delete, select
from sqlalchemy.dialects.sqlite import insert

from crosstie.core.budget import Counted
from crosstie.core.values import Instant
from crosstie.ports.accounts import AccountPause, PauseKind
from crosstie.store.tables import account_pause, budget
from crosstie.store.transacting import Transacting
from crosstie.store.wording import upsert

_LONGER = 1.02
"""A part of a window is a hundredth of it, and counts until its last call has left the window."""

_new = insert(budget)
_sum = budget.c.calls + _new.excluded.calls
_add = _new.on_conflict_do_update(
    index_elements=("account", "seconds", "part"),
    set_={"calls": case((_sum > 0, _sum), else_=0), "most": _new.excluded.most},
)
_gone = budget.c.part + budget.c.seconds * _LONGER <= bindparam("now")
_forget = delete(budget).where(budget.c.account == bindparam("label"), _gone)
_counted = (
    select(budget.c.account, budget.c.seconds, budget.c.part, budget.c.calls, budget.c.most)
    .where(~_gone, budget.c.calls > 0)
    .order_by(budget.c.account, budget.c.seconds, budget.c.part)
)
_of_one = _counted.where(budget.c.account == bindparam("label"))
_keep = upsert(account_pause, ("account", "kind"), ("reason", "since", "until"))
_end = delete(account_pause).where(
    account_pause.c.account == bindparam("label"), account_pause.c.kind == bindparam("which")
)
_pauses = select(account_pause).order_by(account_pause.c.account, account_pause.c.kind)


def count_calls(
    connection: Connection, account: str, counted: Sequence[Counted], now: Instant
) -> None:
    """`AccountStore.count_calls`."""
    for each in counted:
        row = {"account": account, "seconds": each.seconds, "part": each.part}
        connection.execute(_add, {**row, "calls": each.calls, "most": each.most})
    connection.execute(_forget, {"label": account, "now": now})


def counted_calls(
    connection: Connection, account: str | None, now: Instant
) -> list[tuple[str, Counted]]:
    """`AccountStore.counted_calls`."""
    asked = _counted if account is None else _of_one
    rows = connection.execute(asked, {"label": account, "now": now})
    return [(row.account, Counted(row.seconds, row.part, row.calls, row.most)) for row in rows]


def keep_pause(connection: Connection, pause: AccountPause) -> None:
    """`AccountStore.keep_pause`."""
    names = ("account", "kind", "reason", "since", "until")
    connection.execute(_keep, {name: getattr(pause, name) for name in names})


def end_pause(connection: Connection, account: str, kind: PauseKind) -> None:
    """`AccountStore.end_pause`."""
    connection.execute(_end, {"label": account, "which": kind})


def pauses(connection: Connection) -> list[AccountPause]:
    """`AccountStore.pauses`."""
    return [AccountPause(**row._mapping) for row in connection.execute(_pauses)]


class BudgetSide(Transacting):
    """`ports.accounts.AccountStore` on a database."""

    async def count_calls(self, account: str, counted: Sequence[Counted], now: Instant) -> None:
        """See `AccountStore`."""
        await self._writing(count_calls, account, counted, now)

    async def counted_calls(
        self, account: str | None, now: Instant
    ) -> Sequence[tuple[str, Counted]]:
        """See `AccountStore`."""
        return await self._reading(counted_calls, account, now)

    async def keep_pause(self, pause: AccountPause) -> None:
        """See `AccountStore`."""
        await self._writing(keep_pause, pause)

    async def end_pause(self, account: str, kind: PauseKind) -> None:
        """See `AccountStore`."""
        await self._writing(end_pause, account, kind)

    async def pauses(self) -> Sequence[AccountPause]:
        """See `AccountStore`."""
        return await self._reading(pauses)
