"""A state database of either kind, as the rest of the store sees it: transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine

from crosstie.ports.lease import Lease

T = TypeVar("T")


class Database(Protocol):
    """Runs functions of a connection, each in one transaction that is kept whole or not at all.

    A function may be called again in a transaction of its own, where the one before left nothing.
    Raises errors of SQLAlchemy or of the driver.
    """

    @property
    def here(self) -> bool:
        """It is part of this process: what it is asked takes no longer than the work itself."""
        ...

    @property
    def reader(self) -> Engine:
        """Connections to look with."""
        ...

    @property
    def writer(self) -> Engine:
        """Connections to write with."""
        ...

    def read(self, work: Callable[[Connection], T]) -> T:
        """All that the function sees is of one moment."""
        ...

    def ask(self, work: Callable[[Connection], T]) -> T:
        """As `read`, for a single statement: it needs no transaction around it.

        One that comes in several parts sees each part as it is by then.
        """
        ...

    def write(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """Nobody else writes meanwhile, and what it wrote is durable.

        Raises Fenced, with nothing written, where the lease was lost.
        """
        ...

    def match(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """As `write`, but durable only with the next `write`.

        After a power cut its work may be gone, with all that came later; never in part.
        """
        ...

    def alone(self, connection: Connection) -> None:
        """Let nobody else open the state until the end of this transaction of the writer."""
        ...

    def writable(self, connection: Connection) -> None:
        """Find out now, not in the middle of the work, whether it can be written."""
        ...

    def close(self) -> None:
        """Let go of the database. Twice is the same as once."""
        ...
