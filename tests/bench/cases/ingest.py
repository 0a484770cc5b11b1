"""(h) How many signed webhooks a second `crosstie serve` keeps, beside bare commits."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from bench.cases.figures import Figures
from bench.measure import Span
from bench.senders import requests, send
from crosstie.ports import Event
from crosstie.sandbox.ghl.webhook_key import WebhookKey
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run
from crosstie.testing.store_postgres import postgres_database

SENDERS = 50
ROUNDS = 3
"""The best one counts, since the machine is shared."""
COMMITS = 500
LOCATION = "location000000000001"
APP = """
from crosstie import Crosstie, Endpoint, Sync, field
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database

ghl = GoHighLevel(location="{location}", token="env:BENCH_TOKEN", base_url="http://127.0.0.1:9")
people = Sync(
    name="people",
    left=Database("sqlite:///{folder}/app.db").table("people"),
    right=ghl.contacts(),
    fields=[field("name", "firstName")],
    match=["name"],
)
app = Crosstie([people], state="{state}", webhooks=[Endpoint("ghl", ghl.webhooks(keys="{key}"))])
"""


async def ingest(count: int, folder: Path) -> Figures:
    """On SQLite with FULL sync."""
    own = folder / "ingest"
    own.mkdir()
    return await _measured(count, own, f"sqlite:///{own / 'state.db'}")


async def ingest_postgresql(count: int, folder: Path) -> Figures:
    """On PostgreSQL, where a server answers."""
    own = folder / "ingest-postgresql"
    own.mkdir()
    try:
        with postgres_database() as address:
            return await _measured(count, own, address)
    except pytest.skip.Exception as none:
        return Figures(Span(), records=0, more={"skipped": str(none)})


async def _measured(count: int, folder: Path, state: str) -> Figures:
    key = WebhookKey()
    bare = _commits(state)
    wanted = requests(count * ROUNDS, key, LOCATION, "/webhooks/ghl")
    best: tuple[float, list[float]] = (0.0, [])
    taken = 0
    with _service(folder, state, key) as port:
        before = _told(port, "process_cpu_seconds_total")
        for turn in range(ROUNDS):
            some = wanted[turn * count : (turn + 1) * count]
            seconds, took, statuses = await send(port, some, SENDERS)
            taken += statuses.count(200)
            if not best[1] or seconds < best[0]:
                best = (seconds, sorted(took))
        cpu = _told(port, "process_cpu_seconds_total") - before
        memory = _told(port, "process_resident_memory_bytes") / 2**20
    store = SqlStore.open(state)
    kept = len(run(store.received_at("ghl", count * ROUNDS + 1)))
    store.close()
    seconds, took = best
    return Figures(
        Span(seconds=seconds, peak_mb=memory),
        records=count,
        lost=count * ROUNDS - kept,
        checks={"every webhook was answered 200": taken == count * ROUNDS},
        more={
            "senders": SENDERS,
            "cpu_us": cpu / (count * ROUNDS) * 1e6,
            "median_ms": took[len(took) // 2] * 1_000.0,
            "p99_ms": took[int(len(took) * 0.99)] * 1_000.0,
            "commits_per_second": bare,
            "share_of_commits": count / seconds / bare,
        },
    )


def _commits(state: str) -> float:
    """Deliveries that the same database keeps in a second, one commit each, nothing around it."""
    store = SqlStore.open(state)
    began = time.perf_counter()
    for number in range(COMMITS):
        event = Event(f"bare {number}", "ContactUpdate", b'{"id":"contact"}' * 8)
        run(store.receive([("bare", event)], 1.0))
    seconds = time.perf_counter() - began
    store.close()
    return COMMITS / seconds


@contextmanager
def _service(folder: Path, state: str, key: WebhookKey) -> Iterator[int]:
    """`crosstie serve` in a process of its own; the port it listens on."""
    made = APP.format(location=LOCATION, folder=folder, state=state, key=key.public)
    (folder / "bench_served.py").write_text(made)
    with closing(sqlite3.connect(folder / "app.db")) as database:
        database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
    command = [sys.executable, "-m", "crosstie", "serve", "--port", "0", "--app"]
    process = subprocess.Popen(
        [*command, "bench_served:app"],
        cwd=folder,
        env={**os.environ, "BENCH_TOKEN": "none"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            told = json.loads(line)
            if told["event"] == "serving":
                yield int(told["address"].rpartition(":")[2])
                break
    finally:
        process.kill()
        process.communicate()


def _told(port: int, name: str) -> float:
    """A figure of the service, by its own account."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
        lines = reply.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])
