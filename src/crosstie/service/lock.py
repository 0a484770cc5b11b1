"""One engine a state: who settles holds a lock that ends with the process, however it ends."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from crosstie.core.errors import CrosstieError, Halt, Misconfigured
from crosstie.store.opening import in_a_file, state_address

LEASE = 60.0
"""Seconds that a lease lasts: after a worker that died, another one goes on no later than that."""
GLIMPSE = 0.2
"""Seconds that an engine waits for the lock: whoever only looks at it lets go of it sooner."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Engaged(CrosstieError):
    """Another engine works on this state."""

    code = "engaged"


@contextmanager
def engine_lock(state: str, started: str) -> Iterator[None]:
    """Hold the right to settle. Raises Engaged, naming the process that holds it.

    Raises Halt where the disk is full, Misconfigured where no file can be written beside the state.

    The operating system lets go of the lock when the process dies, so `kill -9` leaves none.
    A state on a server is not locked here: its lease says who settles.
    """
    path = _path(state)
    if path is None:
        yield
        return
    lock = FileLock(f"{path}.lock")
    holder = Path(f"{path}.engine")
    try:
        lock.acquire(timeout=GLIMPSE, poll_interval=GLIMPSE / 10)
    except Timeout:
        raise Engaged(
            f"another engine works on {path}{_told(holder)}",
            fix="let it work, or stop it first; a change is picked up by the running engine",
        ) from None
    except OSError as wrong:
        raise _unwritten(path, wrong) from wrong
    try:
        _name(holder, path, started)
        yield
    finally:
        # What cannot be removed now is written over by the next one.
        with suppress(OSError):
            holder.unlink()
        lock.release()


def locked(state: str) -> bool | None:
    """Whether an engine holds the lock of that state now; changes nothing.

    None where that cannot be told: the state is on a server, or its lock may not be looked at.
    """
    path = _path(state)
    if path is None:
        return False if in_a_file(state) else None
    if not os.path.exists(f"{path}.lock"):
        return False
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return None
    lock.release()
    return False


def _path(state: str) -> str | None:
    """The file of a state by its true name: two names of one file are one state."""
    path = state_address(state).database
    if not in_a_file(state) or not path or path == ":memory:":
        return None
    return os.path.realpath(path)


def _name(holder: Path, path: str, started: str) -> None:
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "since": started}), encoding="utf-8")
    except OSError as wrong:
        raise _unwritten(path, wrong) from wrong


def _unwritten(path: str, wrong: OSError) -> CrosstieError:
    """Why an engine cannot lock the state at that path."""
    if wrong.errno in _FULL:
        return Halt(
            f"state database {path!r} has no room left: the disk is full",
            fix="free space on its disk; nothing was lost, and the work goes on from where it "
            "stopped",
        )
    return Misconfigured(
        f"state database {path!r} cannot be locked by a file beside it: {wrong.strerror}",
        fix="give this user the right to write the file and its directory",
    )


def _told(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return f" (process {told.get('pid')}, since {told.get('since')})"
