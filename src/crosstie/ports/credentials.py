"""The part of the Store port about log-ins: tokens, sealed, and who renews them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from crosstie.core.values import Instant


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something secret as the state keeps it: whoever has the state alone learns nothing."""

    key: str
    """By what the key is known that it was sealed with; tells nothing of the key."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """What the state keeps of the log-in of one account."""

    account: str
    sealed: Sealed
    version: int
    """Counted up whenever the tokens are other ones."""
    refused: str | None = None
    """Why the system does not take these tokens any more; a person has to log in again."""
    began: Instant | None = None
    """When tokens were asked for first, where no answer was kept since: these may be used up."""
    until: Instant | None = None
    """Until when somebody asks for new ones, at the latest; nobody else does meanwhile."""


class CredentialStore(Protocol):
    """Log-ins, whoever holds the lease on the tenant: a token that was used up has to be replaced.

    Times are those of the callers.
    """

    async def credential(self, account: str) -> Credential | None:
        """The log-in of that account; None where nobody has logged in."""
        ...

    async def credentials(self) -> Sequence[Credential]:
        """Those of all accounts, by account."""
        ...

    async def keep_credential(self, account: str, sealed: Sealed, after: int) -> bool:
        """New tokens, in place of those of version `after`; 0: there were none.

        What was noted of a refusal and of asking for new ones ends with it. False, with nothing
        written, where the version is another one by now.
        """
        ...

    async def reseal_credential(self, account: str, version: int, sealed: Sealed) -> bool:
        """The same tokens under another key; nothing else changes, the version neither.

        False, with nothing written, where the version is another one by now.
        """
        ...

    async def begin_renewal(
        self, account: str, version: int, owner: str, now: Instant, until: Instant
    ) -> Credential | None:
        """`owner` alone may ask for tokens in place of these until then; noted before it does.

        Asked again by the same owner, it has until then. None, with nothing written, while
        somebody else asks, and where the tokens are refused or of another version by now.
        """
        ...

    async def end_renewal(self, account: str, owner: str, *, unused: bool) -> None:
        """`owner` asks no more. unused: it is certain that these tokens were not used up by it.

        Nothing happens where somebody else is the owner by now.
        """
        ...

    async def refuse_credential(self, account: str, version: int, reason: str) -> bool:
        """The system does not take these tokens. False where the version is another one by now."""
        ...

    async def drop_credential(self, account: str) -> bool:
        """Forget the log-in. False where there is none."""
        ...

    async def begin_login(self, digest: str, account: str, now: Instant, until: Instant) -> None:
        """Somebody went to log in; the answer will carry what has that digest, until then.

        Forgets those whose time is up.
        """
        ...

    async def take_login(self, digest: str, now: Instant) -> str | None:
        """The account that this answer is for, once; None for any other answer, and too late."""
        ...
