"""Take back what a run wrote: read both records, decide, write, move the base, link by link."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from crosstie.core.decide import View
from crosstie.core.errors import Halt, Stale, SyncError
from crosstie.core.mapping import Refs
from crosstie.core.plan import Planned
from crosstie.core.values import Json, Link, Record, Side
from crosstie.engine import maker, meet, undo, undone
from crosstie.engine.drain import BATCH, Progress
from crosstie.engine.scene import NOTHING_ASKED, Scene
from crosstie.engine.undo import Back, Written
from crosstie.engine.work import Work
from crosstie.ports import Intent, OperationKind, Store

TRIES = 3
"""How often a record that moved under our hands is read and decided again."""
_KINDS: Mapping[str, OperationKind] = {
    "update": "update",
    "archive": "update",
    "delete": "delete",
    "create": "create",
}


class Judge(Protocol):
    """Asked before every operation of an undo: may it be carried out?"""

    def permits(self, operation: Planned) -> bool:
        """False leaves the record as it is."""
        ...

    def withdrawn(self, operation: Planned) -> None:
        """It was let through, and could not be carried out."""
        ...

    @property
    def over(self) -> bool:
        """Nothing more will be let through."""
        ...


@dataclass(slots=True)
class Job:
    """One undo, and what it came to."""

    run_id: int
    """The run that is taken back."""
    judge: Judge
    store: Store
    links: Sequence[int] | None = None
    """Only these; None: all that the run wrote to."""
    left: list[Planned] = field(default_factory=list)
    failed: list[tuple[Planned, str]] = field(default_factory=list)
    parents: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """(sync, left id) -> right id, as looked up for what refers to them."""
    syncs: set[str] = field(default_factory=set)
    """Syncs that the run wrote in, declared or not."""
    touched: list[int] = field(default_factory=list)
    """Links for which an operation came up."""


async def take_back(works: Sequence[Work], job: Job, progress: Progress | None = None) -> None:
    """Take back what the run wrote in these syncs, which are in order, parents first.

    What is made again and what is changed come first, parents before children; what goes comes
    last, children before parents. Raises only what is no fault of a record.
    """
    for work in works:
        await _pass(work, job, ("delete", "update"), progress)
    for work in reversed(works):
        await _pass(work, job, ("create",), progress)


async def _pass(work: Work, job: Job, kinds: Sequence[str], progress: Progress | None) -> None:
    if _resting(work):
        return
    for side in Side:
        await work.ask(side, work.at(side).open())
    after = 0
    while not (job.judge.over or _resting(work)):
        ids = await _next_links(job, after)
        if not ids:
            return
        after = ids[-1]
        pasts: dict[int, list[Written]] = defaultdict(list)
        for past in undo.written(await job.store.run_entries(job.run_id, ids)):
            job.syncs.add(past.sync)
            if past.sync == work.name and past.kind in kinds:
                pasts[past.link_id].append(past)
        await work.tasks.run(_flights(work, job, pasts, progress), work.in_flight)


def _flights(
    work: Work, job: Job, pasts: Mapping[int, Sequence[Written]], progress: Progress | None
) -> Iterator[Coroutine[object, object, None]]:
    async def one(link_id: int, mine: Sequence[Written]) -> None:
        await _link(work, job, link_id, mine)
        if progress is not None:
            progress(1)

    for link_id, mine in pasts.items():
        if job.judge.over or _resting(work):
            return
        yield one(link_id, mine)


async def _next_links(job: Job, after: int) -> Sequence[int]:
    if job.links is not None:
        return sorted(link_id for link_id in job.links if link_id > after)[:BATCH]
    return await job.store.run_links(job.run_id, after, BATCH)


def _resting(work: Work) -> bool:
    now = work.clock.now()
    return any(work.ledger.rests(work.account(side), now) for side in Side)


async def _link(work: Work, job: Job, link_id: int, pasts: Sequence[Written]) -> None:
    """Take back what was written to the records of one link, one write after the other."""
    for past in pasts:
        attempt = 0
        while True:
            if job.judge.over:
                return
            attempt += 1
            try:
                await _one(work, job, link_id, past)
            except Stale as moved:
                if attempt < TRIES:
                    continue
                await _fail(job, past, moved)
            except Halt as stop:
                if stop.side is None:
                    raise
            except SyncError as error:
                await _fail(job, past, error)
            break


async def _fail(job: Job, past: Written, error: SyncError) -> None:
    link = await job.store.link(past.link_id)
    job.failed.append((undo.left(past, link, error.code), _said(error)))


async def _one(work: Work, job: Job, link_id: int, past: Written) -> None:
    link = await job.store.link(link_id)
    records = await _read(work, link)
    if link is not None and (begun := await job.store.open_intents([link_id])):
        if begun[0].undoes is None:
            why = "what became of an earlier write to it is not known yet: `crosstie run --once`"
            job.left.append(undo.left(past, link, why))
            return
        await undone.FINISH[begun[0].kind](work, link, begun[0], records)
        if await job.store.open_intents([link_id]):
            # It waits for the search to show what may have been made.
            return
        link = await job.store.link(link_id)
        records = await _read(work, link)
    views = {side: await undone.read(work, records, side) for side in Side}
    found = undo.back(work.sync, job.run_id, past, link, views)
    found = await _checked(work, job, past, link, views, found)
    job.left.extend(found.leaves)
    if found.operation is None:
        return
    job.touched.append(link_id)
    if job.judge.permits(found.operation):
        try:
            await _write(work, job, past, link, views, found)
        except SyncError:
            job.judge.withdrawn(found.operation)
            raise


async def _read(work: Work, link: Link | None) -> dict[Side, Record | None]:
    records: dict[Side, Record | None] = dict.fromkeys(Side)
    for side in Side:
        record_id = None if link is None else link.id_of(side)
        if record_id is not None:
            found = await work.ask(side, work.at(side).read([record_id]))
            records[side] = found.records.get(record_id)
    return records


async def _checked(
    work: Work,
    job: Job,
    past: Written,
    link: Link | None,
    views: Mapping[Side, View],
    found: Back,
) -> Back:
    """A record is only made again where it was not made again before, by us or by anybody."""
    if found.operation is None or found.operation.kind != "create":
        return found
    later = [e for e in await job.store.history(past.link_id) if e.id > past.last]
    if any(e.operation == "create" and e.side is past.side for e in later):
        why = "it was made again already, and is gone since"
        return Back(leaves=(undo.left(past, link, why),))
    scene = await _scene(work, job, link or Link(past.sync), views, found.values)
    keys = {name: found.values.get(name) for name in work.sync.match}
    twin = await meet.matching(work, past.side, keys, scene)
    if twin:
        why = f"the {past.side} has a record with the same match key: {twin[0].id}"
        return Back(leaves=(undo.left(past, link, why),))
    return found


async def _scene(
    work: Work, job: Job, link: Link, views: Mapping[Side, View], values: Mapping[str, Json]
) -> Scene:
    """Both records, with the counterparts of what they and these values refer to."""
    records = {side: view.record for side, view in views.items()}
    refs = await work.refs(records)
    to_left, to_right = dict(refs.to_left), dict(refs.to_right)
    for name, _, sync in work.mapping.right.references:
        value = values.get(name)
        right_id = None if value is None else await _parent(job, sync, str(value))
        if right_id is not None:
            to_right[sync, str(value)] = right_id
            to_left[sync, right_id] = str(value)
    return Scene(link, views[Side.LEFT], views[Side.RIGHT], Refs(to_left, to_right), NOTHING_ASKED)


async def _parent(job: Job, sync: str, left_id: str) -> str | None:
    """The right id of the record that this left id stands for; also of one made again alone.

    What refers to a record that was deleted names the id that its counterpart had.
    """
    if (sync, left_id) not in job.parents:
        found = await job.store.counterparts(sync, Side.LEFT, [left_id])
        right_id = found.get(left_id)
        if right_id is None:
            links = [await job.store.link(n) for n in await job.store.past_links(left_id, BATCH)]
            alone = [link for link in links if link and link.sync == sync and link.left_id is None]
            right_id = alone[-1].right_id if alone else None
        job.parents[sync, left_id] = right_id
    return job.parents[sync, left_id]


async def _write(
    work: Work,
    job: Job,
    past: Written,
    link: Link | None,
    views: Mapping[Side, View],
    found: Back,
) -> None:
    """Intent, call, base: as every other write."""
    side, target, operation = past.side, views[past.side], found.operation
    assert operation is not None
    kept = link or Link(past.sync, id=past.link_id, noticed=1)
    scene = await _scene(work, job, kept, views, found.values)
    half, now = work.mapping.side(side), work.clock.now()
    kind = _KINDS[operation.kind]
    was = target.record.fields if target.record is not None else {}
    # A delete takes the whole record with it, so the whole of it is kept.
    before = target.canon if kind == "delete" else {n: target.canon.get(n) for n in found.values}
    intent = Intent(
        link_id=kept.id,
        side=side,
        kind=kind,
        target=None if target.record is None else target.record.id,
        values=found.values,
        was=before,
        raw=half.write(found.values, was, scene.refs),
        key=maker.marker_of(work.store.identity, kept.id, now) if kind == "create" else "",
        made_at=now,
        undoes=job.run_id,
    )
    if link is None:
        kept, intent = await job.store.begin_again(kept, intent, now)
    else:
        [intent_id] = await job.store.intend([intent])
        intent = replace(intent, id=intent_id)
    step = await undone.carry_out(work, kept, intent, scene)
    await job.store.keep([step])
    verb = {"update": "updated", "delete": "deleted", "create": "created"}[kind]
    work.count(f"{verb}_{side}")


def _said(error: SyncError) -> str:
    return f"{error} fix: {error.fix}" if error.fix else str(error)
