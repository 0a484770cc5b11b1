"""One engine a state: who settles holds a lock that ends with the process, however it ends."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from crosstie.core.errors import CrosstieError


class Engaged(CrosstieError):
    """Another engine works on this state."""

    code = "engaged"


@contextmanager
def engine_lock(state: str, started: str) -> Iterator[None]:
    """Hold the right to settle. Raises Engaged, naming the process that holds it.

    The operating system lets go of the lock when the process dies, so `kill -9` leaves none.
    """
    path = make_url(state).database
    if not path or path == ":memory:":
        yield
        return
    # By its true name: two names of one file are one state.
    path = os.path.realpath(path)
    lock = FileLock(f"{path}.lock")
    holder = Path(f"{path}.engine")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Engaged(
            f"another engine works on {path}{_told(holder)}",
            fix="let it work, or stop it first; a change is picked up by the running engine",
        ) from None
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "since": started}), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _told(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return f" (process {told.get('pid')}, since {told.get('since')})"
