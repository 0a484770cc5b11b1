"""The people of the kills: an agency at its database, others at the CRM, and their book."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from contextlib import closing
from typing import Any

from kill_book import FAR_LABELS, LABELS, Book, Edit, Found, Verdict
from kill_world import INDEX_LAG, World

from crosstie.core.values import LinkState
from crosstie.demo.compare import compared
from crosstie.sandbox.ghl import TRIP_DESK
from crosstie.store.sql_store import SqlStore

CONTACTS, BOTH, THEIRS = 5, 3, 2
"""Contacts of the agency at first, how many of them the CRM has as well, and the CRM's own."""
TRIPS, PASSENGERS = 6, 4
MOST_GUESTS = 8
MOST_CREATES = 90
"""Records made in an episode before nobody new comes to the CRM: its pages hold a hundred."""

FAR = {
    "first_name": "firstName",
    "last_name": "lastName",
    "destination": "destination",
    "trip_vendor": "tripvendor",
    "internal_trip_details": "internaltripdetails",
    "health_state": "healthstate",
    "user_roomate": "userroomate",
}
"""Column -> the field of the CRM."""
OURS = {"trips": ("trip_vendor",), "contacts": ("first_name",), "passengers": ("health_state",)}
OTHERS = {
    "trips": ("internal_trip_details",),
    "contacts": ("last_name",),
    "passengers": ("user_roomate",),
}
SHARED = ("trips", "destination")
"""Edited on both sides, only while the engine is dead: then both edits count, or it asks."""
REMOTE = {
    "contacts": "ghl_contact_id",
    "trips": "ghl_opportunity_id",
    "passengers": "ghl_opportunity_id",
}


class People:
    """They act one at a time, by dice, and write everything down."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.book = Book()
        self._world, self._dice = world, dice
        self._count = 0
        self._guests: list[str] = []

    def cast(self) -> None:
        """Two populations that have never met: some are on both sides, most on one."""
        for number in range(CONTACTS):
            self._contact(f"guest{number}@people.example")
        for number in range(BOTH):
            self._far_contact(f"guest{number}@people.example", known=True)
        for number in range(THEIRS):
            self._far_contact(f"theirs{number}@people.example")
        for number in range(TRIPS):
            self._trip(f"Tour {number}")
        for number in range(PASSENGERS):
            self._passenger(1 + number % CONTACTS, 1 + number, f"P{number}")
        time.sleep(INDEX_LAG)

    def act(self, *, alone: bool) -> None:
        """One person does one thing. alone: the engine is dead."""
        deeds = [
            (6, self._agency_edits),
            (4, self._others_edit),
            (2, self._agency_creates),
            (1, self._others_create),
            (1, self._agency_deletes),
            (1, self._others_delete),
        ]
        if alone:
            deeds.append((1, self._both_edit))
        weights = [weight for weight, _ in deeds]
        self._dice.choices([deed for _, deed in deeds], weights)[0]()

    def provoke(self, what: str) -> None:
        """Do what makes the engine create, update or delete in the CRM, or write a row."""
        if what == "delete" and not self._guests:
            what = "create"
        deeds = {
            "create": self._agency_creates,
            "update": self._agency_edits,
            "delete": self._agency_deletes,
            "row": self._others_edit,
            "pair": self._both_create,
        }
        deeds[what]()

    def judged(self) -> Verdict:
        """Compare both sides with the book, and with each other."""
        places, values = asyncio.run(_listed(self._world))
        verdict = self.book.judged(self._found(values))
        _, differences = compared(self._world.books, self._world.crm)
        verdict.different += [line for line in differences if line not in places]
        by_marker = self._world.far.control("state")["duplicates"]["by_marker"]
        verdict.doubled += ["a record of the CRM, by marker"] * by_marker
        return verdict

    def _agency_edits(self) -> None:
        table = self._dice.choices(list(OURS), (3, 1, 1))[0]
        self._edit_near(table, self._dice.choice(OURS[table]), self._someone(table))

    def _others_edit(self) -> None:
        table = self._dice.choices(list(OTHERS), (3, 1, 1))[0]
        self._edit_far(table, self._dice.choice(OTHERS[table]), self._someone(table))

    def _both_edit(self) -> None:
        """The agency and somebody at the CRM edit one field, in one order or the other."""
        table, column = SHARED
        label = self._someone(table)
        edits = [self._edit_far, self._edit_near]
        self._dice.shuffle(edits)
        for edit in edits[: self._dice.randrange(1, 3)]:
            edit(table, column, label)

    def _edit_near(self, table: str, column: str, label: str) -> None:
        value = self._fresh("near")
        key = LABELS[table]
        with self._world.sql() as connection:
            row = connection.execute(
                f"SELECT id, {column} FROM {table} WHERE {key} = ?", (label,)
            ).fetchone()
            if row is None:
                return
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (value, row["id"]))
        self.book.edited((table, label), column, Edit("left", value, row[column]))

    def _edit_far(self, table: str, column: str, label: str) -> None:
        row = self._world.books.row(table, **{LABELS[table]: label})
        remote = None if row is None else row[REMOTE[table]]
        if remote is None:
            return
        value = self._fresh("far")
        # Also a barrier: what a dead engine had sent before is carried out before it answers.
        shown = self._world.far_row(table, remote)
        self._world.set_far(table, remote, FAR[column], value)
        self.book.edited((table, label), column, Edit("right", value, shown.get(FAR[column])))

    def _agency_creates(self) -> None:
        if len(self._guests) < MOST_GUESTS:
            name = self._fresh("guest trip")
            trip = self._trip(name)
            self._guests.append(name)
            if self._dice.random() < 0.5:
                self._passenger(self._dice.randrange(1, CONTACTS + 1), trip, f"P of {name}")

    def _others_create(self) -> None:
        if self.book.done["creates"] < MOST_CREATES:
            self._far_contact(f"{self._fresh('new').replace(' ', '')}@people.example")

    def _both_create(self) -> None:
        """Two people write down the same person, one on each side."""
        if self.book.done["creates"] < MOST_CREATES:
            email = f"{self._fresh('both').replace(' ', '')}@people.example"
            self._contact(email)
            self._far_contact(email, known=True)
            time.sleep(INDEX_LAG)

    def _agency_deletes(self) -> None:
        if not self._guests:
            return
        linked = [n for n in self._guests if self._remote("trips", n) is not None]
        name = self._dice.choice(linked or self._guests)
        self._guests.remove(name)
        with self._world.sql() as connection:
            connection.execute("DELETE FROM trips WHERE name = ?", (name,))
        self._gone(name)

    def _others_delete(self) -> None:
        linked = [n for n in self._guests if self._remote("trips", n) is not None]
        if not linked:
            return
        name = self._dice.choice(linked)
        remote = self._remote("trips", name)
        self._guests.remove(name)
        self._world.far.call("DELETE", f"/opportunities/{remote}")
        self._gone(name)

    def _gone(self, name: str) -> None:
        self.book.deleted("trips", name)
        passenger = ("passengers", f"P of {name}")
        if passenger in self.book.there:
            self.book.deleted(*passenger)

    def _someone(self, table: str) -> str:
        """A record that nobody ever deletes."""
        count = {"contacts": CONTACTS, "trips": TRIPS, "passengers": PASSENGERS}[table]
        words = {"contacts": "guest{}@people.example", "trips": "Tour {}", "passengers": "P{}"}
        return words[table].format(self._dice.randrange(count))

    def _contact(self, email: str) -> None:
        self._world.insert("contacts", first_name=email.partition("@")[0], email=email)
        self.book.created("contacts", email)

    def _far_contact(self, email: str, *, known: bool = False) -> None:
        body = {"locationId": "sandboxLocation00001", "email": email}
        body["firstName"] = email.partition("@")[0]
        self._world.far.call("POST", "/contacts/", body)
        if not known:
            self.book.created("contacts", email)

    def _trip(self, name: str) -> int:
        number = self._world.insert("trips", name=name)
        self.book.created("trips", name)
        return number

    def _passenger(self, contact: int, trip: int, label: str) -> None:
        self._world.insert(
            "passengers", contact_id=contact, trip_id=trip, trip_name="On tour",
            passport_number=label,
        )  # fmt: skip
        self.book.created("passengers", label)

    def _remote(self, table: str, label: str) -> str | None:
        row = self._world.books.row(table, **{LABELS[table]: label})
        return None if row is None else row[REMOTE[table]]

    def _fresh(self, who: str) -> str:
        self._count += 1
        return f"{who} {self._count}"

    def _found(self, listed: frozenset[str]) -> Found:
        left: dict[str, dict[str, list[Any]]] = {}
        right: dict[str, dict[str, list[Any]]] = {}
        for table, label in LABELS.items():
            left[table], right[table] = defaultdict(list), defaultdict(list)
            for row in self._world.books.rows(table):
                left[table][str(row[label])].append(row)
            for far in self._world.far_rows(table):
                if far["id"] != TRIP_DESK:
                    shown = {column: far.get(name) or None for column, name in FAR.items()}
                    right[table][str(far.get(FAR_LABELS[table]))].append(shown)
        return Found(left, right, listed)


async def _listed(world: World) -> tuple[set[str], frozenset[str]]:
    """What the engine shows to a person of open conflicts: `table id: field`, and the values."""
    places, values = set[str](), set[str]()
    with closing(SqlStore.open(world.app.state)) as store:
        for conflict in await store.conflicts(None, 1_000):
            link = await store.link(conflict.link_id)
            for name, shown in conflict.fields.items():
                places.add(f"{conflict.sync} {link.left_id if link else None}: {name}")
                values.update(map(str, shown.values()))
        dead = await store.links_in(LinkState.DEAD, None, 1_000)
    return places | {f"dead letter {link.sync} {link.left_id}" for link in dead}, frozenset(values)
