"""`python tests/scenario/power_loss.py [--seed N] [--cuts N] [--level LEVEL]`: the power goes.

The real engine works on two systems in memory, with the real store, its group commit and its
SQLite settings; what SQLite writes and syncs is noted (`power_disk`, `power_sqlite`). At every cut
the files are rebuilt as they may look then, opened by the store as it is, over Python's own
SQLite, and must hold exactly what one of the commits left that may be the last one:

* none before the last commit that was acknowledged with FULL: nothing acknowledged is lost;
* none that had not begun; and nothing in between: what was kept with NORMAL by the first match may
  be gone with all that came after it, never in part.

Every call to the other system has its intent among what was found. At the end of each recording
the engine goes on with what was found, and at last nothing is lost or doubled in either system.
`--level OFF` (or NORMAL) tells SQLite so in place of FULL: exit code 0 when the loss was seen.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from power_disk import Disk, Log, NotedFiles, Op, lay
from power_sqlite import Acked, Begun, Driver, held
from sqlalchemy import create_engine

from crosstie import Brake, Crosstie, Sync, Text
from crosstie import field as say
from crosstie.engine import reconcile
from crosstie.engine.run import Options, run
from crosstie.service import wiring
from crosstie.service.wiring import opened
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import FakeClock
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource

CUTS_A_RECORDING = 25
RECORDINGS = 4
"""In a life: after each the power goes for good, and the next one begins with what was found."""
PAGE = 8
"""Strangers that a step of the first match takes at once: many commits instead of one."""
COMMITS = 60
"""Commits and calls that a recording has at most until the power goes."""
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files are kept: which writes survive is decided here and not by the disk below."""
IN_FLIGHT = 8
NAMES = ("email", "name", "phone")
WRITES = ("create", "update", "delete")


class PowerCut(KeyboardInterrupt):
    """The power is gone. A kind of interrupt: the event loop lets nothing else out at once."""


@dataclass(frozen=True, slots=True)
class Called:
    """The other system is about to be changed."""

    intents: frozenset[int]
    """Open intents then."""


@dataclass
class Score:
    """What the cuts came to."""

    cuts: int = 0
    acked: int = 0
    """Commits acknowledged with FULL before a cut, over all cuts."""
    calls: int = 0
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Life:
    """Two systems in memory that outlive every cut, people, and the state that has to."""

    dice: random.Random
    folder: Path
    score: Score
    level: str | None
    seed: str
    edits: int = 0
    expected: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """E-mail -> the fields as they were written last."""

    def __post_init__(self) -> None:
        self.log, self.clock = Log(), FakeClock()
        self.left_to_go = COMMITS
        self.driver: Driver | None = None
        habits = Behaviour(searchable=NAMES, read_batch=1, marker=True, before=self._calling)
        near = Behaviour(searchable=NAMES, local=True, before=self._calling)
        self.left = MemoryCollection("left", fields=NAMES, behaviour=near, prefix="L")
        self.right = MemoryCollection("right", fields=NAMES, behaviour=habits, prefix="R")
        never = Brake(share=1.0, records=10**9, empty_side=False)
        sync = Sync(
            "people",
            MemorySource(self.left, MemoryAccount("left account")),
            MemorySource(self.right, MemoryAccount("right account")),
            [say(name, name, Text()) for name in NAMES],
            match=["email"],
            brake=never,
        )
        self.app = Crosstie([sync], state=f"sqlite:///{self.folder / 'state.db'}")
        self._cast()

    def _cast(self) -> None:
        for number in range(36):
            email = f"p{number}@people.example"
            self.expected[email] = {"name": f"name {number}", "phone": f"phone {number}"}
            row = {"email": email, **self.expected[email]}
            if number % 3 != 1:
                self.left.add(row)
            if number % 3 != 2:
                self.right.add(row)

    def people(self) -> None:
        """Names are edited on the left, phones on the right; somebody new comes on either side."""
        for _ in range(self.dice.randrange(4, 12)):
            self.edits += 1
            self.score.done["edits"] += 1
            side, name = self.dice.choice(((self.left, "name"), (self.right, "phone")))
            if self.dice.random() < 0.15:
                email = f"new{self.edits}@people.example"
                self.expected[email] = {"name": email, "phone": None}
                side.add({"email": email, "name": email})
                continue
            record_id, row = self.dice.choice(list(side.rows().items()))
            value = f"{name} {self.edits} again"
            side.edit(record_id, **{name: value})
            self.expected[str(row["email"])][name] = value

    def recorded(self) -> dict[str, bytes]:
        """Let the engine work until the power goes; the files at first. The log tells the rest."""
        first = {p.name: p.read_bytes() for p in self.folder.iterdir() if _durable(p.name)}
        self.log = Log()
        self.left_to_go = self.dice.randrange(5, COMMITS)
        with noted(self.log, self._moment, self.level) as driver:
            self.driver = driver
            try:
                for turn in range(3):
                    asyncio.run(self._work(full=turn == 0 or self.dice.random() < 0.3))
                    self.people()
            except PowerCut:
                self.score.done["cut at work"] += 1
            self.log.frozen = True
            driver.close()
            self.driver = None
        return first

    async def _work(self, *, full: bool) -> None:
        # What ends without power has nobody to complain to.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        self.clock.advance(1.0)
        with patch.object(wiring, "SystemClock", lambda: self.clock):
            await self._run(full=full)

    async def _run(self, *, full: bool) -> None:
        async with opened(self.app) as ready:
            works = [replace(work, in_flight=IN_FLIGHT) for work in ready.works]
            await run(works, ready.store, Options(full=full))

    def _moment(self) -> None:
        """A commit or a call: the power may go here."""
        if self.log.frozen:
            raise RuntimeError("there is no power")
        self.left_to_go -= 1
        if self.left_to_go <= 0:
            self.log.frozen = True
            raise PowerCut

    def _calling(self, verb: str, _: int) -> None:
        if self.driver is None or verb not in WRITES:
            return
        self._moment()
        with closing(self.driver.connect(str(self.folder / "state.db"))) as connection:
            found = connection.execute("SELECT id FROM intent").fetchall()
        self.score.calls += 1
        self.log.add(Called(frozenset(number for (number,) in found)))

    def rest(self) -> None:
        """No more cuts: the engine runs to its end, and both systems are counted."""
        for _ in range(8):
            self.clock.advance(60.0)
            asyncio.run(self._work(full=True))
        asked = asyncio.run(self._asked())
        self.score.done["asked"] += len(asked)
        for side in (self.left, self.right):
            rows: dict[str, list[Any]] = {}
            for row in side.rows().values():
                rows.setdefault(str(row["email"]), []).append(row)
            for email, wanted in self.expected.items():
                found = rows.get(email, [])
                if len(found) != 1:
                    self._wrong(f"{email} is {len(found)} times on the {side.name}")
                for name, value in wanted.items():
                    if all(row.get(name) != value for row in found) and value not in asked:
                        self._wrong(f"{name} of {email} on the {side.name} is not {value!r}")

    async def _asked(self) -> set[Any]:
        """Values that a person is shown: edited on one side before both had met."""
        with closing(SqlStore.open(self.app.state)) as store:
            found = await store.conflicts(None, 1_000)
            return {v for c in found for shown in c.fields.values() for v in shown.values()}

    def _wrong(self, what: str) -> None:
        self.score.wrong.append(f"life {self.seed}: {what}")

    def check(self, first: dict[str, bytes], cuts: int) -> dict[str, bytes]:
        """Cut the recording at that many places, its end among them; the files found there."""
        entries = self.log.entries
        places = sorted(self.dice.randrange(len(entries) + 1) for _ in range(cuts - 1))
        disk, known = Disk(first), _Known(_fingerprint(first))
        found: dict[str, bytes] = {}
        done = 0
        for entry in entries:
            if isinstance(entry, Acked):
                known.held[entry.number] = entry.held
        for place in [*places, len(entries)]:
            for entry in entries[done:place]:
                disk.carry_out(entry) if isinstance(entry, Op) else known.note(entry)
            done = place
            found = disk.cut(self.dice)
            self._judge(found, known, place)
        return found

    def _judge(self, files: dict[str, bytes], known: _Known, place: int) -> None:
        score = self.score
        score.cuts += 1
        score.acked += known.safe
        folder = self.folder.parent / "found"
        folder.mkdir(exist_ok=True)
        lay(files, folder)
        where = f"cut at {place}"
        try:
            with closing(SqlStore.open(f"sqlite:///{folder / 'state.db'}")):
                pass
            with closing(sqlite3.connect(folder / "state.db")) as database:
                [whole] = database.execute("PRAGMA integrity_check").fetchone()
                now = held(database)
                intents = _intents(database)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from opening is the finding
            self._wrong(f"{where}: it does not open, {type(error).__name__}: {error}")
            return
        if whole != "ok":
            self._wrong(f"{where}: integrity_check says {whole}")
        elif now not in known.allowed() and not known.nothing_yet:
            self._wrong(f"{where}: {known.told(now)}")
        if intents < known.called:
            self._wrong(f"{where}: a call was made whose intent is not there")


@dataclass
class _Known:
    """What may be found, at some place of the log."""

    first: str | None
    held: dict[int, str] = field(default_factory=dict)
    safe: int = 0
    """The last commit that was acknowledged with FULL."""
    begun: int = 0
    called: int = 0
    """The highest number of an intent that was open at a call."""

    def note(self, entry: Begun | Acked | Called) -> None:
        """Take the next entry in."""
        if isinstance(entry, Begun):
            self.begun = entry.number
        elif isinstance(entry, Called):
            self.called = max(self.called, *entry.intents, 0)
        elif entry.level != "NORMAL" and entry.held != self.held.get(entry.number - 1):
            # A commit that changed nothing writes nothing, and so flushes nothing either.
            self.safe = entry.number

    @property
    def nothing_yet(self) -> bool:
        """No state was acknowledged so far: a new one is made."""
        return self.first is None and self.safe == 0

    def allowed(self) -> set[str | None]:
        """Fingerprints that may be found. A commit that never ended left none to compare with."""
        first = {self.first} if self.safe == 0 else set()
        return first | {self.held.get(n) for n in range(max(self.safe, 1), self.begun + 1)}

    def told(self, now: str) -> str:
        """What was found instead."""
        older = [n for n, held_then in self.held.items() if held_then == now]
        if older or now == self.first:
            return f"commit {max(older, default=0)} of {self.safe} acknowledged ones is the last"
        return f"it holds what no commit left ({self.safe} acknowledged, {self.begun} begun)"


def _intents(database: sqlite3.Connection) -> int:
    """The highest number that an intent was given."""
    found = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'intent'").fetchone()
    return int(found[0]) if found else 0


def _durable(name: str) -> bool:
    return name in ("state.db", "state.db-wal", "state.db-journal")


def _fingerprint(files: dict[str, bytes]) -> str | None:
    """What these files hold; None without a database."""
    if "state.db" not in files:
        return None
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        lay(files, Path(folder))
        with closing(sqlite3.connect(Path(folder) / "state.db")) as database:
            return held(database)


@contextmanager
def noted(log: Log, moment: Any, level: str | None) -> Iterator[Driver]:
    """Whatever opens a state meanwhile does so on a noted disk."""
    files = NotedFiles("noted", log)
    driver = Driver("noted", log, moment, level)

    def on_it(url: Any, **options: Any) -> Any:
        own = {} if "creator" in options else {"module": driver}
        return create_engine(url, **options, **own)

    try:
        with patch("crosstie.store.sqlite.create_engine", on_it):
            yield driver
    finally:
        driver.close()
        files.unregister()


def play(seed: int, cuts: int, level: str | None) -> Score:
    """Make that many cuts, life after life."""
    score, number = Score(), 0
    with patch.object(reconcile, "CHUNK", PAGE):
        while score.cuts < cuts:
            with tempfile.TemporaryDirectory(prefix="crosstie-power-", dir=MEMORY) as folder:
                _live(Path(folder), f"{seed}.{number}", score, cuts, level)
            number += 1
            if score.wrong:
                break
    score.done["lives"] = number
    return score


def _live(folder: Path, seed: str, score: Score, cuts: int, level: str | None) -> None:
    state = folder / "state"
    state.mkdir()
    life = Life(random.Random(seed), state, score, level, seed)
    for _ in range(RECORDINGS):
        first = life.recorded()
        lay(life.check(first, min(CUTS_A_RECORDING, max(cuts - score.cuts, 1))), state)
        if score.wrong:
            return
        life.people()
    life.rest()


def main(argv: Sequence[str]) -> int:
    """Play it; the exit code."""
    parser = argparse.ArgumentParser(description="Let the power go again and again.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cuts", type=int, default=2_000)
    parser.add_argument("--level", choices=("OFF", "NORMAL"))
    given = parser.parse_args(argv)
    began = time.monotonic()
    score = play(given.seed, given.cuts, given.level)
    lines = [f"  {line}" for line in score.wrong[:20]]
    lines.append(
        f"seed {given.seed}: {score.cuts} cuts in {score.done['lives']} lives, {score.acked} "
        f"acknowledged commits looked for, {score.calls} calls, {score.done['edits']} edits; "
        f"{len(score.wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(score.wrong) == (given.level is None))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
