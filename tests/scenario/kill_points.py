"""The engine as a process that dies at a named point: its real self, with a bomb in it.

The patches are made in the forked child alone. Each point counts how often it is passed and kills
the process with SIGKILL the n-th time. An ablation takes one safeguard out, to show that its loss
would be seen.
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec.structs import replace

from crosstie.cli import main as crosstie
from crosstie.connectors.ghl.collection import GhlCollection
from crosstie.connectors.http import AioHttp
from crosstie.connectors.sql.collection import TableCollection
from crosstie.core.values import Side
from crosstie.engine import recover
from crosstie.engine.work import with_bases
from crosstie.ports import Intent, Request, Step
from crosstie.service.grouped import GroupedStore
from crosstie.store import journal, sql_store
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie

ON_THE_WIRE = 0.002
"""Seconds after sending at which a process dies whose call is on its way; the CRM needs longer."""

PR_SET_PDEATHSIG = 1
VERBS = {"POST": "create", "PUT": "update", "DELETE": "delete"}

WRITING = (
    "intend.before", "intend.after", "keep.before", "keep.after", "commit.before", "commit.after",
    "create.before", "create.sent", "create.done", "update.before", "update.sent", "update.done",
    "delete.before", "delete.sent", "delete.done", "row.before", "row.done",
)  # fmt: skip
NOTICING = ("page.read", "noticed", "acknowledged", "claimed")
SCANNING = ("scan.page", "scanned.before", "scanned.after")
MEETING = (
    "state.made", "strangers.added", "strangers.met", "pair.before", "pair.after", "link.before",
    "link.after",
)  # fmt: skip
RECOVERING = ("woken", "recover.before", "recover.kept", "recover.after")
POINTS = WRITING + NOTICING + SCANNING + MEETING + RECOVERING

ABLATIONS = ("intent", "base")


class Bomb:
    """Kills this process the n-th time that a point is passed."""

    def __init__(self, point: str | None, count: int) -> None:
        self._point, self._left = point, count

    def passed(self, point: str) -> None:
        """The process is at that point now."""
        if self.hits(point):
            die()

    def hits(self, point: str) -> bool:
        """It is the point, for the n-th time."""
        if point != self._point:
            return False
        self._left -= 1
        return self._left == 0


def die() -> None:
    """As a power cut would, without a word to anybody."""
    os.kill(os.getpid(), signal.SIGKILL)


def engine(
    app: Crosstie, folder: Path, *, words: Sequence[str], point: str | None, count: int,
    ablation: str | None,
) -> int:  # fmt: skip
    """`crosstie run` with these words, in this process; its exit code, where it lives so long."""
    if sys.platform == "linux":
        # Whoever started it may be killed as well; nobody would end it then.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if ablation is not None:
        {"intent": _without_intent, "base": _base_before_call}[ablation]()
    _arm(Bomb(point, count))
    module = ModuleType("kill_app")
    module.app = app  # type: ignore[attr-defined]
    sys.modules["kill_app"] = module
    os.chdir(folder)
    return crosstie(["run", "--app", "kill_app:app", *words])


def _arm(bomb: Bomb) -> None:
    _around(GroupedStore, "intend", bomb, "intend.before", "intend.after")
    _around(GroupedStore, "keep", bomb, "keep.before", "keep.after")
    _around(SqlStore, "claim", bomb, None, "claimed")
    _around(SqlStore, "notice", bomb, None, "noticed")
    _around(SqlStore, "scanned", bomb, "scanned.before", "scanned.after")
    _around(SqlStore, "add_strangers", bomb, None, "strangers.added")
    _around(SqlStore, "meet_strangers", bomb, None, "strangers.met")
    _around(SqlStore, "pair_strangers", bomb, "pair.before", "pair.after")
    _around(SqlStore, "link_strangers", bomb, "link.before", "link.after")
    _around(SqlStore, "wake_intents", bomb, None, "woken")
    for side in (TableCollection, GhlCollection):
        _around(side, "changes", bomb, None, "page.read")
        _around(side, "scan", bomb, None, "scan.page")
    _around(TableCollection, "acknowledge", bomb, None, "acknowledged")
    for verb in ("create", "update", "delete"):
        _around(TableCollection, verb, bomb, "row.before", "row.done")
    _around(AioHttp, "_exchange", bomb, None, None, wire=True)
    _around_plain(journal, "keep_together", bomb, "commit.before")
    _around_plain(SqlStore, "keep_together", bomb, "commit.after")
    _around_plain(sql_store, "prepare", bomb, "state.made")
    _around_recovery(bomb)


def _around(
    owner: Any, name: str, bomb: Bomb, before: str | None, after: str | None, *, wire: bool = False
) -> None:
    """Let a coroutine method pass these points before it begins and after it ended well."""
    true = getattr(owner, name)

    @functools.wraps(true)
    async def passing(self: Any, *args: Any, **kwargs: Any) -> Any:
        first, last = before, after
        verb = VERBS.get(args[0].method) if wire and _writes(args[0]) else None
        if verb is not None:
            first, last = f"{verb}.before", f"{verb}.done"
            if bomb.hits(f"{verb}.sent"):
                asyncio.get_running_loop().call_later(ON_THE_WIRE, die)
        if first is not None:
            bomb.passed(first)
        answer = await true(self, *args, **kwargs)
        if last is not None:
            bomb.passed(last)
        return answer

    setattr(owner, name, passing)


def _writes(request: Request) -> bool:
    """A search is a POST as well."""
    return request.method in VERBS and not request.path.endswith("/search")


def _around_plain(owner: Any, name: str, bomb: Bomb, after: str) -> None:
    true = getattr(owner, name)

    @functools.wraps(true)
    def passing(*args: Any, **kwargs: Any) -> Any:
        answer = true(*args, **kwargs)
        bomb.passed(after)
        return answer

    setattr(owner, name, passing)


def _around_recovery(bomb: Bomb) -> None:
    keep = GroupedStore.keep
    recovering = 0

    def watched(true: recover.Finish) -> recover.Finish:
        @functools.wraps(true)
        async def finish(*args: Any) -> Any:
            nonlocal recovering
            bomb.passed("recover.before")
            recovering += 1
            answer = await true(*args)
            recovering -= 1
            bomb.passed("recover.after")
            return answer

        return finish

    @functools.wraps(keep)
    async def kept(self: GroupedStore, steps: Sequence[Step]) -> None:
        await keep(self, steps)
        if recovering:
            bomb.passed("recover.kept")

    recover.FINISH = {kind: watched(true) for kind, true in recover.FINISH.items()}
    GroupedStore.keep = kept  # type: ignore[method-assign]


Intend = Callable[[GroupedStore, Sequence[Intent]], Awaitable[Sequence[int]]]


def _without_intent() -> None:
    """Nothing is noted down before a call."""

    async def intend(self: GroupedStore, intents: Sequence[Intent]) -> Sequence[int]:
        return [-1 for _ in intents]

    GroupedStore.intend = intend  # type: ignore[method-assign]


def _base_before_call() -> None:
    """The base moves before an update is sent, in place of the note that it is meant."""
    true: Intend = GroupedStore.intend

    async def intend(self: GroupedStore, intents: Sequence[Intent]) -> Sequence[int]:
        ids = []
        for intent in intents:
            link = await self.link(intent.link_id)
            if intent.kind != "update" or link is None:
                ids += await true(self, [intent])
                continue
            moved = with_bases(link, Side(intent.side).other, intent.values, intent.values)
            await self.keep([Step(replace(moved, settled=link.settled), due_at=intent.made_at)])
            ids.append(-1)
        return ids

    GroupedStore.intend = intend  # type: ignore[method-assign]
