"""What can be found in the state and in the systems when all is over."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crosstie.core.errors import Rejected, Unlinked
from crosstie.core.mapping import Refs
from crosstie.core.values import SIDES, Json, Link, Side
from crosstie.store.rows import LINK_COLUMNS, link_of
from crosstie.testing.simulator.values import plain

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life

Place = tuple[str, str, str]
"""(sync, side, record id)."""
_LINKS = f"SELECT {', '.join(LINK_COLUMNS)} FROM link WHERE sync = ? ORDER BY id"
_BEFORE = "SELECT sync, side, record_id, before FROM history WHERE before <> '{}'"
_SHOWN = (
    "SELECT c.sync, CASE WHEN l.left_id IS NULL THEN 'right' ELSE 'left' END, "
    "coalesce(l.left_id, l.right_id), c.fields FROM conflict c JOIN link l ON l.id = c.link_id"
)


class Evidence:
    """Links, canonical values, conflicts and history, read once."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._links: dict[str, list[Link]] = {}
        self._at: dict[Place, Link] = {}
        self._parent: dict[Place, Place] = {}
        for sync in life.played:
            self._links[sync] = list(map(link_of, life.state.rows(_LINKS, sync)))
            for link in self._links[sync]:
                for side in SIDES:
                    if (record_id := link.id_of(side)) is not None:
                        self._at[sync, side.value, record_id] = link
                if link.left_id is not None and link.right_id is not None:
                    self._join(sync, link.left_id, link.right_id)
        for sync, left, right in (*life.pairs, *life.witness.paired):
            self._join(sync, left, right)

    def links(self, sync: str) -> list[Link]:
        """All links of a sync, oldest first."""
        return self._links[sync]

    def link_of(self, sync: str, side: Side, record_id: str) -> Link | None:
        """The link of a record."""
        return self._at.get((sync, side.value, record_id))

    def asked(self, link: Link) -> set[str]:
        """Fields that a person is asked about; `*` for the record. Empty: nothing is asked."""
        found = self._open.get(link.id)
        return set() if found is None else found or {"*"}

    def kinds(self, link: Link) -> set[str]:
        """Of the open conflicts of a link."""
        asked = "SELECT kind FROM conflict WHERE link_id = ? AND closed_at IS NULL"
        return {kind for (kind,) in self._life.state.rows(asked, link.id)}

    def unknown(self, sync: str) -> bool:
        """A person is asked whether a create happened."""
        asked = "SELECT 1 FROM conflict WHERE closed_at IS NULL AND sync = ? AND kind = 'unknown'"
        return bool(self._life.state.rows(asked, sync))

    @cached_property
    def _open(self) -> dict[int, set[str]]:
        rows = self._life.state.rows("SELECT link_id, fields FROM conflict WHERE closed_at IS NULL")
        return {link_id: set(json.loads(fields)) for link_id, fields in rows}

    def canon(self, link: Link, side: Side) -> dict[str, Json]:
        """Canonical values of one side of a link, without references to what is gone."""
        system = self._life.systems[link.sync, side]
        mapping = self._life.played[link.sync].sync.mapping
        fields = system.known(str(link.id_of(side))).fields
        try:
            canon = mapping.side(side).read(fields, self._refs)
            for name, raw, parent in mapping.side(side).references:
                if self._life.systems[parent, side].row(str(fields.get(raw))) is None:
                    del canon[name]
        except (Unlinked, Rejected):
            # It refers to what is gone.
            refer = {name for name, _, _ in mapping.side(side).references}
            plain_ones = [
                f.name for f in mapping.fields if f.raw_name(side) and f.name not in refer
            ]
            return {name: mapping.side(side).read_one(name, fields) for name in plain_ones}
        return canon

    @cached_property
    def _refs(self) -> Refs:
        to_left: dict[tuple[str, str], str] = {}
        to_right: dict[tuple[str, str], str] = {}
        for sync, links in self._links.items():
            for link in links:
                if link.left_id is not None and link.right_id is not None:
                    to_left[sync, link.right_id] = link.left_id
                    to_right[sync, link.left_id] = link.right_id
        return Refs(to_left, to_right)

    def told(self, thing: Place, field: str, value: Json) -> bool:
        """A conflict of this thing shows the value, or its history as what was there before."""
        return (thing, field, plain(value)) in self._told

    @cached_property
    def _told(self) -> set[tuple[Place, str, str]]:
        found: set[tuple[Place, str, str]] = set()
        for sync, side, record_id, before in self._life.state.rows(_BEFORE):
            thing = self.thing(sync, side, record_id)
            found.update((thing, name, plain(value)) for name, value in json.loads(before).items())
        for sync, side, record_id, fields in self._life.state.rows(_SHOWN):
            thing = self.thing(sync, side, record_id)
            seen: dict[str, dict[str, Any]] = json.loads(fields)
            for name, values in seen.items():
                found.update((thing, name, plain(value)) for value in values.values())
        return found

    # Which records are one thing.

    def thing(self, sync: str, side: str, record_id: str) -> Place:
        """A name that all records of one thing share."""
        place = (sync, side, record_id)
        while (above := self._parent.get(place, place)) != place:
            place = above
        return place

    def _join(self, sync: str, left: str, right: str) -> None:
        one, other = self.thing(sync, "left", left), self.thing(sync, "right", right)
        if one != other:
            self._parent[max(one, other)] = min(one, other)
