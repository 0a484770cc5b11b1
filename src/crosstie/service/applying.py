"""Plans: made with the brake's word on them, and applied exactly. No screen in here."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.decide import Create, Operation
from crosstie.core.errors import SyncError
from crosstie.core.plan import Harm, Plan, Planned, trips
from crosstie.core.values import Json, Side
from crosstie.engine import origin, planner
from crosstie.engine.brake import APPLY, deleted_lately
from crosstie.engine.drain import Progress
from crosstie.engine.run import Options, Report, run
from crosstie.engine.scene import Scene
from crosstie.engine.virtual_collection import PENDING
from crosstie.engine.work import Work
from crosstie.ports import Sighting, Store
from crosstie.service.asked import Braked, parted
from crosstie.service.watching import Halts

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a plan came to."""

    report: Report
    applied: Sequence[Planned]
    stale: Sequence[Planned]
    """Planned, and the records need something else now: left alone."""
    needless: Sequence[Planned]
    """Planned, and nothing is left to do for it: done already, or taken back."""
    left: int
    """Planned operations beyond the limit, not tried."""


async def planned(
    opened: Opened, works: Sequence[Work], *, full: bool, only: str | None = None
) -> Plan:
    """What a run would do now, with a warning for each sync that the brake would stop."""
    made = await planner.plan(works, full=full, only=only)
    brakes = await braked(opened, made)
    told = [*made.warnings, *(_stops(s, why) for s, why in brakes.items())]
    warnings = list(dict.fromkeys(told))
    if only is not None and not made.operations and not await opened.store.find_links(only, 1):
        warnings.append(
            f"nothing is planned for {only!r}, and no linked record has that id: "
            "give the id that one of the systems uses"
        )
    return msgspec.structs.replace(made, warnings=tuple(warnings))


def _stops(sync: str, why: str) -> str:
    return f"the brake stops {sync}: {why}"


async def _doubts(works: Sequence[Work]) -> Mapping[str, str]:
    """Sync -> why one of its systems is not the one that was linked; looked into anew."""
    found: dict[str, str] = {}
    for work in works:
        # What cannot be asked now is told by the run.
        with contextlib.suppress(SyncError):
            for side in Side:
                await work.ask(side, work.at(side).open())
            why = await origin.examine(work, anew=False)
            if why is not None:
                found[work.name] = why
    return found


async def braked(
    opened: Opened, plan: Plan, doubts: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """Sync -> why the brake stops such a plan, or holds the sync already.

    doubts: those whose hold stands in the plan were seen by whoever applies it.
    """
    now = opened.doors.clock.now()
    found: dict[str, str] = {}
    for name in dict.fromkeys(operation.sync for operation in plan.operations):
        brake = opened.app.sync(name).brake
        figures = await opened.store.figures(name, now)
        mine = [o for o in plan.operations if o.sync == name and o.harmful]
        gone = [o for o in mine if o.kind == "delete"]
        lately = await deleted_lately(opened.work(name), opened.store) if gone else 0
        harm = Harm(
            linked=figures.linked + lately,
            overwrites=len(mine) - len(gone),
            deletes=len(gone) + lately,
            empty=await _emptied(opened.store, name, gone, figures.linked),
        )
        seen = figures.held is not None and figures.held == (doubts or {}).get(name)
        why = (None if seen else figures.held) or trips(
            harm, share=brake.share, records=brake.records, empty_side=brake.empty_side
        )
        if why is not None:
            found[name] = why
    return found


async def _emptied(
    store: Store, sync: str, deletes: Sequence[Planned], linked: int
) -> tuple[Side, ...]:
    """Sides of which all linked records are gone.

    What is linked only by this plan, such as a record whose create was lost, is none of them.
    """
    out = []
    for side in Side:
        pairs = {_id(o, side): _id(o, side.other) for o in deletes if o.side is side.other}
        known = await store.counterparts(sync, side, [own for own in pairs if own is not None])
        if sum(pairs[own] == other for own, other in known.items()) >= max(linked, 1):
            out.append(side)
    return tuple(out)


async def apply(
    opened: Opened,
    plan: Plan,
    *,
    limit: int | None = None,
    release: bool = False,
    approved: bool = False,
    progress: Progress | None = None,
) -> Applied:
    """Carry out exactly these operations, and what follows from a planned create.

    limit: at most so many operations.  release: a person lets go of the brake.  approved: a person
    has looked at the plan; a restored or replaced system that it tells of is then accepted as it
    is. Raises Braked before the first write, Misconfigured for a plan that names an unknown sync.
    """
    held = [w.name for w in opened.works if any(_of(w.name, line) for line in plan.warnings)]
    names = list(dict.fromkeys([*(o.sync for o in plan.operations), *(held if approved else ())]))
    works = opened.only(names) if names else ()
    doubts = await _doubts(works)
    seen = {n: why for n, why in doubts.items() if approved and _stops(n, why) in plan.warnings}
    brakes = {} if release else {**_unseen(doubts, seen), **await braked(opened, plan, seen)}
    if brakes:
        told = "; ".join(f"{name}: {parted(why)[0]}" for name, why in brakes.items())
        raise Braked(
            f"the brake stops this plan: {told}",
            fix="look at it with `crosstie plan`; if it is meant, add `--release-brake`",
        )
    gate = Exactly(plan.operations, limit)
    works = tuple(replace(work, gate=gate) for work in works)
    for work in works:
        await _notice(work, opened.store, plan)
    report = await run(works, opened.store, _options(release=release), progress)
    await Halts(works, opened.store).after(report, {})
    report = replace(report, counts=gate.counted(report.counts))
    waiting = gate.open()
    if gate.full:
        return Applied(report, tuple(gate.applied), (), (), len(waiting))
    stale = tuple(o for o in waiting if gate.refused(o))
    needless = tuple(o for o in waiting if not gate.refused(o))
    return Applied(report, tuple(gate.applied), stale, needless, 0)


def _options(*, release: bool) -> Options:
    """The brake was asked about the plan, and nothing else passes the gate."""
    return Options(release=True, looks={}, kind=None if release else APPLY)


def _of(sync: str, warning: str) -> bool:
    return warning.startswith(_stops(sync, ""))


def _unseen(doubts: Mapping[str, str], seen: Mapping[str, str]) -> Mapping[str, str]:
    return {name: why for name, why in doubts.items() if name not in seen}


async def _notice(work: Work, store: Store, plan: Plan) -> None:
    """Make the planned records due. Before the first scan the run finds all of them itself."""
    if (await store.last_scan(work.name)).at is None:
        return
    now = work.clock.now()
    for side in Side:
        ids = [_id(o, side) for o in plan.operations if o.sync == work.name and _source(o) is side]
        sightings = [Sighting(record_id) for record_id in dict.fromkeys(ids) if record_id]
        await store.notice(work.name, side, sightings, now)


def _source(operation: Planned) -> Side | None:
    """The side whose record leads to the operation: it has an id there before it is done."""
    if operation.side is None:
        return None
    has = operation.side if operation.kind != "create" else operation.side.other
    return has if _id(operation, has) is not None else None


def _id(operation: Planned, side: Side) -> str | None:
    return operation.left_id if side is Side.LEFT else operation.right_id


_Place = tuple[object, ...]


@dataclass(slots=True)
class Exactly:
    """A gate that lets through what stands in a plan, each operation once, and nothing else."""

    operations: Sequence[Planned]
    limit: int | None = None
    applied: list[Planned] = field(default_factory=list)
    _waiting: dict[_Place, list[Planned]] = field(init=False)
    _created: set[tuple[str, int]] = field(default_factory=set)
    _refused: set[tuple[str, Side, str | None]] = field(default_factory=set)
    _withheld: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._waiting = defaultdict(list)
        for operation in self.operations:
            if operation.side is not None:
                self._waiting[operation.key[:-1]].append(operation)

    @property
    def full(self) -> bool:
        """As many operations as the limit allows were let through."""
        return self.limit is not None and len(self.applied) >= self.limit

    @property
    def over(self) -> bool:
        """All that was planned came up, or as much as the limit allows."""
        return self.full or not any(self._waiting.values())

    def open(self) -> list[Planned]:
        """Planned operations that did not come up."""
        return [operation for group in self._waiting.values() for operation in group]

    def refused(self, operation: Planned) -> bool:
        """Something else came up for one of its records."""
        return any((operation.sync, side, _id(operation, side)) in self._refused for side in Side)

    def counted(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """The counts of the run, with each link that was withheld counted once and not by round."""
        own = Counter(f"{sync}.withheld" for sync, _ in self._withheld)
        others = {n: number for n, number in counts.items() if not n.endswith(".withheld")}
        return {**others, **own}

    def permits(self, sync: str, scene: Scene, operation: Operation) -> bool:
        """Whether the plan has it. What completes a record created in this run passes."""
        name = (sync, scene.link.id)
        if name in self._created:
            return True
        wanted = planner.planned_of(sync, scene, operation)
        if wanted is None:
            return True
        self._withheld.add(name)
        if self.full:
            return False
        waiting = self._waiting.get(wanted.key[:-1], [])
        for candidate in waiting:
            if _same(candidate.changes, wanted.changes):
                waiting.remove(candidate)
                self._withheld.discard(name)
                self.applied.append(candidate)
                if isinstance(operation, Create):
                    self._created.add(name)
                return True
        ids = ((side, _id(wanted, side)) for side in Side)
        self._refused |= {(sync, side, record_id) for side, record_id in ids if record_id}
        return False

    def adopted(self, sync: str, link_id: int) -> None:
        """What follows changes a record that was there: the plan has to say so."""
        self._created.discard((sync, link_id))


def _same(planned: Mapping[str, Sequence[Json]], now: Mapping[str, Sequence[Json]]) -> bool:
    """Equal values to be written; an id that a planned create only makes later fits any."""
    if planned.keys() != now.keys():
        return False
    return all(then[1] in (PENDING, now[name][1]) for name, then in planned.items())
