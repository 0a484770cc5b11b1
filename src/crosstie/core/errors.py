"""Errors, named after what to do next. Nothing else decides about retries or dead letters.

| error         | what it means                           | what the engine does                   |
|---------------|-----------------------------------------|----------------------------------------|
| Retry         | not now: network, 5xx, 429, locked file | later, with full jitter                |
| Stale         | the record is not as we read it         | decide again at once, then later       |
| NotFound      | no such record (any more)               | takes it for gone                      |
| Rejected      | the system refuses this content         | dead letter, with field and reason     |
| Duplicate     | refused: exists already, under this id  | adopts it, or asks a person            |
| Halt          | nothing can be done with this account   | pauses the account, tells a person     |
| Unlinked      | a reference whose record has no link    | waits for the parent                   |
| Misconfigured | the declaration or set-up is wrong      | does not start; exit code 3            |
| Fenced        | another worker has taken over           | ends all work of this process          |

Texts say what, where and how to mend it, and never hold a record's value or a secret.
"""

from __future__ import annotations

from crosstie.core.values import Side


class CrosstieError(Exception):
    """Anything that Crosstie raises on purpose. `fix` says what a person can do about it."""

    code = "error"

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix


class SyncError(CrosstieError):
    """What a connector may raise. The engine adds the `side` on which it happened."""

    side: Side | None = None
    marks: tuple[str | None, str | None] | None = None
    """Marks of both records when they were read: equal ones are not tried again by themselves."""


class Retry(SyncError):
    """Try again later.

    after: seconds that the system asks us to wait.  unknown: the operation may have been carried
    out (an answer was lost).  counts: False when it says nothing about this record (rate limit,
    system down), so that it is no failed attempt and the whole account pauses.
    """

    code = "retry"

    def __init__(
        self,
        message: str,
        *,
        after: float | None = None,
        unknown: bool = False,
        counts: bool = True,
        fix: str | None = None,
    ) -> None:
        super().__init__(message, fix=fix)
        self.after = after
        self.unknown = unknown
        self.counts = counts


class Stale(SyncError):
    """The version or values we held are not those there now. Nothing was written."""

    code = "stale"


class NotFound(SyncError):
    """The system has no such record."""

    code = "not_found"


class Rejected(SyncError):
    """The system understood and refuses; the same content will be refused again.

    unknown: it has been seen to carry out an operation all the same; it is looked up before it is
    repeated.
    """

    code = "rejected"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        unknown: bool = False,
        fix: str | None = None,
    ) -> None:
        super().__init__(message, fix=fix)
        self.field = field
        self.unknown = unknown


class Duplicate(Rejected):
    """Refused because the system already has such a record."""

    code = "duplicate"

    def __init__(self, message: str, *, existing: str, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.existing = existing


class Halt(SyncError):
    """Stop all work on this account until a person has acted: log-in, scope, plan, schema."""

    code = "halt"

    def __init__(self, message: str, *, login: bool = False, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.login = login


class Unlinked(SyncError):
    """A reference points to a record that is not linked yet."""

    code = "waiting"

    def __init__(self, sync: str, side: Side, record_id: str) -> None:
        super().__init__(f"waits for the {side} record of sync {sync!r} that it refers to")
        self.sync = sync
        self.parent_side = side
        self.record_id = record_id


class Fenced(CrosstieError):
    """Another worker took over what this one worked on; nothing was written.

    No `SyncError`: no account and no record is at fault, and no flow may go on after it.
    """

    code = "fenced"


class Misconfigured(CrosstieError):
    """A declaration, a setting or the set-up of a system is wrong; nothing was started."""

    code = "misconfigured"
