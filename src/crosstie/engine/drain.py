"""Work off what is due: bounded in flight, later again with growing pauses, dead letters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence

from msgspec.structs import replace

from crosstie.core.errors import (
    Halt,
    NotFound,
    Rejected,
    Retry,
    Stale,
    SyncError,
    Unlinked,
)
from crosstie.core.fingerprint import fingerprint
from crosstie.core.values import SIDES, Instant, Link, LinkState, Parent, Record, Side
from crosstie.engine.settle import settle
from crosstie.engine.work import Failure, Work
from crosstie.ports import Entry, Intent, Sighting, Step

BATCH = 200
"""Links claimed, and read where a side reads in batches, at once."""

PUT_OFF = 30.0
"""Seconds, half as many more or less, until a try that was put off comes round again."""
FRESH = 32
"""Of a backlog that takes longer than a run may, so many are taken from its new end each time."""
SOUND = 4
"""Writes that land for each link that begins to fail, at least, where the system is well."""

Progress = Callable[[int], None]


async def drain(
    work: Work, *, progress: Progress | None = None, until: Instant | None = None
) -> int:
    """Settle every link of the sync that is due now; says how many were taken up.

    A link is taken up once: what becomes due again meanwhile is left for the next drain. Stops
    early when an account has to be left alone, and begins nothing more after `until`: then an edit
    that somebody just made is not kept waiting behind all that was due before it. Raises only what
    is no fault of a record.
    """
    done: set[int] = set()
    # One direction of strangers at a time: two records that are each other's counterpart must not
    # look for one another at the same moment, or both would be created across.
    while not (resting(work) or work.gate.over):
        now = work.clock.now()
        if until is not None and now >= until:
            break
        links = await work.store.claim(work.name, now, BATCH, done)
        if not links:
            break
        if until is not None and len(links) == BATCH:
            taken = done | {link.id for link in links}
            fresh = await work.store.newest_due(work.name, now, FRESH, taken)
            links = [*fresh, *links]
        flown = False
        for side in (None, Side.LEFT, Side.RIGHT):
            group: Sequence[Link] = [link for link in links if _alone_on(link) is side]
            if side is not None and flown:
                group = await _not_taken(work, side, group)
            if group:
                await _fly(work, group, progress, until)
                flown = True
        done.update(link.id for link in links)
    return len(done)


async def settle_now(work: Work, link: Link) -> Link | None:
    """Settle one link at once, due or not; how it stands then, None when it is done with."""
    intents = await work.store.open_intents([link.id])
    await _settle_or_postpone(work, link, intents, {})
    return await work.store.link(link.id)


def _alone_on(link: Link) -> Side | None:
    """The only side on which this link has a record, if it never had two.

    None too for one without any: an undo has begun to make it again.
    """
    if link.agreed or (link.left_id is None) == (link.right_id is None):
        return None
    return Side.LEFT if link.left_id is not None else Side.RIGHT


async def _not_taken(work: Work, side: Side, links: Sequence[Link]) -> Sequence[Link]:
    """Without those whose record another link took since they were claimed.

    Its counterpart found it, or it is what a pair, or an undo, made again and finds only now. A
    question about it would be told in the history, and asked of nobody: its link is gone.
    """
    ids = [record_id for link in links if (record_id := link.id_of(side)) is not None]
    holders = await work.store.links_at(work.name, side, ids) if ids else {}
    return [link for link in links if holders.get(str(link.id_of(side)), link).id == link.id]


async def _fly(
    work: Work, links: Sequence[Link], progress: Progress | None, until: Instant | None
) -> None:
    intents: dict[int, list[Intent]] = defaultdict(list)
    for intent in await work.store.open_intents([link.id for link in links]):
        intents[intent.link_id].append(intent)
    prefetched = await _prefetch(work, links)

    async def one(link: Link) -> None:
        if not work.may_try(link):
            await _put_off(work, link)
            return
        await _settle_or_postpone(work, link, intents[link.id], prefetched)
        if progress is not None:
            progress(1)

    def flights() -> Iterator[Coroutine[object, object, None]]:
        for link in links:
            late = until is not None and work.clock.now() >= until
            if late or resting(work) or work.gate.over:
                return
            yield one(link)

    await work.tasks.run(flights(), work.in_flight)


async def _prefetch(work: Work, links: Sequence[Link]) -> dict[tuple[Side, str], Record | None]:
    """Read a whole claim at once on a side where that is one call."""
    out: dict[tuple[Side, str], Record | None] = {}
    for side in Side:
        size = work.at(side).can.read_batch
        ids = [record_id for link in links if (record_id := link.id_of(side)) is not None]
        if size == 1 or not ids:
            continue
        for start in range(0, len(ids), size):
            part = ids[start : start + size]
            try:
                found = await work.ask(side, work.at(side).read(part))
            except SyncError:
                # Each record is then read by itself, and answers for itself.
                return out
            for record_id in part:
                out[side, record_id] = found.records.get(record_id)
    return out


def resting(work: Work) -> bool:
    """Whether an account of the sync is left alone for now."""
    if not work.ledger.paused:
        return False
    now = work.clock.now()
    return any(work.ledger.rests(work.account(side), now) for side in SIDES)


async def _settle_or_postpone(
    work: Work,
    link: Link,
    intents: Sequence[Intent],
    prefetched: dict[tuple[Side, str], Record | None],
) -> None:
    if resting(work):
        return
    try:
        await settle(work, link, intents, prefetched)
        work.ledger.failing.pop(link.id, None)
    except Unlinked as missing:
        await _wait(work, link, missing)
    except Rejected as refused:
        await _bury(work, link, refused, refused.field)
    except Retry as later:
        await _postpone(work, link, later, counts=later.counts, after=later.after)
    except (Stale, NotFound) as moved:
        await _postpone(work, link, moved, counts=True, after=None)
    except Halt as stop:
        if stop.side is None:
            # The state itself: nothing can be kept any more.
            raise
        # The account is left alone until a person has acted; the link stays due and untouched.
        work.count("halted")


async def _current(work: Work, link: Link, error: SyncError) -> Link | None:
    """The link as the steps of the broken-off settling left it, with the states that were read."""
    now = await work.store.link(link.id)
    if now is None:
        return None
    left, right = error.marks or (now.left_mark, now.right_mark)
    return replace(now, noticed=link.noticed, left_mark=left, right_mark=right)


async def _wait(work: Work, link: Link, missing: Unlinked) -> None:
    current = await _current(work, link, missing)
    if current is None:
        return
    parent = Parent(missing.sync, missing.parent_side, missing.record_id)
    waiting = replace(
        current,
        state=LinkState.WAITING,
        settled=link.noticed,
        waits_for=parent,
        error=missing.code,
        detail=str(missing),
    )
    await work.store.keep([Step(waiting)])
    if parent.id not in await work.store.links_at(parent.sync, parent.side, [parent.id]):
        # Nobody has told us about the parent yet.
        sighting = [Sighting(parent.id)]
        await work.store.notice(parent.sync, parent.side, sighting, work.clock.now())
    work.count("waiting")


async def _put_off(work: Work, link: Link) -> None:
    """Try it later: too much that failed is tried again already. No attempt, and no other error."""
    later = work.clock.now() + PUT_OFF * (0.5 + work.dice.roll())
    await work.store.keep([Step(replace(link, settled=link.noticed), due_at=later)])
    work.count("postponed")


async def _postpone(
    work: Work, link: Link, error: SyncError, *, counts: bool, after: float | None
) -> None:
    current = await _current(work, link, error)
    if current is None:
        return
    attempts = current.attempts + 1 if counts else current.attempts
    poison = counts and _poison(work, current, error)
    pause = work.schedule.delay(max(attempts, 1), work.dice.roll(), after)
    if pause is None or poison:
        await _bury(work, link, error, None)
        return
    postponed = replace(
        current,
        settled=link.noticed,
        attempts=attempts,
        error=error.code,
        detail=_text(error),
    )
    await work.store.keep([Step(postponed, due_at=work.clock.now() + pause)])
    work.count("postponed")


def _poison(work: Work, link: Link, error: SyncError) -> bool:
    """Whether it has failed in this way often enough, while hardly any other record failed.

    Where others fail as well, or nobody else is written, nobody can say whether the record or the
    system is at fault, and it gets all of its tries. So an outage makes no dead letters, whether a
    breaker has opened or not.
    """
    ledger, side = work.ledger, error.side
    place = (work.name, side, side is not None and link.id_of(side) is None)
    cause, before = fingerprint(error.code, _text(error)), ledger.failing.get(link.id)
    if before is None or before.cause != cause or not link.attempts:
        before = Failure(cause, 0, ledger.landed[place], ledger.begun[place])
        ledger.begun[place] += 1
    ledger.failing[link.id] = before._replace(times=before.times + 1)
    landed, begun = ledger.landed[place] - before.landed, ledger.begun[place] - before.begun
    return before.times + 1 >= work.schedule.alike and landed >= SOUND * begun


async def _bury(work: Work, link: Link, error: SyncError, named: str | None) -> None:
    """A dead letter: nothing more is tried until something changes or a person says so."""
    work.ledger.failing.pop(link.id, None)
    current = await _current(work, link, error)
    if current is None:
        return
    dead = replace(
        current,
        state=LinkState.DEAD,
        settled=link.noticed,
        error=f"{error.code}:{named}" if named else error.code,
        detail=_text(error),
    )
    where = f" on the {error.side}" if error.side else ""
    entry = Entry(
        side=error.side,
        record_id=current.id_of(error.side) if error.side else None,
        operation="dead",
        cause=f"{error.code}{where}" + (f": field {named}" if named else ""),
        at=work.clock.now(),
        run_id=work.run_id,
    )
    await work.store.keep([Step(dead, history=(entry,))])
    work.count("dead")


def _text(error: SyncError) -> str:
    return f"{error} fix: {error.fix}" if error.fix else str(error)
