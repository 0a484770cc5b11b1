"""One call, one transaction: how the parts of the store reach the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from crosstie.ports.lease import Lease
from crosstie.store.database import Database
from crosstie.store.faults import in_our_words

P = ParamSpec("P")
T = TypeVar("T")


class Elsewhere(Protocol):
    """Does a call where it keeps nobody waiting, e.g. in another thread."""

    def __call__(self, call: Callable[[], T]) -> Awaitable[T]:
        """Its answer. A call that began is carried out to its end, whoever still waits for it."""
        ...


class Transacting:
    """Runs statements in a transaction that reads, that writes, or that can be made again.

    Inline, unless the store was given a place elsewhere: then its calls suspend.
    """

    _database: Database
    _name: str
    _lease: Lease | None = None
    _elsewhere: Elsewhere | None = None

    def _read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with in_our_words(self._name):
            return self._database.read(lambda connection: work(connection, *args, **kwargs))

    def _write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with in_our_words(self._name):
            return self._database.write(
                lambda connection: work(connection, *args, **kwargs), self._lease
            )

    def _match(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with in_our_words(self._name):
            return self._database.match(
                lambda connection: work(connection, *args, **kwargs), self._lease
            )

    async def _leasing(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write whatever lease this store works under: on leases."""

        def written() -> T:
            with in_our_words(self._name):
                return self._database.write(lambda on: work(on, *args, **kwargs), None)

        return written() if self._elsewhere is None else await self._elsewhere(written)

    async def _asking(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`_reading` for what is a single statement, and so of one moment by itself."""

        def asked() -> T:
            with in_our_words(self._name):
                return self._database.ask(lambda on: work(on, *args, **kwargs))

        return asked() if self._elsewhere is None else await self._elsewhere(asked)

    async def _reading(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._elsewhere is None:
            return self._read(work, *args, **kwargs)
        return await self._elsewhere(partial(self._read, work, *args, **kwargs))

    async def _writing(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._elsewhere is None:
            return self._write(work, *args, **kwargs)
        return await self._elsewhere(partial(self._write, work, *args, **kwargs))

    async def _matching(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._elsewhere is None:
            return self._match(work, *args, **kwargs)
        return await self._elsewhere(partial(self._match, work, *args, **kwargs))
