"""The same decisions as a run, with every write recorded instead of made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crosstie.core.decide import Archive as ArchiveOperation
from crosstie.core.decide import AskDelete, Create, Operation, Update
from crosstie.core.errors import CrosstieError
from crosstie.core.fingerprint import essence
from crosstie.core.plan import Harm, Plan, Planned, Unfit
from crosstie.core.values import Json, Link, Side
from crosstie.engine import evidence, origin
from crosstie.engine.drain import PUT_OFF, drain, resting
from crosstie.engine.notice import notice
from crosstie.engine.reconcile import overdue, reconcile
from crosstie.engine.scene import Scene
from crosstie.engine.virtual_collection import VirtualCollection
from crosstie.engine.virtual_store import VirtualStore
from crosstie.engine.work import Ledger, Open, Work
from crosstie.ports import Conflict, ConflictKind, Step


@dataclass(slots=True)
class Recorder(Open):
    """The gate of a plan: lets everything pass, and writes it down."""

    operations: list[Planned] = field(default_factory=list)
    _created: set[tuple[str, int]] = field(default_factory=set)

    def permits(self, sync: str, scene: Scene, operation: Operation) -> bool:
        """Record the operation; what only follows from a planned create is part of that."""
        name = (sync, scene.link.id)
        if isinstance(operation, Create):
            self._created.add(name)
        elif name in self._created:
            return True
        planned = planned_of(sync, scene, operation)
        if planned is not None:
            self.operations.append(planned)
        return True


def planned_of(sync: str, scene: Scene, operation: Operation) -> Planned | None:
    """The operation as a line of a plan; None for bookkeeping."""
    link = scene.link
    kind = type(operation).__name__.lower()
    if isinstance(operation, AskDelete) or kind == "forget":
        return None
    side: Side = getattr(operation, "side")  # noqa: B009
    now = scene.view(side).canon
    changes: dict[str, Sequence[Json]] = {}
    cause = f"deleted on the {side.other}"
    if isinstance(operation, (Update, Create, ArchiveOperation)):
        changes = {n: [now.get(n), value] for n, value in operation.values.items()}
    elif kind == "delete":
        changes = {n: [value, None] for n, value in now.items() if value is not None}
    if isinstance(operation, Update):
        cause = "; ".join(dict.fromkeys(str(why) for why in operation.causes.values()))
    elif isinstance(operation, Create):
        cause = f"new on the {side.other}"
    return Planned(
        sync=sync,
        kind=kind,
        side=side,
        left_id=link.left_id,
        right_id=link.right_id,
        changes=changes,
        cause=cause,
    )


async def plan(works: Sequence[Work], *, full: bool, only: str | None = None) -> Plan:
    """What a run would do now. Reads both systems, writes to neither, moves no cursor.

    full: compare complete scans even where a change feed would do.  only: a record id of either
    side; operations on other records are left out.
    """
    if not works:
        return Plan(0.0, ())
    recorder, warnings, unfit = Recorder(), list[str](), list[Unfit]()
    # One imagined state for all syncs: a planned parent is there for its planned children.
    store = VirtualStore(works[0].store)
    given_out = await store.given_out()
    for real in works:
        work = _imagined(real, store, recorder, Ledger())
        work.ledger.notes.given_out = given_out
        await _notice(work, real, full=full)
        await drain(work)
        recorder.operations.extend(_asked(work.name, store))
        dead = [x for x in store.dead if x.sync == work.name and _meant(only, x)]
        unfit.extend(map(_unfit, dead))
        if dead:
            some = "1 record cannot be synced as it is"
            some = some if len(dead) == 1 else f"{len(dead)} records cannot be synced as they are"
            warnings.append(f"{work.name}: {some}")
        warnings.extend(_unsure(work, store))
        warnings.extend(_halts(work))
    operations = tuple(o for o in recorder.operations if _meant(only, o))
    matched, now = dict(store.matched), works[0].clock.now()
    return Plan(now, operations, matched, tuple(warnings), unfit=tuple(unfit))


def _meant(only: str | None, about: Planned | Link) -> bool:
    """It is about the only record that was asked for, or all of them were."""
    return only in (None, about.left_id, about.right_id)


def _unfit(dead: Link) -> Unfit:
    """A dead letter of the plan. What is not about a field is in a system's words, which may quote
    anything: they are told without what is particular to the record."""
    error = dead.error or ""
    text, _, fix = (dead.detail or "").partition(" fix: ")
    reason = text if ":" in error else essence(text)
    return Unfit(dead.sync, dead.left_id, dead.right_id, error, reason, fix or None)


class _Enough(Exception):
    """More harm than the brake allows is planned already; the rest need not be read."""


@dataclass(slots=True)
class _Counter(Recorder):
    """A recorder that stops the planning as soon as there is too much harm."""

    enough: int = 0

    def permits(self, sync: str, scene: Scene, operation: Operation) -> bool:
        Recorder.permits(self, sync, scene, operation)
        if sum(planned.harmful for planned in self.operations) > self.enough:
            raise _Enough
        return True


async def harm(work: Work, *, linked: int, enough: int) -> Harm:
    """Count what the due links would delete or overwrite, and which sides are empty by it.

    Stops when it is more than `enough`, and when an account wants to be left alone, which holds for
    the run as well; it then says that it is at least so much. A link that cannot be read is put
    off as a run would, so that the next counting gets further.
    """
    counter, store = _Counter(enough=enough), VirtualStore(work.store, linked_only=True)
    paused, halted = work.ledger.paused, work.ledger.halted
    imagined = _imagined(work, store, counter, Ledger(paused=paused, halted=halted))
    stopped = False
    try:
        await drain(imagined)
    except _Enough:
        stopped = True
    unsure = await _put_off(work, store) or resting(imagined)
    gone = Counter(o.side.other for o in counter.operations if o.side and o.kind == "delete")
    deletes = gone.total()
    # Where not all could be read, nobody can say that a side is not empty by it.
    empty = tuple(side for side in Side if unsure or gone[side] >= max(linked, 1))
    overwrites = sum(planned.harmful for planned in counter.operations) - deletes
    return Harm(linked, overwrites, deletes, empty, at_least=stopped or unsure)


async def _put_off(work: Work, store: VirtualStore) -> bool:
    """Put off, for long enough to count without them, what could not be read; whether any."""
    for link, at in store.postponed:
        later = work.clock.now() + PUT_OFF * (0.5 + work.dice.roll())
        await work.store.keep([Step(link, max(at, later))])
        work.count("postponed")
    return bool(store.postponed)


def _imagined(work: Work, store: VirtualStore, recorder: Recorder, ledger: Ledger) -> Work:
    return replace(
        work,
        left=VirtualCollection(work.left),
        right=VirtualCollection(work.right),
        store=store,
        gate=recorder,
        ledger=ledger,
    )


async def _notice(work: Work, real: Work, *, full: bool) -> None:
    """What a run would notice. A local feed can be read once only, so that side is scanned.

    Where a side is doubted, it is what a run would notice once a person let go of the brake.
    """
    for side in Side:
        await work.ask(side, work.at(side).open())
    # The systems themselves: what they remember of us is asked for, and not imagined.
    asking = replace(real, store=work.store, ledger=work.ledger)
    doubted = await origin.examine(asking, anew=False, only_look=True) is not None
    sure = await origin.doubted(work) if doubted else ()
    everything = full or doubted or await overdue(work)
    early = () if everything else await evidence.early(work)
    scanned = [
        side
        for side in Side
        if everything
        or side in early
        or work.at(side).can.local
        or not work.at(side).can.has_changes
    ]
    for side in Side:
        if side not in scanned:
            await notice(work, side)
        elif work.at(side).can.sees_deletes and not work.at(side).can.local:
            # A scan does not tell which records were deleted, and a run reads the feed first.
            await notice(work, side, meet=False)
    # A record that was left alone earlier is no stranger, and still to be found by one.
    if everything and not await work.store.newest_link(work.name):
        for side in Side:
            collection = work.at(side)
            assert isinstance(collection, VirtualCollection)
            # What a window leaves out may be there all the same.
            collection.surveyed = collection.can.window is None
    survey = await reconcile(work, scanned, early=early, sure=sure)
    if await origin.after_a_look(work, survey, sure) is not None and survey.strangers_only:
        survey = await reconcile(work, scanned, sure=await origin.doubted(work))
    for side in survey.unread:
        await notice(work, side)


def _unsure(work: Work, store: VirtualStore) -> list[str]:
    """What the plan does not show because it is not proven, or shows although it is doubted."""
    doubt = store.doubts.get(work.name)
    missing = sum(work.ledger.counts[f"{work.name}.missing_{side}"] for side in Side)
    out = [f"the brake stops {work.name}: {doubt}"] if doubt is not None else []
    if missing:
        out.append(
            f"{work.name}: {missing} linked records are missing in a listing; they count as "
            "deleted only when a later one does not show them either"
        )
    # What is halted is told by itself.
    if store.postponed or (resting(work) and not work.ledger.halted):
        out.append(f"{work.name}: not all that is due could be read; make the plan again later")
    return out


def _asked(sync: str, store: VirtualStore) -> list[Planned]:
    return [
        Planned(
            sync=sync,
            kind="ask",
            side=None,
            left_id=link.left_id,
            right_id=link.right_id,
            changes={
                name: [seen.get("left"), seen.get("right")] for name, seen in c.fields.items()
            },
            cause=c.note or ("meeting" if _never_agreed(c) else c.kind.value),
        )
        for link, c in store.conflicts
        if link.sync == sync
    ]


def _never_agreed(c: Conflict) -> bool:
    """A clash at first meeting: nothing says that either side was changed."""
    based = ("base_left" in seen or "base_right" in seen for seen in c.fields.values())
    return c.kind is ConflictKind.EDIT and not any(based)


def _halts(work: Work) -> list[str]:
    return [f"{label}: {_said(error)}" for label, error in work.ledger.halted.items()]


def _said(error: CrosstieError) -> str:
    return f"{error} fix: {error.fix}" if error.fix else str(error)
