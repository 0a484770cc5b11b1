"""`python tests/scenario/kill_serve.py [--kills N] [--seed N] [--postgresql] [--ablate ack]`.

`crosstie serve` (a real state with FULL sync, real HTTP) is started by a fork of this process and
killed with `kill -9` at a random moment, again and again, while another process sends it signed
webhooks from many connections, sends each again until it is answered 200, and often once more.
In the end it may work in peace. With the state in PostgreSQL the lease of a worker that was killed
lasts for a minute: the next one then receives while it stands by.

Prints one line with the totals. Exit code 1 when a webhook that was answered 200 is not in the
inbox, is there twice, was not worked on, or a record arrived not at all or twice; 2 when `--ablate`
took a safeguard away and nothing of that was seen.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import create_engine, text

# Loaded before the forks, which then start in no time.
import crosstie.cli.commands.serve
import crosstie.connectors.sql.collection  # noqa: F401
from crosstie.cli import main
from crosstie.service import receiving
from crosstie.testing.signed import signed
from crosstie.testing.store_postgres import postgres_database

SECRET = "a secret of both sides"
SENDERS = 20
LIVES = (0.02, 0.8)
"""Seconds from its first answer until it is killed."""
PATIENCE = 120.0
APP = """
from crosstie import Crosstie, Endpoint, Rhythm, Sync, field
from crosstie.connectors.sql import Database
from crosstie.testing.signed import SignedSource

crm = Database("sqlite:///{folder}/crm.db", label="crm", busy_ms=10_000)
people = Sync(
    name="people",
    left=Database("sqlite:///{folder}/app.db", label="app").table("people"),
    right=crm.table("contacts"),
    fields=[field("name", "name")],
    match=["name"],
    rhythm=Rhythm(left=3_600.0, right=3_600.0),
)
app = Crosstie(
    [people],
    state="{state}",
    webhooks=[Endpoint("crm", SignedSource(crm, "env:KILL_SECRET"))],
)
"""


@dataclass
class Verdict:
    """What it came to."""

    kills: int
    acked: int
    lost: int
    doubled: int
    unworked: int
    absent: int
    twice: int

    @property
    def bad(self) -> int:
        """How much is not as it must be."""
        return self.lost + self.doubled + self.unworked + self.absent + self.twice

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.acked} webhooks answered 200: {self.lost} lost,"
            f" {self.doubled} doubled, {self.unworked} not worked on;"
            f" {self.absent} records absent, {self.twice} twice"
        )


def rows(database: Path, statement: str) -> list[tuple[Any, ...]]:
    """What that database answers."""
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection, connection:
        return connection.execute(statement).fetchall()


def in_state(address: str, statement: str) -> list[tuple[Any, ...]]:
    """What the state answers."""
    engine = create_engine(state_driver(address))
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def state_driver(address: str) -> str:
    """The address with the driver that is installed."""
    return address.replace("postgresql://", "postgresql+psycopg://")


def send(port: int, folder: Path, seed: int, told: Any) -> None:
    """Sends until it is told to stop, and then tells what was answered 200."""
    told.send(asyncio.run(_send(port, folder, seed, told)))


async def _send(port: int, folder: Path, seed: int, told: Any) -> list[str]:
    dice, acked, stop = random.Random(seed), list[str](), asyncio.Event()
    url, numbers = f"http://127.0.0.1:{port}/webhooks/crm", iter(range(1, 10**9))
    crm = sqlite3.connect(folder / "crm.db", timeout=PATIENCE, isolation_level=None)

    async def one(client: aiohttp.ClientSession) -> None:
        while not stop.is_set():
            number = next(numbers)
            crm.execute("INSERT INTO contacts (id, name) VALUES (?, ?)", (number, f"P{number}"))
            headers, body = signed(SECRET, id=f"d{number}", kind="table", record=str(number))
            for _ in range(1 + (dice.random() < 0.1)):
                while not await _posted(client, url, headers, body):
                    await asyncio.sleep(0.01)
            acked.append(f"d{number}")

    def heed() -> None:
        if told.poll():
            stop.set()
        else:
            asyncio.get_running_loop().call_later(0.05, heed)

    heed()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5.0)) as client:
        await asyncio.gather(*(one(client) for _ in range(SENDERS)))
    crm.close()
    return acked


async def _posted(client: Any, url: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        async with client.post(url, data=body, headers=headers) as reply:
            return bool(reply.status == 200)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def start(folder: Path, port: int, ablate: str | None) -> int:
    """The service in a process of its own; its number."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        log = os.open(folder / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        os.dup2(log, 2)
        os.chdir(folder)
        if ablate == "ack":
            _answer_first()
        code = main(["serve", "--port", str(port), "--app", "killed:app"])
    finally:
        os._exit(code)


def _answer_first() -> None:
    """What is received is answered at once, and kept a moment later."""
    keep, later = receiving.Post.keep, set[asyncio.Task[bool]]()

    async def hasty(self: receiving.Post, endpoint: str, event: Any) -> bool:
        async def at_leisure() -> bool:
            await asyncio.sleep(0.05)
            return await keep(self, endpoint, event)

        task = asyncio.ensure_future(at_leisure())
        later.add(task)
        task.add_done_callback(later.discard)
        return True

    receiving.Post.keep = hasty  # type: ignore[method-assign]


def until(holds: Callable[[], bool], child: int) -> bool:
    """Wait for it while that process lives; whether it came about."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if holds():
            return True
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.005)
    return False


def answers(port: int) -> bool:
    """It serves: that it listens is not enough."""
    asked = HTTPConnection("127.0.0.1", port, timeout=1.0)
    with suppress(OSError, HTTPException), closing(asked):
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    return False


def ended(child: int, number: signal.Signals) -> None:
    """End it so; what had ended already is nothing more to us."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, number)
        os.waitpid(child, 0)


def prepare(folder: Path, state: str) -> int:
    """Two empty databases, the declaration, and a free port."""
    (folder / "killed.py").write_text(APP.format(folder=folder, state=state))
    os.environ["KILL_SECRET"] = SECRET
    sys.path.insert(0, str(folder))
    rows(folder / "crm.db", "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)")
    rows(folder / "crm.db", "PRAGMA journal_mode=WAL")
    rows(folder / "app.db", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def play(folder: Path, state: str, kills: int, seed: int, ablate: str | None) -> Verdict:
    """Kill it that often under a stream of webhooks; what is wrong in the end."""
    dice, port = random.Random(seed), prepare(folder, state)
    here, there = get_context("fork").Pipe()
    sender = get_context("fork").Process(target=send, args=(port, folder, seed, there))
    sender.start()
    for _ in range(kills):
        child = start(folder, port, ablate)
        if not until(lambda: answers(port), child):
            raise RuntimeError(f"it did not start: {(folder / 'log').read_text()[-2_000:]}")
        time.sleep(dice.uniform(*LIVES))
        ended(child, signal.SIGKILL)
    child = start(folder, port, None)
    here.send("stop")
    acked: list[str] = here.recv()
    sender.join()
    left = (
        "SELECT 1 FROM inbox WHERE state = 'pending' UNION ALL SELECT 1 FROM link WHERE due_at > 0"
    )
    people = "SELECT count(*) FROM people"
    until(
        lambda: not in_state(state, left) and rows(folder / "app.db", people)[0][0] >= len(acked),
        child,
    )
    ended(child, signal.SIGTERM)
    return judged(folder, state, kills, acked)


def judged(folder: Path, state: str, kills: int, acked: list[str]) -> Verdict:
    """Compare what was answered with what is there."""
    inbox = in_state(state, "SELECT delivery, state FROM inbox")
    kept = dict(inbox)
    names = [name for (name,) in rows(folder / "app.db", "SELECT name FROM people")]
    wanted = {f"P{each.removeprefix('d')}" for each in acked}
    return Verdict(
        kills=kills,
        acked=len(acked),
        lost=sum(each not in kept for each in acked),
        doubled=len(inbox) - len(kept),
        unworked=sum(state != "done" for state in kept.values()),
        absent=len(wanted - set(names)),
        twice=len(names) - len(set(names)),
    )


def cli() -> int:
    """Parse, play, say what it came to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="the state is on a server")
    parser.add_argument("--ablate", choices=["ack"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        state = f"sqlite:///{name}/state.db"
        if args.postgresql:
            state = stack.enter_context(postgres_database())
        verdict = play(Path(name), state, args.kills, args.seed, args.ablate)
    sys.stdout.write(f"{verdict}\n")
    if args.ablate:
        return 0 if verdict.bad else 2
    return 1 if verdict.bad or not verdict.acked else 0


if __name__ == "__main__":
    sys.exit(cli())
