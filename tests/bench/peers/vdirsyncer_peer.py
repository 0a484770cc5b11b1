"""vdirsyncer's algorithm over its storages in memory, with its status in a SQLite file.

It compares whole items by hash and keeps no content of the base: an item edited on both sides is
left as a conflict, or one side wins.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vdirsyncer.storage.memory import MemoryStorage
from vdirsyncer.sync import sync
from vdirsyncer.sync.exceptions import SyncConflict
from vdirsyncer.sync.status import SqliteStatus
from vdirsyncer.vobject import Item

from bench import edits
from bench.data import KEY, SEED, Contact, contact, order_of_right
from bench.edits import Edits, SideName
from bench.measure import span
from bench.peers.telling import Told, tell

LEFT_WINS = "a wins"
Sides = Mapping[SideName, MemoryStorage]


def item(fields: Contact) -> Item:
    """A contact as a vCard; its e-mail is what tells it from others."""
    lines = [f"X-{name.upper()}:{json.dumps(value)}" for name, value in fields.items()]
    head = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{fields[KEY]}"]
    return Item("\r\n".join([*head, *lines, "END:VCARD"]))


async def fill(count: int) -> Sides:
    """Both sides with the same contacts; and the same etags whenever this is asked."""
    random.seed(SEED)
    sides: Sides = {"left": MemoryStorage(), "right": MemoryStorage()}
    for number in range(count):
        await sides["left"].upload(item(contact(number)))
    for number in order_of_right(count):
        await sides["right"].upload(item(contact(number)))
    return sides


async def make(sides: Sides, made: Edits) -> None:
    """People edit."""
    changed: dict[tuple[SideName, int], dict[str, Any]] = {}
    for edit in made:
        changed.setdefault((edit.side, edit.number), {})[edit.field] = edit.value
    for (side, number), values in changed.items():
        href = contact(number)[KEY]
        _, etag = await sides[side].get(href)
        await sides[side].update(href, item({**contact(number), **values}), etag)


async def first(count: int, folder: Path) -> Told:
    """The first run; the left wins where both differ."""
    sides = await fill(count)
    made = edits.first_run(count)
    await make(sides, made)
    status = SqliteStatus(str(folder / "vdirsyncer-first.db"))
    with span() as measured:
        await sync(sides["left"], sides["right"], status, LEFT_WINS)
    outcome = edits.judge(made, _shown(sides))
    return Told(measured, checks={"every difference is carried": outcome.spread == len(made.alone)})


async def steady(count: int, folder: Path, wins: str | None = None) -> Told:
    """After an agreed base; conflicts are left."""
    path = folder / "vdirsyncer-status.db"
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.peers.vdirsyncer_peer", "base", str(count), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    sides = await fill(count)
    made = edits.steady(count)
    await make(sides, made)
    status = SqliteStatus(str(path))
    faults: list[Exception] = []
    with span() as measured:
        await sync(sides["left"], sides["right"], status, wins, error_callback=faults.append)
    conflicts = sum(isinstance(fault, SyncConflict) for fault in faults)
    return Told(measured, edits.judge(made, _shown(sides)), conflicts)


async def left_wins(count: int, folder: Path) -> Told:
    """The same, the left wins."""
    return await steady(count, folder, LEFT_WINS)


async def base(count: int, folder: Path) -> Told:
    """Make the status of an agreed base. Not measured."""
    sides = await fill(count)
    status = SqliteStatus(str(folder / "vdirsyncer-status.db"))
    with span() as measured:
        await sync(sides["left"], sides["right"], status)
    status.close()
    return Told(measured)


def _shown(sides: Sides) -> Any:
    def shown(side: SideName, number: int, name: str) -> Any:
        raw: str = sides[side].items[contact(number)[KEY]][1].raw
        head = f"X-{name.upper()}:"
        line = next(line for line in raw.splitlines() if line.startswith(head))
        return json.loads(line.removeprefix(head))

    return shown


if __name__ == "__main__":
    asyncio.run(tell({"first": first, "steady": steady, "left_wins": left_wins, "base": base}))
