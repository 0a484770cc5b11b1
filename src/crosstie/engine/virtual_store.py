"""A store in which nothing happens: it answers as if it had.

The planner runs the real settling on them, so a plan is made by the same decisions as a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from msgspec.structs import replace

from crosstie.core.values import (
    Cursor,
    Instant,
    Link,
    LinkState,
    Side,
)
from crosstie.engine.evidence import ImaginedProofs
from crosstie.ports import (
    Conflict,
    FlowStore,
    Group,
    Intent,
    LastScan,
    Match,
    Noticed,
    Sighting,
    Step,
    Stranger,
)


class VirtualStore(ImaginedProofs):
    """Reads the real store, and keeps what a run would keep in memory, for the links it touches."""

    def __init__(self, real: FlowStore, *, linked_only: bool = False) -> None:
        super().__init__()
        self._real = real
        self._linked_only = linked_only
        self._next = -1
        self.due: dict[int, Link] = {}
        """Links that became due in this world only."""
        self.conflicts: list[tuple[Link, Conflict]] = []
        self.dead: list[Link] = []
        """Links that a run would leave as dead letters."""
        self.postponed: list[tuple[Link, Instant]] = []
        """Links that could not be settled now, and when a run would try them again."""
        self.matched: Counter[str] = Counter()
        """Sync -> records that would be linked without being changed."""
        self._paired: dict[tuple[str, Side], dict[str, str]] = {}
        self._met: set[tuple[str, Side, str | None]] = set()
        """Records that got a link in this world only."""
        self._cursors: dict[tuple[str, Side], Cursor] = {}

    @property
    def identity(self) -> str:
        return self._real.identity

    def _make_due(self, link: Link) -> None:
        """A link that is made in this world only: its number is negative."""
        self.due[self._next] = replace(link, id=self._next)
        self._next -= 1
        self._meet(link)

    def _meet(self, link: Link) -> None:
        self._met |= {(link.sync, side, link.id_of(side)) for side in Side}

    async def notice(
        self,
        sync: str,
        side: Side,
        sightings: Sequence[Sighting],
        now: Instant,
        cursor: Cursor | None = None,
        *,
        meet: bool = True,
    ) -> Noticed:
        told = {sighting.id: sighting for sighting in sightings}
        known = await self.marks_at(sync, side, list(told))
        unknown = tuple(i for i in told if i not in known and not told[i].gone)
        self.told_gone(side, [known[i][0] for i in known if told[i].gone])
        suspected = await self._real.suspected(sync)
        news = [
            record_id
            for record_id, (link_id, mark) in known.items()
            if told[record_id].gone or link_id in suspected or mark != told[record_id].mark
        ]
        due = await self._real.links_at(sync, side, news) if news else {}
        for link in due.values():
            if link.state is not LinkState.CLOSED:
                self.due[link.id] = link
        if meet:
            for record_id in unknown:
                on_left = side is Side.LEFT
                left, right = (record_id, None) if on_left else (None, record_id)
                self._make_due(Link(sync, left, right, noticed=1))
        if cursor is not None and (meet or not unknown):
            self._cursors[sync, side] = cursor
        links = tuple(link_id for link_id, _ in known.values())
        return Noticed(marked=len(news), links=links, unknown=unknown)

    async def newest_due(self, *asked: object) -> Sequence[Link]:
        return ()  # a plan leaves nothing for later

    async def claim(self, sync: str, now: Instant, limit: int, skip: Set[int]) -> Sequence[Link]:
        mine = [x for x in self.due.values() if x.sync == sync and x.id not in skip]
        if len(mine) >= limit:
            return mine[:limit]
        busy = {*skip, *self.due}
        while real := await self._real.claim(sync, now, limit - len(mine), busy):
            fits = [link for link in real if not self._linked_only or _complete(link)]
            if fits:
                return [*mine, *fits]
            busy.update(link.id for link in real)
        return mine

    async def link(self, link_id: int) -> Link | None:
        return self.due.get(link_id) or await self._real.link(link_id)

    async def links_at(self, sync: str, side: Side, ids: Sequence[str]) -> Mapping[str, Link]:
        """Real links; a record that was paired in this world has the link of that pair."""
        found = dict(await self._real.links_at(sync, side, ids))
        mine = self._paired.get((sync, side), {})
        for own in mine.keys() & set(ids):
            pair = (own, mine[own]) if side is Side.LEFT else (mine[own], own)
            found[own] = Link(sync, *pair)
        return found

    async def marks_at(
        self, sync: str, side: Side, ids: Sequence[str]
    ) -> Mapping[str, tuple[int, str | None]]:
        """As they really are; a record that was met in this world has no link that can be named."""
        met = {i: (0, None) for i in ids if (sync, side, i) in self._met}
        return {**met, **await self._real.marks_at(sync, side, ids)}

    async def newest_link(self, sync: str) -> int:
        return await self._real.newest_link(sync)

    async def linked_ids(
        self, sync: str, side: Side, after: int, limit: int
    ) -> Sequence[tuple[int, str]]:
        return await self._real.linked_ids(sync, side, after, limit)

    async def counterparts(self, sync: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]:
        mine = self._paired.get((sync, side), {})
        real = await self._real.counterparts(sync, side, ids)
        return {**real, **{i: mine[i] for i in ids if i in mine}}

    async def wake(self, link_ids: Sequence[int], now: Instant) -> int:
        return len(link_ids)

    async def clear_strangers(self, sync: str) -> None:
        await self._real.clear_strangers(_aside(sync))

    async def add_strangers(self, sync: str, side: Side, strangers: Sequence[Stranger]) -> None:
        await self._real.add_strangers(_aside(sync), side, strangers)

    async def meet_strangers(self, sync: str, key_number: int) -> None:
        await self._real.meet_strangers(_aside(sync), key_number)

    async def stranger_matches(self, sync: str, after: int, limit: int) -> Sequence[Match]:
        return await self._real.stranger_matches(_aside(sync), after, limit)

    async def stranger_groups(self, sync: str, after: int, limit: int) -> Sequence[Group]:
        return await self._real.stranger_groups(_aside(sync), after, limit)

    async def strangers(
        self, sync: str, side: Side, after: str | None, limit: int
    ) -> Sequence[tuple[str, str]]:
        return await self._real.strangers(_aside(sync), side, after, limit)

    async def pair_strangers(self, sync: str, matches: Sequence[Match], now: Instant) -> None:
        lefts = self._paired.setdefault((sync, Side.LEFT), {})
        rights = self._paired.setdefault((sync, Side.RIGHT), {})
        for match in matches:
            left, right = match.left_id, match.right_id
            lefts[left], rights[right] = right, left
            if match.fields is None:
                self._make_due(Link(sync, left, right, noticed=1))
            else:
                self.matched[sync] += 1
            self._meet(Link(sync, left, right))

    async def link_strangers(self, sync: str, links: Sequence[Link], now: Instant) -> None:
        for link in links:
            self._make_due(link)

    async def ask_strangers(
        self, sync: str, asked: Sequence[tuple[Link, Conflict]], now: Instant
    ) -> None:
        self.conflicts.extend(asked)
        for link, _ in asked:
            self._meet(link)

    async def last_scan(self, sync: str) -> LastScan:
        return await self._real.last_scan(sync)

    async def scanned(self, sync: str, now: Instant, declared: str | None = None) -> None:
        """A plan is no reconcile."""

    async def waive_scan(self, sync: str) -> None:
        """Nor does it meet anybody."""

    async def cursor(self, sync: str, side: Side) -> Cursor | None:
        return self._cursors.get((sync, side)) or await self._real.cursor(sync, side)

    async def intend(self, intents: Sequence[Intent]) -> Sequence[int]:
        return [0 for _ in intents]

    async def open_intents(self, link_ids: Sequence[int]) -> Sequence[Intent]:
        return await self._real.open_intents([i for i in link_ids if i > 0])

    async def open_creates(self, sync: str, side: Side) -> Sequence[tuple[Intent, LinkState]]:
        return ()

    async def conflict(self, conflict_id: int) -> Conflict | None:
        return await self._real.conflict(conflict_id)

    async def keep(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._pair(step.link)
            if step.link.state is LinkState.DEAD:
                self.dead.append(step.link)
            # Nothing but a link that failed: no write, no answer and no note ended with it.
            if step.link.error and step.due_at and step == Step(step.link, step.due_at):
                self.postponed.append((step.link, step.due_at))
            if isinstance(step.conflict, Conflict) and not step.conflict.id:
                self.conflicts.append((step.link, step.conflict))

    def _pair(self, link: Link) -> None:
        if link.left_id is not None and link.right_id is not None:
            self._paired.setdefault((link.sync, Side.LEFT), {})[link.left_id] = link.right_id
            self._paired.setdefault((link.sync, Side.RIGHT), {})[link.right_id] = link.left_id


def _complete(link: Link) -> bool:
    return link.left_id is not None and link.right_id is not None


def _aside(sync: str) -> str:
    """Strangers of a plan do not mix with those of a run that goes on meanwhile."""
    return f"{sync} (plan)"
