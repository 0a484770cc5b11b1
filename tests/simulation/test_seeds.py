"""People edit, processes die, answers get lost; each seed is one life of a small sync.

The oracle is simple because every edit writes a value of its own: after a round of edits and faults
and a quiet spell, every field holds what its only editor wrote, a field that both edited is asked
about, and no record is there twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from world import NAMES, World

from crosstie.core.errors import Retry
from crosstie.core.values import Side
from crosstie.ports import Answer, ConflictKind
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.memory import Behaviour

SEEDS = 160
ROUNDS = 3


@dataclass
class Life:
    """One seed: the world, the dice, and what the people expect to see in the end."""

    seed: int
    expected: dict[str, dict[str, str]] = field(default_factory=dict)
    """E-mail -> fields."""
    clashes: dict[str, str] = field(default_factory=dict)
    """E-mail -> the field both sides edited in this round, with the left's value expected."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.faults = False
        self.meddle: Callable[[], None] | None = None
        self.count = 0
        far = Behaviour(
            searchable=NAMES,
            read_batch=1,
            versions=self.dice.random() < 0.5,
            marker=self.dice.random() < 0.5,
            search_lag=self.dice.choice([0.0, 5.0]),
            conditional_write=self.dice.random() < 0.5,
            has_changes=self.dice.random() < 0.7,
            before=self._hook(after=False),
            after=self._hook(after=True),
        )
        near = Behaviour(searchable=NAMES, local=True, has_changes=self.dice.random() < 0.7)
        near = replace(near, before=self._hook(after=False), after=self._hook(after=True))
        self.world = World(left_habits=near, right_habits=far)

    def _hook(self, *, after: bool) -> Callable[[str, int], None]:
        def hook(verb: str, call: int) -> None:
            if not self.faults:
                return
            if self.meddle is not None and self.dice.random() < 0.1:
                meddle, self.meddle = self.meddle, None
                meddle()
            if self.dice.random() < 0.04:
                raise Crash
            if verb in ("create", "update", "delete") and self.dice.random() < 0.05:
                raise Retry("timed out", unknown=after)

        return hook

    def token(self) -> str:
        """A value nobody wrote before."""
        self.count += 1
        return f"v{self.count}"

    def find(self, side: Side, email: str) -> str:
        """The id of a record on that side."""
        rows = (self.world.left if side is Side.LEFT else self.world.right).rows()
        [found] = [i for i, row in rows.items() if row["email"] == email]
        return found

    def edit(self, side: Side, email: str, name: str) -> str:
        """A person edits one field; gives the value."""
        value = self.token()
        collection = self.world.left if side is Side.LEFT else self.world.right
        collection.edit(self.find(side, email), **{name: value})
        return value

    def add(self) -> None:
        """A person adds a record on some side."""
        email = f"{self.token()}@x.example"
        row = {"name": self.token(), "email": email, "phone": self.token()}
        side = self.dice.choice([self.world.left, self.world.right])
        side.add(row)
        self.expected[email] = {"name": row["name"], "phone": row["phone"]}


def _round(life: Life) -> None:
    dice = life.dice
    old = sorted(life.expected)
    dice.shuffle(old)
    touched = old[: len(old) // 2]
    for email in touched:
        act = dice.choice(["left", "right", "both", "same", "delete"])
        if act in ("left", "right"):
            life.expected[email]["name"] = life.edit(Side(act), email, "name")
        elif act == "both":
            life.expected[email]["name"] = life.edit(Side.LEFT, email, "name")
            life.expected[email]["phone"] = life.edit(Side.RIGHT, email, "phone")
        elif act == "same":
            life.expected[email]["name"] = life.edit(Side.LEFT, email, "name")
            life.edit(Side.RIGHT, email, "name")
            life.clashes[email] = "name"
        elif len(life.expected) > 6:
            side = dice.choice(list(Side))
            collection = life.world.left if side is Side.LEFT else life.world.right
            collection.remove(life.find(side, email))
            del life.expected[email]
    for _ in range(dice.randrange(3)):
        life.add()
    idle = [email for email in old[len(old) // 2 :] if email in life.expected]
    if idle:
        life.meddle = lambda: _meddle(life, dice.choice(idle))


def _meddle(life: Life, email: str) -> None:
    """A person edits a record while the engine is at work."""
    side = life.dice.choice(list(Side))
    life.expected[email]["phone"] = life.edit(side, email, "phone")


def _live(life: Life) -> None:
    """Runs with faults, each the work of a new process."""
    life.faults = True
    for _ in range(life.dice.randrange(1, 6)):
        try:
            life.world.run()
        except Crash:
            life.world.clock.advance(life.dice.choice([0.0, 1.0, 10.0]))
    life.faults = False
    life.meddle = None


def _settle_down(life: Life) -> None:
    world = life.world
    for _ in range(6):
        world.clock.advance(90)
        world.run(full=True)
        for conflict in world.conflicts():
            assert conflict.kind is ConflictKind.EDIT, conflict
            take = dict.fromkeys(conflict.fields, Side.LEFT)
            drive(world.store.answer(conflict.id, Answer(take=take), world.clock.now()))
    world.clock.advance(90)
    report = world.run(full=True)
    assert report.writes == 0, "no further run writes anything"


@pytest.mark.parametrize("part", range(8))
def test_nothing_is_lost_and_nothing_is_doubled(part: int) -> None:
    for seed in range(part * SEEDS // 8, (part + 1) * SEEDS // 8):
        life = Life(seed)
        for _ in range(6):
            life.add()
        _settle_down(life)
        for _ in range(ROUNDS):
            life.clashes.clear()
            _round(life)
            _live(life)
            _settle_down(life)
            lefts, rights = life.world.lefts(), life.world.rights()
            wanted = sorted(
                ({"email": email, **rest} for email, rest in life.expected.items()),
                key=lambda row: str(row["email"]),
            )
            assert sorted(lefts, key=lambda row: str(row["email"])) == wanted, f"seed {seed}"
            assert lefts == rights, f"seed {seed}"
