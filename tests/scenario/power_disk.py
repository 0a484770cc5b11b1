"""A disk that forgets: what SQLite writes and syncs is noted down, and files are rebuilt from that
as they may look after the power went.

Written and not synced may survive a cut or not, sector by sector: that is all that a file system
promises. A file whose name was never synced may be missing, one that was removed may be back.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
Kind = Literal["create", "write", "truncate", "sync", "delete"]


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that happened to a file."""

    kind: Kind
    name: str
    at: int = 0
    """Offset of a write, new size of a truncation."""
    data: bytes = b""


@dataclass(slots=True)
class Log:
    """Everything in order: operations on files, and whatever else somebody notes down."""

    entries: list[Any] = field(default_factory=list)
    frozen: bool = False
    """The power is gone: nothing reaches the disk any more."""

    def add(self, entry: Any) -> None:
        """Note it down, unless the power is gone."""
        if not self.frozen:
            self.entries.append(entry)


class NotedFile(apsw.VFSFile):
    """A file of the system beneath, whose changes are noted."""

    def __init__(self, log: Log, filename: Any, flags: list[int]) -> None:
        name = filename.filename() if isinstance(filename, apsw.URIFilename) else filename
        fresh = name is not None and not os.path.exists(name)
        super().__init__("", filename, flags)
        self._log, self._name = log, None if name is None else os.path.basename(name)
        if fresh:
            self._note("create")

    def xWrite(self, data: bytes, offset: int) -> None:
        self._note("write", offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._note("truncate", size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        # The machine of the test need not wait for its own disk.
        self._note("sync")

    def _note(self, kind: Kind, at: int = 0, data: bytes = b"") -> None:
        if self._name is not None:
            self._log.add(Op(kind, self._name, at, data))


class NotedFiles(apsw.VFS):
    """The file system beneath, noting all changes in a log. `close` when done."""

    def __init__(self, name: str, log: Log) -> None:
        self._log = log
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return NotedFile(self._log, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._log.add(Op("delete", os.path.basename(filename)))
        if syncdir:
            self._log.add(Op("sync", os.path.basename(filename)))


@dataclass(slots=True)
class _File:
    synced: bytes = b""
    known: bool = False
    """Its name is durable."""
    waiting: list[Op] = field(default_factory=list)


class Disk:
    """Files as they are, and as they may be after a cut at this moment."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {name: _File(data, known=True) for name, data in files.items()}
        self._removed: dict[str, _File] = {}

    def carry_out(self, op: Op) -> None:
        """Take the next operation of a log in."""
        if op.kind == "delete":
            gone = self._files.pop(op.name, None)
            if gone is not None and gone.known:
                self._removed[op.name] = gone
            return
        if op.kind == "sync" and op.name not in self._files:
            self._name_all()
            return
        file = self._files.setdefault(op.name, _File())
        if op.kind == "sync":
            file.synced = _all(file)
            file.waiting.clear()
            if not file.known:
                self._name_all()
        elif op.kind != "create":
            file.waiting.append(op)

    def _name_all(self) -> None:
        """The folder is synced: by SQLite with the first sync of a journal that it made."""
        for file in self._files.values():
            file.known = True
        self._removed.clear()

    def cut(self, dice: random.Random) -> dict[str, bytes]:
        """The files as somebody finds them who switches the machine on again."""
        share = dice.choice((0.0, 1.0, dice.random()))
        found = {}
        for name, file in self._files.items():
            if file.known or dice.random() < share:
                found[name] = _some(file, share, dice)
        for name, file in self._removed.items():
            if name not in found and dice.random() < 0.5:
                found[name] = _all(file)
        return found


def _all(file: _File) -> bytes:
    data = bytearray(file.synced)
    for op in file.waiting:
        _put(data, op.at, op.data) if op.kind == "write" else _size(data, op.at)
    return bytes(data)


def _some(file: _File, share: float, dice: random.Random) -> bytes:
    """That share of what waits, by sectors; what was left out past the end is rubbish or zero."""
    if share in (0.0, 1.0):
        return _all(file) if share else file.synced
    data = bytearray(file.synced)
    for op in file.waiting:
        if op.kind == "truncate":
            if dice.random() < share:
                _size(data, op.at)
            continue
        for start, piece in _sectors(op):
            if dice.random() < share:
                _put(data, start, piece)
            elif start >= len(data) and dice.random() < 0.3:
                _put(data, start, dice.randbytes(len(piece)))
    return bytes(data)


def _sectors(op: Op) -> Iterator[tuple[int, bytes]]:
    start, end = op.at, op.at + len(op.data)
    while start < end:
        stop = min((start // SECTOR + 1) * SECTOR, end)
        yield start, op.data[start - op.at : stop - op.at]
        start = stop


def _put(data: bytearray, start: int, piece: bytes) -> None:
    if start > len(data):
        data.extend(bytes(start - len(data)))
    data[start : start + len(piece)] = piece


def _size(data: bytearray, size: int) -> None:
    if size < len(data):
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def lay(files: Mapping[str, bytes], folder: Path, names: Sequence[str] = ()) -> None:
    """Write these files there, and nothing else of that database."""
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    for name, data in files.items():
        if not names or name in names:
            (folder / name).write_bytes(data)
