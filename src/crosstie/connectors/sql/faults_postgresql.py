"""What PostgreSQL's errors mean, by SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html).

Errors while connecting have no SQLSTATE at the client: these are told by the server's words.
Messages may hold values; constraints, columns and the names of the errors do not.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql.shape import Fault, Trouble

_BY_STATE: Final = (
    ("40001", Trouble.HELD),
    ("40P01", Trouble.HELD),
    ("55P03", Trouble.HELD),
    ("57014", Trouble.HELD),
    ("23505", Trouble.UNIQUE),
    ("23502", Trouble.NOT_NULL),
    ("23503", Trouble.FOREIGN_KEY),
    ("23001", Trouble.FOREIGN_KEY),
    ("23514", Trouble.CHECK),
    ("23P01", Trouble.CHECK),
    ("22", Trouble.TYPE),
    ("42804", Trouble.TYPE),
    ("42883", Trouble.TYPE),
    ("25006", Trouble.READ_ONLY),
    ("28", Trouble.LOGIN),
    ("3D000", Trouble.NO_DATABASE),
    ("42501", Trouble.RIGHTS),
    ("42P01", Trouble.GONE),
    ("42703", Trouble.GONE),
    ("3F000", Trouble.GONE),
    ("53100", Trouble.FULL),
    ("53", Trouble.AWAY),
    ("57P", Trouble.AWAY),
    ("08", Trouble.AWAY),
    ("58", Trouble.BROKEN),
    ("XX", Trouble.BROKEN),
)
_BY_WORDS: Final = (
    (re.compile(r"password authentication failed|no password supplied"), Trouble.LOGIN),
    (re.compile(r"role .* does not exist|pg_hba\.conf|authentication"), Trouble.LOGIN),
    (re.compile(r"database .* does not exist"), Trouble.NO_DATABASE),
    (re.compile(r"permission denied for database"), Trouble.RIGHTS),
)
_KEY = re.compile(r"\(([^)]*)\)=\(")
_SAFE: Final = frozenset({Trouble.GONE, Trouble.RIGHTS, Trouble.READ_ONLY})
"""Troubles whose words name tables and columns only."""


def fault_of(error: DBAPIError) -> Fault:
    """What an error of psycopg means."""
    raised: Any = error.orig
    state = getattr(raised, "sqlstate", None)
    if state is None:
        return _unnumbered(error)
    trouble = next((t for prefix, t in _BY_STATE if state.startswith(prefix)), Trouble.OTHER)
    diag = raised.diag
    name = f"{type(raised).__name__}, {state}"
    said = str(diag.message_primary) if trouble in _SAFE else name
    if trouble is Trouble.CHECK:
        said = f"constraint {diag.constraint_name}"
    return Fault(trouble, _columns(trouble, diag), said, diag.constraint_name or "", private=True)


def _columns(trouble: Trouble, diag: Any) -> tuple[str, ...]:
    if trouble is Trouble.NOT_NULL and diag.column_name:
        return (diag.column_name,)
    listed = _KEY.search(diag.message_detail or "") if trouble is Trouble.UNIQUE else None
    if listed is None:
        return ()
    return tuple(name.strip().strip('"') for name in listed.group(1).split(","))


def _unnumbered(error: DBAPIError) -> Fault:
    said = str(error.orig)
    trouble = next((t for words, t in _BY_WORDS if words.search(said)), None)
    if trouble is not None:
        return Fault(trouble, said=type(error.orig).__name__, private=True)
    if error.connection_invalidated or type(error.orig).__name__ == "OperationalError":
        first = said.partition("\n")[0] or "connection lost"
        return Fault(Trouble.AWAY, said=first, private=True)
    # Refused by the driver before the server saw it, such as a number out of all bounds.
    return Fault(Trouble.TYPE, said=type(error.orig).__name__, private=True)
