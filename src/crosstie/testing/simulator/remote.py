"""A system at its worst: slow indices, shifting pages, a feed that cannot be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from crosstie.core.errors import Duplicate, Rejected
from crosstie.core.values import Cursor, Fields, Instant, Json, Page, Record, Tombstone
from crosstie.ports import Capabilities, Found, Lookup
from crosstie.ports.runtime import Clock
from crosstie.testing.memory import Behaviour, MemoryCollection
from crosstie.testing.memory_rows import Shelf
from crosstie.testing.simulator.values import plain


@dataclass(frozen=True, slots=True)
class Worst:
    """Bad habits that `Behaviour` does not know. As it stands, a system without any."""

    twice: bool = False
    """The feed tells some changes twice."""
    late: float = 0.0
    """Seconds by which the feed is late with some changes."""
    reorders: bool = False
    """The feed tells changes of one moment in another order."""
    silent: bool = False
    """The feed never tells of some changes."""
    shifting: bool = False
    """Pages of a scan are places in the listing as it is when they are asked for."""
    stale_rows: float = 0.0
    """Seconds for which listings show a record as it was before its last change."""
    nameless: bool = False
    """A duplicate is refused without saying which record there is already."""
    outbox: bool = False
    """The feed forgets what was acknowledged, and tells the rest whatever the cursor."""
    late_reads: bool = False
    """A read by id misses a created record for as long as a search does."""
    coarse: bool = False
    """`find` compares without case, blanks and order."""
    vague: bool = False
    """`find` takes one marker of ours for another: its search knows only how a marker begins."""
    salt: int = 0
    """Chooses which changes the feed treats badly."""

    def roll(self, place: int) -> int:
        """Chance that stays the same for a place in the feed."""
        return (place * 2_654_435_761 + self.salt * 40_503) >> 7 & 0xFFFF


HONEST = Worst()


class WornShelf(Shelf):
    """Records, with what listings still show of them."""

    worst: Worst = HONEST
    id_field: str | None = None

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        behaviour: Behaviour,
        clock: Clock | None,
        prefix: str,
    ) -> None:
        super().__init__(name, names, behaviour, clock, prefix)
        self.before: dict[str, tuple[Instant, Record]] = {}
        self.vanished: dict[str, Instant] = {}

    def insert(self, fields: Fields) -> str:
        record_id = super().insert(fields)
        if self.id_field is not None:
            row = {**msgspec.json.decode(self.rows[record_id]), self.id_field: record_id}
            self.rows[record_id] = msgspec.json.encode(row)
        return record_id

    def change(self, record_id: str, patch: Mapping[str, Json]) -> None:
        was = self.record(record_id) if self.worst.stale_rows else None
        super().change(record_id, patch)
        if was is not None:
            self.before[record_id] = (self.now() + self.worst.stale_rows, was)

    def listed(self, record_id: str) -> Record:
        known = self.before.get(record_id)
        if known is None or known[0] <= self.now():
            return super().listed(record_id)
        was = known[1]
        if self.behaviour.full_rows:
            return was
        fields = {n: v for n, v in was.fields.items() if n not in self.behaviour.hidden}
        return Record(record_id, fields, was.version, was.updated, was.marker, hint=True)

    def unlisted(self, record_id: str) -> bool:
        """A scan does not show it: gone, vanished for a while, or too young."""
        if record_id not in self.rows or self.vanished.get(record_id, 0.0) > self.now():
            return True
        return self.behaviour.lagging_scan and self.hides(record_id, self.visible_at)


class Remote(MemoryCollection):
    """A collection in memory that has all the habits of `Worst`."""

    def __init__(
        self,
        name: str = "memory",
        *,
        fields: Sequence[str] = (),
        behaviour: Behaviour | None = None,
        clock: Clock | None = None,
        prefix: str = "",
        worst: Worst = HONEST,
        id_field: str | None = None,
    ) -> None:
        super().__init__(name, fields=fields, behaviour=behaviour, clock=clock, prefix=prefix)
        self._shelf: WornShelf = WornShelf(name, fields, self.behaviour, clock, prefix)
        self._shelf.worst, self._shelf.id_field = worst, id_field
        self.worst = worst
        self.refused: set[str] = set()
        """Values, as `plain` reads them, that it takes from people only."""
        self.refusals: Counter[str] = Counter()
        """How often each of them was refused."""
        self._acknowledged = 0
        self._told: list[str] = []
        self._waiting: list[tuple[Instant, int, str]] = []
        self._taken = 0
        self._able: tuple[Behaviour, Capabilities] | None = None

    @property
    def can(self) -> Capabilities:
        """See `MemoryCollection`; made once for the same habits."""
        if self._able is None or self._able[0] is not self.behaviour:
            self._able = (self.behaviour, super().can)
        return self._able[1]

    def ids(self) -> list[str]:
        """Records that are there, oldest first."""
        return [i for i in self._shelf.order if i in self._shelf.rows]

    def row(self, record_id: str) -> dict[str, Json] | None:
        """One record as it is now."""
        raw = self._shelf.rows.get(record_id)
        return None if raw is None else msgspec.json.decode(raw)

    def vanish(self, record_id: str, until: Instant) -> None:
        """Scans do not show that record until then."""
        self._shelf.vanished[record_id] = until

    def known(self, record_id: str) -> Record:
        """One record as a read would show it; it must be there."""
        return self._shelf.record(record_id)

    @property
    def untold(self) -> bool:
        """The feed has still to tell of something."""
        behind = self._taken < len(self._shelf.feed) and not self.worst.silent
        return self.behaviour.has_changes and (behind or bool(self._waiting))

    def withhold(self) -> list[str]:
        """Take away what the feed would tell next; it is told when it is delivered."""
        ids = self._shelf.feed[self._taken :]
        self._taken = len(self._shelf.feed)
        return ids

    def deliver(self, ids: Sequence[str]) -> None:
        """The feed tells of these records now, whatever its habits."""
        self._told += ids

    def calm(self) -> None:
        """From now on listings and feeds are up to date."""
        self._shelf.vanished.clear()
        self._shelf.before.clear()
        self._shelf.visible_at.clear()

    async def changes(self, cursor: Cursor | None) -> Page:
        call = self._begin("changes")
        if not self.behaviour.has_changes:
            raise Rejected(f"{self._shelf.name} has no change feed", fix="use scan")
        self._catch_up()
        start = len(self._told) if cursor is None else int(cursor)
        if self.worst.outbox and cursor is not None:
            start = self._acknowledged
        end = min(start + self.behaviour.page_size, len(self._told))
        told = self._told[start:end]
        if not self.worst.twice:
            told = list(dict.fromkeys(reversed(told)))[::-1]
        entries: list[Record | Tombstone] = []
        for record_id in told:
            if record_id in self._shelf.rows:
                entries.append(Shelf.listed(self._shelf, record_id))
            elif self.behaviour.sees_deletes:
                entries.append(Tombstone(record_id))
        self.behaviour.after("changes", call)
        return Page(entries, Cursor(str(end)), end < len(self._told))

    async def acknowledge(self, cursor: Cursor) -> None:
        await super().acknowledge(cursor)
        self._acknowledged = max(self._acknowledged, int(cursor))

    async def read(self, ids: Sequence[str]) -> Found:
        found = await super().read(ids)
        if not self.worst.late_reads:
            return found
        late = {i for i in found.records if self._shelf.hides(i, self._shelf.visible_at)}
        seen = {i: record for i, record in found.records.items() if i not in late}
        return Found(seen, found.missing | late)

    def _catch_up(self) -> None:
        """Take over what changed into what the feed tells, each when its time has come."""
        worst, now, feed = self.worst, self._shelf.now(), self._shelf.feed
        for place in range(self._taken, len(feed)):
            roll = worst.roll(place)
            if worst.silent and roll % 5 == 0:
                continue
            due = now + (worst.late if roll % 3 == 0 else 0.0)
            self._waiting.append((due, -place if worst.reorders else place, feed[place]))
            if worst.twice and roll % 4 == 0:
                self._waiting.append((due + worst.late, place, feed[place]))
        self._taken = len(feed)
        if self._waiting:
            self._waiting.sort()
            ready = [each for each in self._waiting if each[0] <= now]
            self._waiting = self._waiting[len(ready) :]
            self._told += [record_id for _, _, record_id in ready]

    async def scan(self, cursor: Cursor | None) -> Page:
        call = self._begin("scan")
        shelf, size = self._shelf, self.behaviour.page_size
        start = 0 if cursor is None else int(cursor)
        shown = [place for place, i in enumerate(shelf.order) if not shelf.unlisted(i)]
        if self.worst.shifting:
            page, end = shown[start : start + size], start + size
            more = end < len(shown)
        else:
            rest = [place for place in shown if place >= start]
            page, more = rest[:size], len(rest) > size
            end = page[-1] + 1 if page else start
        entries = [shelf.listed(shelf.order[place]) for place in page]
        self.behaviour.after("scan", call)
        return Page(entries, Cursor(str(end)), more)

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        if self.worst.vague and lookup.marker is not None:
            return self._with_any_marker()
        if not self.worst.coarse:
            return await super().find(lookup)
        call = self._begin("find")
        names = set(self.behaviour.searchable)
        wanted = {n: plain(v) for n, v in lookup.equal.items() if n in names and plain(v)}
        found = []
        for record_id in self._shelf.rows:
            if self._shelf.hides(record_id, self._shelf.visible_at):
                continue
            record = self._shelf.record(record_id)
            ours = self.behaviour.marker and record.marker and record.marker == lookup.marker
            if ours or any(plain(record.fields.get(n)) == v for n, v in wanted.items()):
                found.append(record)
        self.behaviour.after("find", call)
        return found

    def _with_any_marker(self) -> Sequence[Record]:
        call, shelf = self._begin("find"), self._shelf
        marked = [i for i in shelf.markers if not shelf.hides(i, shelf.visible_at)]
        self.behaviour.after("find", call)
        return [shelf.record(record_id) for record_id in marked]

    async def create(self, fields: Fields, key: str) -> Record:
        self._refuse(fields)
        try:
            return await super().create(fields, key)
        except Duplicate as known:
            if not self.worst.nameless:
                raise
            raise Rejected(str(known), field=self.behaviour.unique) from None

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: object
    ) -> Record:
        self._refuse(patch)
        return await super().update(record_id, patch, was, if_version)  # type: ignore[arg-type]

    def _refuse(self, fields: Fields) -> None:
        if not self.refused:
            return
        for name, value in fields.items():
            if plain(value) in self.refused:
                self.refusals[plain(value)] += 1
                raise Rejected(f"{self.name} does not take this {name}", field=name)
