"""Is everything as it must be before the first run? One line for each thing looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from crosstie.connectors.sql import TableSource, capture_status
from crosstie.core.errors import CrosstieError
from crosstie.core.values import Record, Side
from crosstie.engine.work import Work
from crosstie.ports import Schema
from crosstie.service import fitting
from crosstie.service.channels import Sender
from crosstie.service.counting import counted
from crosstie.service.fielding import schema_of
from crosstie.service.references import secret
from crosstie.service.runtime import SystemClock
from crosstie.sync import Sync

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

SAMPLE = 200
"""Real records that the lens laws are tried on."""
DEAR = 50
"""The same where reading one record costs a call."""

Level = Literal["ok", "warn", "error"]


class Line(msgspec.Struct, frozen=True):
    """One finding. Holds no value of a record."""

    level: Level
    about: str
    text: str
    fix: str | None = None


async def check(opened: Opened, syncs: Sequence[str]) -> AsyncIterator[Line]:
    """Look at these syncs, or at all of them. Writes nothing to either system."""
    yield Line("ok", "state", f"the state database is open, its name is {opened.store.identity}")
    for line in _channels(opened):
        yield line
    for work in opened.only(syncs):
        async for line in _sync(opened, work):
            yield line


def _channels(opened: Opened) -> Iterator[Line]:
    """Whether who is to be told of troubles can be; nobody is told anything."""
    sender = Sender(secret, SystemClock())
    for channel in opened.app.alerts.channels:
        about = f"alerts {channel.name}"
        try:
            sender.prepare(channel)
        except CrosstieError as error:
            yield Line("error", about, str(error), error.fix)
        else:
            text = f"what it refers to is there; try it with `crosstie alerts test {channel.name}`"
            yield Line("ok", about, text)


def failed_state(error: CrosstieError) -> Line:
    """The line for a state that cannot be opened."""
    return Line("error", "state", str(error), error.fix)


async def _sync(opened: Opened, work: Work) -> AsyncIterator[Line]:
    sync = work.sync
    schemas: dict[Side, Schema] = {}
    samples: dict[Side, Sequence[Record]] = {}
    failed: dict[Side, str] = {}
    for side in Side:
        about = f"{sync.name} {side}"
        try:
            schema = schemas[side] = await schema_of(opened, sync.name, side)
            await work.at(side).open()
            samples[side] = await _sample(work, side)
        except CrosstieError as error:
            failed[side] = str(error)
            yield Line("error", about, str(error), error.fix)
            continue
        name = f"{sync.source(side).name} of {sync.source(side).account.label}"
        yield Line("ok", about, f"{name} is open, {counted(len(schema.fields), 'field')}")
        for note in schema.notes:
            text, _, fix = note.partition("; fix: ")
            yield Line("warn", about, text, fix or None)
        for line in _captured(sync, side):
            yield line
    if not sync.match:
        text = "no match keys: the first run creates every record across"
        yield Line("warn", sync.name, text, "name fields with `match=[...]`")
    for side, schema in schemas.items():
        for line in _fitting(sync, side, schema, failed.get(side, "")):
            yield line
    for side, records in samples.items():
        for line in _sampled(work, side, records):
            yield line


async def _sample(work: Work, side: Side) -> Sequence[Record]:
    """Whole records of one side."""
    collection, found, cursor = work.at(side), list[Record](), None
    most = SAMPLE if collection.can.full_rows else DEAR
    while len(found) < most:
        page = await collection.scan(cursor)
        rows = [entry for entry in page.entries if isinstance(entry, Record)]
        found += rows[: most - len(found)]
        cursor = page.cursor
        if not page.more:
            break
    hints = [record.id for record in found if record.hint]
    whole = (await collection.read(hints)).records if hints else {}
    return [whole.get(record.id, record) for record in found]


def _captured(sync: Sync, side: Side) -> Sequence[Line]:
    source = sync.source(side)
    if not isinstance(source, TableSource):
        return []
    [report] = capture_status([source])
    if report.state == "installed":
        return [Line("ok", f"{sync.name} {side}", f"capture of {report.table} is installed")]
    # The schema of an uncaptured table has a note that says so, with its fix.
    return []


def _fitting(sync: Sync, side: Side, schema: Schema, failed: str) -> Sequence[Line]:
    """failed: why the side could not be opened; a field that it names is not named again."""
    lines = []
    about = f"{sync.name} {side}"
    missing = [m for m in fitting.missing(sync, side, schema) if repr(m.field) not in failed]
    for misfit in (*missing, *fitting.misfits(sync, side, schema)):
        level: Level = "warn" if misfit.maybe else "error"
        lines.append(Line(level, f"{about} {misfit.field}", misfit.text, misfit.fix))
    if not failed and not any(line.level == "error" for line in lines):
        mapped = len(sync.mapping.side(side).reads)
        lines.insert(0, Line("ok", about, f"{mapped} mapped fields are there and fit their lenses"))
    return lines


def _sampled(work: Work, side: Side, records: Sequence[Record]) -> Sequence[Line]:
    lines = []
    about = f"{work.name} {side}"
    for finding in fitting.laws(work.sync, side, records):
        level: Level = "warn" if finding.maybe else "error"
        lines.append(Line(level, f"{about} {finding.field}", finding.text, finding.fix))
    if not lines:
        text = f"{len(records)} real records read and write back unchanged"
        lines.append(Line("ok", about, text))
    for twice in fitting.doubles(work.sync, side, records):
        lines.append(Line("warn", f"{about} {twice.field}", twice.text, twice.fix))
    return lines
