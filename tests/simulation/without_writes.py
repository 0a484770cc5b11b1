"""Takes away what makes a write safe: intents, the base, conflicts and history."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from replacing import Gone, answering, replaced
from sqlalchemy import delete

from crosstie.core import decide
from crosstie.core.errors import Rejected, SyncError
from crosstie.core.values import Side
from crosstie.engine import conflicts, drain, meet, perform, recover, settle
from crosstie.engine.work import Work, with_bases
from crosstie.ports import Step
from crosstie.store import journal
from crosstie.store.sql_store import SqlStore
from crosstie.store.tables import intent as intent_table
from crosstie.store.wording import among, packed
from crosstie.testing.simulator.pause import Pause
from crosstie.testing.simulator.process import Line, Pausing

# Intents.


def intents_are_not_kept() -> Gone:
    """Intents are not kept."""

    async def intend(self: SqlStore, intents: Any) -> Any:
        return [0 for _ in intents]

    return replaced((SqlStore, "intend", intend))


def intents_are_closed_before_the_call() -> Gone:
    """Intents are closed before the call."""
    kept = SqlStore.intend
    gone = delete(intent_table).where(among(intent_table.c.id, "ids"))

    async def intend(self: SqlStore, intents: Any) -> Any:
        ids = await kept(self, intents)
        await self._writing(lambda connection: connection.execute(gone, {"ids": packed(ids)}))
        return ids

    return replaced((SqlStore, "intend", intend))


def no_look_before_a_create_is_repeated() -> Gone:
    """No look before a create is repeated."""
    return replaced((recover, "candidates", answering([])))


def no_wait_for_the_search() -> Gone:
    """No wait for the search."""
    whole = recover.FINISH["create"]

    async def finish(work: Work, link: Any, intent: Any, records: Any) -> Any:
        return await whole(work, link, replace(intent, made_at=-1e12), records)

    return replaced((recover, "FINISH", {**recover.FINISH, "create": finish}))


def lost_answers_are_failures() -> Gone:
    """Lost answers are failures."""
    whole = perform._give_up

    async def give_up(work: Work, scene: Any, intent_id: int, error: SyncError) -> None:
        await whole(work, scene, intent_id, Rejected("certainly"))

    return replaced((perform, "_give_up", give_up))


def open_intents_are_not_finished() -> Gone:
    """Open intents are not finished."""
    whole = settle.settle

    async def settled(work: Work, link: Any, intents: Any = (), prefetched: Any = None) -> None:
        await whole(work, link, (), prefetched)

    return replaced((drain, "settle", settled))


def updates_are_thought_to_have_landed() -> Gone:
    """Updates are thought to have landed."""

    async def finish(work: Work, link: Any, intent: Any, records: Any) -> Any:
        link = with_bases(link, intent.side.other, intent.values, intent.values)
        await work.store.keep([recover._step(work, link, intent, ())])
        return link, records

    return replaced((recover, "FINISH", {**recover.FINISH, "update": finish}))


def adopted_as_they_are() -> Gone:
    """Adopted as they are."""
    whole = meet.adopt

    async def adopt(
        work: Work, scene: Any, intent: Any, record: Any, why: str, *, ours: bool
    ) -> Any:
        refs = await work.refs(scene.with_record(intent.side, record))
        shown = work.mapping.side(intent.side).read(record.fields, refs)
        values = {name: shown.get(name) for name in intent.values}
        return await whole(work, scene, replace(intent, values=values), record, why, ours=ours)

    return replaced((meet, "adopt", adopt))


def intents_are_not_woken() -> Gone:
    """Intents are not woken."""
    return replaced((SqlStore, "wake_intents", answering(0)))


# The base.


def link_and_intent_apart() -> Gone:
    """Link and intent apart."""

    async def keep(self: Pausing, steps: Any) -> None:
        closing = [(each,) for step in steps for each in step.closes]
        if closing:
            await Pause("store.keep (intents)")
            self.process.breathe()
            await self.real._writing(lambda c: journal._close.each(c, closing))
        await Pause("store.keep")
        self.process.breathe()
        await self.real.keep(steps)

    return replaced((Pausing, "keep", keep))


def history_apart() -> Gone:
    """History apart."""

    async def keep(self: Pausing, steps: Any) -> None:
        await Pause("store.keep")
        self.process.breathe()
        await self.real.keep([replace(step, history=()) for step in steps])
        told = [journal.entry_values(step.link, e) for step in steps for e in step.history]
        if told:
            await Pause("store.keep (history)")
            self.process.breathe()
            await self.real._writing(lambda c: journal._tell.each(c, told))

    return replaced((Pausing, "keep", keep))


def base_before_the_write() -> Gone:
    """Base before the write."""
    whole = perform.write

    async def write(work: Work, scene: Any, operation: Any) -> Any:
        shown = {**scene.view(operation.side).canon, **operation.values}
        link = perform._moved(scene, operation.side, operation.values, shown)
        await work.store.keep([Step(link, due_at=work.clock.now())])
        return await whole(work, replace(scene, link=link), operation)

    return replaced((perform, "write", write))


def base_from_a_fresh_read() -> Gone:
    """Base from a fresh read."""
    whole = Line.update

    async def update(self: Line, record_id: str, patch: Any, was: Any, version: Any) -> Any:
        reply = await whole(self, record_id, patch, was, version)
        found = await self.read([record_id])
        return found.records.get(record_id, reply)

    return replaced((Line, "update", update))


def base_of_all_fields() -> Gone:
    """Base of all fields."""

    def moved(scene: Any, side: Side, values: Any, shown: Any) -> Any:
        return with_bases(scene.link, side.other, scene.view(side.other).canon, shown)

    return replaced((perform, "_moved", moved))


def one_base_for_both_sides() -> Gone:
    """One base for both sides."""
    whole = decide.merge

    def merged(fields: Any, policy: Any, bases: Any, *rest: Any) -> Any:
        return whole(fields, policy, (bases[0], {**bases[1], **bases[0]}), *rest)

    return replaced((decide, "merge", merged))


def no_base() -> Gone:
    """No base."""
    whole = decide.merge

    def merged(fields: Any, policy: Any, bases: Any, *rest: Any) -> Any:
        return whole(fields, policy, ({}, {}), *rest)

    return replaced((decide, "merge", merged))


def deletes_win() -> Gone:
    """Deletes win."""
    whole = decide._deleted

    def deleted(rules: Any, link: Any, here: Side, canon: Any, rulings: Any) -> Any:
        return whole(rules, link, here, {**canon, **link.base_of(here)}, rulings)

    return replaced((decide, "_deleted", deleted))


def not_due_after_a_write() -> Gone:
    """Not due after a write."""
    whole = perform._step

    def step(*args: Any) -> Any:
        return replace(whole(*args), due_at=None)

    return replaced((perform, "_step", step))


# Conflicts and history.


def no_conflicts() -> Gone:
    """No conflicts."""
    return replaced((conflicts, "of_edits", lambda work, scene, merged: None))


def no_before_image() -> Gone:
    """No before image."""
    whole = journal.entry_values
    return replaced(
        (journal, "entry_values", lambda link, entry: whole(link, replace(entry, before={})))
    )
