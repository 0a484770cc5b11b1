"""`python tests/scenario/kill_engine.py [SEED [KILLS]]`: the engine is killed while people work.

People edit, create and delete records of TripBuilder and of the CRM without pause. Meanwhile the
engine is killed with `kill -9` at random moments, by default 50 times, and started again. Then
everybody rests, the engine runs to its end, and both sides are compared by hand. Prints the counts;
exit code 1 when a record exists twice, an edit is lost, or the sides differ.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crosstie.demo.compare import compared
from crosstie.demo.people import add_contact, add_trip, edit_trip, enrol
from crosstie.demo.stage import INDEX_LAG, Stage, staged

UNBRAKED = """
from dataclasses import replace

from crosstie import Brake
from tripbuilder.crosstie_app import app as braked

never = Brake(share=1.0, records=10**9, empty_side=False)
app = replace(braked, syncs=[replace(sync, brake=never) for sync in braked.syncs])
"""
"""People here delete so much in two minutes that the brake would rightly stop the play."""
ROUNDS_TO_QUIET = 12
LATENCY = 0.02
"""Seconds that the CRM takes for a call, so that a kill often falls between call and answer."""
AT_WORK = 0.8
"""Share of the kills that wait until the engine has started; the others may fall into its start."""
TRIPS, CONTACTS = 8, 6
MOST_GUESTS = 8

OURS = ("destination", "trip_vendor")
THEIRS = {"internal_trip_details": "internaltripdetails", "return_date": "returndate"}


@dataclass
class Play:
    """The people, what they did, and what must therefore stand on both sides in the end."""

    stage: Stage
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    trips: dict[int, dict[str, str]] = field(default_factory=dict)
    """Trip -> column -> the value that was given last, on whichever side."""
    contacts: dict[int, dict[str, str]] = field(default_factory=dict)
    guests: dict[int, str] = field(default_factory=dict)
    """Trips that only the agency touches, so that they can be deleted at any moment."""

    def cast(self) -> None:
        """The records there are before the first kill."""
        for number in range(CONTACTS):
            row = add_contact(self.stage, first_name="Guest", email=f"guest{number}@people.example")
            self.contacts[row["id"]] = {}
        for number in range(TRIPS):
            row = add_trip(self.stage, name=f"Tour {number}")
            self.trips[row["id"]] = {}
            contact = self.stage.books.rows("contacts")[number % CONTACTS]
            enrol(self.stage, row, contact, passport_number=f"P{number}")

    def act(self) -> None:
        """One person does one thing."""
        deeds = (
            (6, self._agency_edits),
            (5, self._crm_edits),
            (2, self._crm_edits_contact),
            (2, self._agency_creates),
            (1, self._agency_deletes),
        )
        weights = [weight for weight, _ in deeds]
        self.dice.choices([deed for _, deed in deeds], weights)[0]()

    def _agency_edits(self) -> None:
        trip, column = self.dice.choice(list(self.trips)), self.dice.choice(OURS)
        value = self._fresh("agency")
        edit_trip(self.stage, {"id": trip}, **{column: value})
        self.trips[trip][column] = value

    def _crm_edits(self) -> None:
        trip, column = self.dice.choice(list(self.trips)), self.dice.choice(list(THEIRS))
        row = self.stage.books.row("trips", id=trip)
        if row is None or row["ghl_opportunity_id"] is None:
            return
        value = self._fresh("crm")
        if column == "return_date":
            value = f"20{self.dice.randrange(27, 99)}-0{self.dice.randrange(1, 10)}-15"
        self.stage.crm.edit("opportunities", row["ghl_opportunity_id"], {THEIRS[column]: value})
        self.trips[trip][column] = value

    def _crm_edits_contact(self) -> None:
        contact = self.dice.choice(list(self.contacts))
        row = self.stage.books.row("contacts", id=contact)
        if row is None or row["ghl_contact_id"] is None:
            return
        value = self._fresh("crm")
        self.stage.crm.edit("contacts", row["ghl_contact_id"], {"lastName": value})
        self.contacts[contact]["last_name"] = value

    def _agency_creates(self) -> None:
        if len(self.guests) >= MOST_GUESTS:
            return
        name = self._fresh("created")
        row = add_trip(self.stage, name=name, destination="Somewhere")
        self.guests[row["id"]] = name
        contact = self.stage.books.rows("contacts")[0]
        enrol(self.stage, row, contact, passport_number=name)

    def _agency_deletes(self) -> None:
        if self.guests:
            trip = self.dice.choice(list(self.guests))
            self.stage.agency.submit(f"/trips/{trip}", {}, button="/delete")
            del self.guests[trip]
            self.done["deleted"] += 1

    def _fresh(self, who: str) -> str:
        self.done[who] += 1
        return f"{who} {self.done[who]}"

    def lost(self) -> list[str]:
        """Edits that do not stand in the database. What differs in the CRM is compared apart."""
        wrong = []
        for table, expected in (("trips", self.trips), ("contacts", self.contacts)):
            for record_id, values in expected.items():
                row: dict[str, Any] = self.stage.books.row(table, id=record_id) or {}
                wrong += [
                    f"{table} {record_id} {column}: {row.get(column)!r} instead of {value!r}"
                    for column, value in values.items()
                    if row.get(column) != value
                ]
        kept = {**dict.fromkeys(self.trips), **self.guests}
        there = {row["id"] for row in self.stage.books.rows("trips")}
        return wrong + [f"trip {i}: gone or back again" for i in there ^ kept.keys()]

    def twice(self) -> list[str]:
        """Records that stand more than once in the CRM, by our marker and by their names."""
        crm = self.stage.crm
        names = Counter(o["name"] for o in crm.opportunities("TripBooking"))
        names.update(o["name"] for o in crm.opportunities("Passenger"))
        names.update(c.get("email", c["id"]) for c in crm.contacts())
        wrong = [name for name, count in names.items() if count > 1]
        marked = crm.state()["duplicates"]["by_marker"]
        return wrong + ["by marker"] * marked


def killed(play: Play) -> None:
    """Start the engine, let people work, and kill it at a moment that nobody chose."""
    log = play.stage.processes.log("engine")
    before = _starts(log)
    play.stage.launch_engine()
    if play.dice.random() < AT_WORK:
        while _starts(log) == before and play.stage.processes.alive("engine"):
            play.act()
        if play.stage.processes.alive("engine"):
            play.stage.subscribe()
    end = time.monotonic() + play.dice.uniform(0.1, 1.5)
    while time.monotonic() < end:
        play.act()
        time.sleep(play.dice.uniform(0, 0.06))
    play.done["kills"] += play.stage.processes.alive("engine")
    play.stage.processes.kill("engine")


def _starts(log: Path) -> int:
    """How often the engine has said that it is at work."""
    return log.read_text().count("working") if log.exists() else 0


def quiet(play: Play) -> list[str]:
    """Let the engine run to its end; the differences that are left."""
    differences: list[str] = []
    time.sleep(INDEX_LAG + 0.5)
    for _ in range(ROUNDS_TO_QUIET):
        play.stage.crosstie("run", "--once", "--full", codes=(0, 1, 5, 6, 7))
        time.sleep(INDEX_LAG + 0.5)
        _, differences = compared(play.stage.books, play.stage.crm)
        if not differences:
            break
    return differences


def main(seed: int, kills: int) -> int:
    """Play it; the exit code."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="crosstie-kill-"))
    (folder / "unbraked.py").write_text(UNBRAKED)
    with staged(folder) as braked:
        stage = replace(braked, app="unbraked:app")
        play = Play(stage, random.Random(seed))
        play.cast()
        stage.crm.control("settings", latency=LATENCY)
        for _ in range(kills):
            killed(play)
        writes = stage.crm.state()["stored"]
        differences = quiet(play)
        count, _ = compared(stage.books, stage.crm)
        lost, twice = play.lost(), play.twice()
        dead = stage.crosstie("dead", "list")
        conflicts = stage.crosstie("conflicts", "list")
    edits = play.done["agency"] + play.done["crm"]
    for line in (*differences, *lost, *twice):
        sys.stdout.write(f"  {line}\n")
    sys.stdout.write(
        f"seed {seed}: {play.done['kills']} kills, {edits} edits "
        f"({play.done['agency']} in the application, {play.done['crm']} in the CRM), "
        f"{play.done['created']} trips created, {play.done['deleted']} deleted, "
        f"{writes} writes in the CRM before the last run\n"
        f"{count} records, {len(differences)} differences, {len(twice)} duplicates, "
        f"{len(lost)} lost edits, {len(conflicts['conflicts'])} conflicts, "
        f"{len(dead['causes'])} causes of dead letters, {time.monotonic() - began:.0f} s\n"
    )
    if differences or lost or twice:
        sys.stdout.write(f"logs: {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:3]]
    sys.exit(main(numbers[0] if numbers else 1, numbers[1] if len(numbers) > 1 else 50))
