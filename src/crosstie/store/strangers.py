"""Strangers of one sync, in a scratch database that nobody else sees and no crash leaves behind.

They are as many as the records of both sides, so they are kept out of memory; and they are worth
nothing once the scan that found them is over, so they are kept out of the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from crosstie.core.values import Side
from crosstie.ports.state import Group, Match, Stranger
from crosstie.store.sqlite import connect_scratch

# `met`: who shares a key with somebody, and which key. `meeting`: the values of one key that are
# shared; those that one left and one right share alone are `lone`.
_TABLES = (
    "CREATE TABLE met (number INTEGER PRIMARY KEY, key_number INTEGER)",
    "CREATE TABLE meeting (number INTEGER PRIMARY KEY, key TEXT, lone INTEGER,"
    " left_number INTEGER, right_number INTEGER)",
)
# The index is made after loading, which is faster, and holds all that finding the meetings needs.
# In the order of the left strangers: reading the matches then reads one side front to back.
_MEET = (
    "DELETE FROM meeting",
    "CREATE INDEX IF NOT EXISTS by_{key} ON stranger ({key}, side) WHERE {key} IS NOT NULL",
    """
INSERT INTO meeting (key, lone, left_number, right_number)
SELECT {key}, count(*) = 2 AND min(side) <> max(side),
       min(CASE side WHEN 'left' THEN number END) AS first,
       min(CASE side WHEN 'right' THEN number END)
FROM stranger WHERE {key} IS NOT NULL AND number NOT IN (SELECT number FROM met)
GROUP BY {key} HAVING count(*) > 1 ORDER BY first
""",
    "INSERT INTO met SELECT left_number, {number} FROM meeting WHERE lone ORDER BY 1",
    "INSERT INTO met SELECT right_number, {number} FROM meeting WHERE lone ORDER BY 1",
    """
INSERT INTO met
SELECT stranger.number, {number}
FROM meeting CROSS JOIN stranger ON stranger.{key} = meeting.key
WHERE NOT lone AND stranger.number NOT IN (SELECT number FROM met) ORDER BY 1
""",
)
_GROUPS = """
SELECT shown.number, stranger.side, stranger.id, stranger.mark
FROM (SELECT number, key FROM meeting WHERE number > ? AND NOT lone ORDER BY number LIMIT ?) shown
CROSS JOIN stranger ON stranger.{key} = shown.key
CROSS JOIN met ON met.number = stranger.number AND met.key_number = {number}
ORDER BY shown.number, stranger.id
"""
_ALONE = """
SELECT id, mark FROM stranger
WHERE side = ? AND (? IS NULL OR id > ?) AND number NOT IN (SELECT number FROM met)
ORDER BY id LIMIT ?
"""


class Strangers:
    """Those of one sync; `width` is how many match keys each has."""

    def __init__(self, width: int) -> None:
        self._scratch = connect_scratch()
        self._width = width
        self._groups: str | None = None
        keys = [f"key_{number}" for number in range(width)]
        columns = ["side", "id", "mark", *keys, "fields"]
        places = ", ".join("?" for _ in columns)
        self._add = f"INSERT OR REPLACE INTO stranger ({', '.join(columns)}) VALUES ({places})"
        own = [f"{who}.{key}" for who in ("a", "b") for key in keys]
        shown = ["meeting.number", "a.id", "b.id", "a.mark", "b.mark", _EQUAL, *own]
        self._matches = f"SELECT {', '.join(shown)} {_LONE}"
        texts = "".join(f"{name} TEXT, " for name in columns[:-1])
        stranger = (
            f"CREATE TABLE stranger (number INTEGER PRIMARY KEY, {texts} fields BLOB,"
            " UNIQUE (side, id))"
        )
        self._together(stranger, *_TABLES)

    def close(self) -> None:
        """Forget them all."""
        self._scratch.close()

    def add(self, side: Side, strangers: Sequence[Stranger]) -> None:
        """`MatchStore.add_strangers`."""
        on = side.value
        rows = [(on, id_, mark, *keys, fields) for id_, keys, mark, fields in strangers]
        if rows:
            with self._scratch as connection:
                connection.execute("BEGIN")
                connection.executemany(self._add, rows)

    def meet(self, key_number: int) -> None:
        """`MatchStore.meet_strangers`."""
        named = {"key": f"key_{key_number}", "number": key_number}
        self._together(*[statement.format(**named) for statement in _MEET])
        self._groups = _GROUPS.format(**named)

    def matches(self, after: int, limit: int) -> list[Match]:
        """`MatchStore.stranger_matches`."""
        width = self._width
        rows = self._scratch.execute(self._matches, (after, limit)).fetchall()
        return [
            Match(number, left, right, left_mark, right_mark, fields, (*k[:width],), (*k[width:],))
            for number, left, right, left_mark, right_mark, fields, *k in rows
        ]

    def groups(self, after: int, limit: int) -> list[Group]:
        """`MatchStore.stranger_groups`."""
        if self._groups is None:
            return []
        rows = self._scratch.execute(self._groups, (after, limit)).fetchall()
        return [_group(number, list(members)) for number, members in groupby(rows, itemgetter(0))]

    def alone(self, side: Side, after: str | None, limit: int) -> list[tuple[str, str]]:
        """`MatchStore.strangers`."""
        return self._scratch.execute(_ALONE, (side.value, after, after, limit)).fetchall()

    def _together(self, *statements: str) -> None:
        with self._scratch as connection:
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement)


_EQUAL = "CASE WHEN a.fields = b.fields THEN a.fields END"
_LONE = """
FROM meeting
CROSS JOIN stranger a ON a.number = meeting.left_number
CROSS JOIN stranger b ON b.number = meeting.right_number
WHERE meeting.number > ? AND meeting.lone ORDER BY meeting.number LIMIT ?
"""


def _group(number: int, members: Sequence[Sequence[str]]) -> Group:
    marks: dict[str, dict[str, str]] = {side.value: {} for side in Side}
    for _, side, record_id, mark in members:
        marks[side][record_id] = mark
    return Group(number, marks[Side.LEFT.value], marks[Side.RIGHT.value])
