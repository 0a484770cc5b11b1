"""Takes away what makes a look sure: what is due, who writes, deletions, strangers, limits."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from replacing import Gone, answering, replaced
from sqlalchemy import literal, select

from crosstie.core import merge
from crosstie.core.errors import Rejected, Retry, SyncError
from crosstie.core.values import Side
from crosstie.engine import brake, drain, evidence, maker, meet, recover, settle
from crosstie.engine.work import Ledger, Work
from crosstie.ports import Step
from crosstie.store import absorb, journal, leases, links, runs
from crosstie.store import evidence as proofs
from crosstie.store.driven import Driven
from crosstie.store.tables import link as link_table
from crosstie.store.wording import among
from crosstie.testing.memory import MemoryCollection
from crosstie.testing.simulator import quick
from crosstie.testing.simulator.pause import Pause
from crosstie.testing.simulator.process import Line, Pausing

# What is due.


def done_over_newer_evidence() -> Gone:
    """Done over newer evidence."""
    due: Any = journal._due
    statement = journal._keep._statement.values(
        due_at=journal.case(
            (link_table.c.noticed <= journal.bindparam("started_from"), due), else_=due
        )
    )
    forgetful = Driven(statement, journal._keep._names)
    return replaced((journal, "_keep", forgetful))


def stuck_stays_stuck() -> Gone:
    """Stuck stays stuck."""
    return replaced((journal, "reopen", lambda connection, ids: None))


def dropped_over_newer_evidence() -> Gone:
    """Dropped over newer evidence."""
    over = select(link_table.c.id).where(among(link_table.c.id, "ids"), literal(1) == literal(1))
    return replaced((journal, "_over", over))


def children_are_not_woken() -> Gone:
    """Children are not woken."""
    return replaced((journal, "wake_waiting", lambda *args: None))


def returned_are_not_woken() -> Gone:
    """Returned are not woken."""
    whole = proofs._returned

    def returned(*args: Any) -> set[str]:
        whole(*args)
        return set()

    return replaced((proofs, "_returned", returned))


def cursor_first() -> Gone:
    """Cursor first."""

    async def notice(
        self: Pausing, sync: str, side: Side, told: Any, now: Any, cursor: Any = None, **more: Any
    ) -> Any:
        if cursor is not None:
            await Pause("store.notice (cursor)")
            self.process.breathe()
            await self.real.notice(sync, side, [], now, cursor, **more)
        await Pause("store.notice")
        self.process.breathe()
        return await self.real.notice(sync, side, told, now, None, **more)

    return replaced((Pausing, "notice", notice))


def acknowledged_first() -> Gone:
    """Acknowledged first."""
    whole = Line.changes

    async def changes(self: Line, cursor: Any) -> Any:
        page = await whole(self, cursor)
        if page.cursor is not None:
            await self.acknowledge(page.cursor)
        return page

    return replaced((Line, "changes", changes))


def no_scan_is_owed() -> Gone:
    """No scan is owed, and no page of a feed waits for one."""
    whole = links.notice

    def notice(
        connection: Any, sync: str, side: Side, told: Any, now: float, cursor: Any, **how: Any
    ) -> Any:
        done = whole(connection, sync, side, told, now, cursor, **how)
        if cursor is not None:
            runs.set_cursor(connection, sync, side, cursor)
        return done

    nothing_owed = (proofs, "owe_scan", lambda *args, **kwargs: None)
    return replaced((links, "notice", notice), nothing_owed)


def first_reads_are_believed() -> Gone:
    """First reads are believed."""
    return replaced((settle, "_comes_late", answering(False)))


# Who writes, and against what.


def writes_compare_with_nothing() -> Gone:
    """Writes compare with nothing: as if the call did not say what it was decided from."""
    return replaced((MemoryCollection, "_compare", lambda *args: None))


def no_fence() -> Gone:
    """No fence."""
    return replaced((leases, "check", lambda *args: None), (quick, "check", lambda *args: None))


def two_flights_for_a_link() -> Gone:
    """Two flights for a link."""
    whole = drain._fly

    async def fly(work: Work, links: Any, *others: Any) -> None:
        await whole(work, [each for link in links for each in (link, link)], *others)

    return replaced((drain, "_fly", fly))


# Deletions.


def no_proof_of_absence() -> Gone:
    """No proof of absence."""
    return replaced((evidence, "unproven", answering(False)))


def one_scan_proves() -> Gone:
    """One scan proves."""
    whole = proofs._missed
    return replaced((proofs, "_missed", lambda row, scan: whole(row, scan)._replace(proven=True)))


def no_read_before_a_delete() -> Gone:
    """No read before a delete."""
    whole = settle._read

    async def read(work: Work, link: Any, side: Side, prefetched: Any) -> Any:
        if link.id in await work.store.proven([link.id], side):
            return None
        return await whole(work, link, side, prefetched)

    return replaced((settle, "_read", read))


# Strangers.


def strangers_look_both_ways_at_once() -> Gone:
    """Strangers look both ways at once."""
    return replaced((drain, "_alone_on", lambda link: None))


def taken_ones_go_on() -> Gone:
    """Taken ones go on."""

    async def all_of_them(work: Work, side: Side, links: Any) -> Any:
        return links

    return replaced((drain, "_not_taken", all_of_them))


def meeting_unguarded() -> Gone:
    """Meeting unguarded."""
    return replaced((meet, "alone", lambda work, canon: nullcontext()))


def rivals_are_not_looked_for() -> Gone:
    """Rivals are not looked for."""
    return replaced((meet, "_rivals", answering([])))


def makers_are_not_waited_for() -> Gone:
    """Makers are not waited for."""
    return replaced((maker, "leave_to_maker", answering(None)))


def existing_are_not_adopted() -> Gone:
    """Existing are not adopted."""

    async def refused(work: Work, scene: Any, intent: Any, record_id: str) -> Any:
        step = Step(scene.link, due_at=work.clock.now(), closes=(intent.id,))
        await work.store.keep([step])
        raise Rejected("it exists already")

    return replaced((meet, "existing", refused))


def any_marker_is_ours() -> Gone:
    """Any marker is ours."""

    async def candidates(work: Work, intent: Any, lookup: Any) -> Any:
        found = await work.ask(intent.side, work.at(intent.side).find(lookup))
        holders = await work.store.links_at(work.name, intent.side, [r.id for r in found])
        return [r for r in found if r.id not in holders or not _paired(holders[r.id], intent.side)]

    return replaced((recover, "candidates", candidates))


def _paired(link: Any, side: Side) -> bool:
    return link.id_of(side.other) is not None


def any_link_is_bare() -> Gone:
    """Any link is bare."""
    return replaced((absorb, "_bare", lambda row: True))


# Patience.


def poison_is_tried_for_ever() -> Gone:
    """Poison is tried for ever."""

    async def bury(work: Work, link: Any, error: SyncError, named: str | None) -> None:
        await drain._postpone(work, link, error, counts=False, after=None)

    return replaced((drain, "_bury", bury))


def pauses_are_ignored() -> Gone:
    """Pauses are ignored."""
    return replaced((Ledger, "rests", lambda self, label, now: False))


def retry_after_is_ignored() -> Gone:
    """Retry after is ignored."""
    whole = Work.ask

    async def ask(self: Work, side: Side, call: Any) -> Any:
        try:
            return await whole(self, side, call)
        except Retry as later:
            if self.account(side) in self.ledger.paused:
                self.ledger.paused[self.account(side)] = self.clock.now() + 1.0
            later.after = None
            raise

    return replaced((Work, "ask", ask))


def nothing_is_put_off() -> Gone:
    """Nothing is put off."""
    return replaced((Work, "may_try", lambda self, link: True))


# What a person allows, and what the sync says.


def any_share_passes() -> Gone:
    """Any share passes."""
    whole = brake.trips
    return replaced(
        (
            brake,
            "trips",
            lambda harm, **limits: whole(replace(harm, overwrites=0, deletes=0), **limits),
        )
    )


def empty_sides_pass() -> Gone:
    """Empty sides pass."""
    whole = brake.trips
    return replaced(
        (brake, "trips", lambda harm, **limits: whole(replace(harm, empty=()), **limits))
    )


def the_other_side_wins() -> Gone:
    """The other side wins."""
    whole = merge._winner

    def winner(*args: Any) -> Side | None:
        named = whole(*args)
        return None if named is None else named.other

    return replaced((merge, "_winner", winner))
