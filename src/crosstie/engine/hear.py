"""What systems told by webhook -> due links. A webhook is a hint: what is true is read later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from crosstie.core.values import SIDES, Side
from crosstie.engine.work import Work
from crosstie.ports import Arrival, Clock, Forged, Hint, InboxStore, Sighting, Webhooks
from crosstie.ports.webhooks import LOGIN

BATCH = 500
"""Deliveries that are worked on at a time."""
LONGEST = 500
"""Bytes that the id of a record may have."""
ODD = "it names a record by what can be no id"
UNDECLARED = "its endpoint is not declared any more"


Ended: TypeAlias = Callable[[str], Awaitable[None]]


class Ear(NamedTuple):
    """An endpoint of an account, ready to be understood."""

    endpoint: str
    account: str
    """Label of the account that its hints are about."""
    webhooks: Webhooks


class Heard(NamedTuple):
    """What listening came to."""

    worked: int = 0
    """Deliveries that were worked on."""
    failed: int = 0
    """Those of them that nobody could read."""
    marked: int = 0
    """Links that became due."""


async def hear(
    inbox: InboxStore,
    ears: Sequence[Ear],
    works: Sequence[Work],
    clock: Clock,
    *,
    until: int = 20 * BATCH,
    ended: Ended | None = None,
) -> Heard:
    """Mark due what the deliveries that wait are about, the oldest first, `until` so many.

    works: every declared sync of these accounts, worked on or not: a delivery is worked on once
    for all of them.  ended: told of an account, by its label, whose log-in may have ended.

    A link is marked before its delivery is done with: a crash in between marks it twice. A sync
    whose first match is still to come is left alone; the match reads all there is. So nobody may
    be in the middle of one meanwhile. A record that is told of and has no link gets a one-sided
    one, which is read before anything follows from it; one that is told as gone does not.
    """
    ready = [work for work in works if (await work.store.last_scan(work.name)).at is not None]
    known = {ear.endpoint: ear for ear in ears}
    total = Heard()
    while total.worked < until:
        batch = await inbox.waiting_arrivals(known, BATCH)
        heard = await _work_off(inbox, known, ready, batch, clock, ended)
        total = Heard(*map(sum, zip(total, heard, strict=True)))
        if len(batch) < BATCH:
            break
    return total


async def disown(inbox: InboxStore, declared: Collection[str], clock: Clock) -> int:
    """Deliveries that wait for an endpoint that is not declared (any more) have failed.

    Says how many. Once it is declared again, a person may replay them.
    """
    strange = [each.endpoint for each in await inbox.inbox() if each.endpoint not in declared]
    disowned = 0
    while batch := await inbox.waiting_arrivals(strange, BATCH):
        await inbox.worked_off([each.id for each in batch], clock.now(), UNDECLARED)
        disowned += len(batch)
    return disowned


async def _work_off(
    inbox: InboxStore,
    known: Mapping[str, Ear],
    works: Sequence[Work],
    batch: Sequence[Arrival],
    clock: Clock,
    ended: Ended | None,
) -> Heard:
    told: dict[str, list[Hint]] = defaultdict(list)
    failed: dict[str, list[int]] = defaultdict(list)
    done: list[int] = []
    for arrival in batch:
        hints = _hints(known[arrival.endpoint], arrival)
        if isinstance(hints, str):
            failed[hints].append(arrival.id)
            continue
        told[arrival.endpoint] += hints
        done.append(arrival.id)
    marked = 0
    for endpoint, hints in told.items():
        marked += await _mark(works, known[endpoint].account, hints)
        if ended is not None and any(hint.kind == LOGIN and hint.gone for hint in hints):
            await ended(known[endpoint].account)
    if done:
        await inbox.worked_off(done, clock.now())
    for why, ids in failed.items():
        await inbox.worked_off(ids, clock.now(), why)
    return Heard(len(batch), len(batch) - len(done), marked)


def _hints(ear: Ear, arrival: Arrival) -> Sequence[Hint] | str:
    """What a delivery is about; why nobody can say it."""
    try:
        hints = ear.webhooks.hints(arrival.event.type, arrival.event.kept)
        return hints if all(_an_id(hint.id) for hint in hints) else ODD
    except (Forged, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        # A delivery that cannot be read must not keep the next ones waiting. No text: it may
        # repeat what stands in the delivery.
        return f"it cannot be read ({type(wrong).__name__})"


def _an_id(text: str) -> bool:
    """Every database can keep it and look for it. Raises ValueError for half a character."""
    return 0 < len(text.encode()) <= LONGEST and "\0" not in text


async def _mark(works: Sequence[Work], account: str, hints: Iterable[Hint]) -> int:
    """Mark due what these hints are about, in every sync side that it may be in."""
    told: dict[str, dict[str, Sighting]] = defaultdict(dict)
    for hint in hints:
        told[hint.kind][hint.id] = Sighting(hint.id, gone=hint.gone, heard=True)
    marked = 0
    for work, side in ((work, side) for work in works for side in SIDES):
        sightings = told.get(work.sync.source(side).kind)
        if sightings and work.account(side) == account:
            marked += await _notice(work, side, list(sightings.values()))
    return marked


async def _notice(work: Work, side: Side, sightings: Sequence[Sighting]) -> int:
    done = await work.store.notice(work.name, side, sightings, work.clock.now())
    work.ledger.counts[f"{work.name}.noticed_{side}"] += done.marked
    return done.marked
