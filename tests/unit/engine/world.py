"""A small world for engine tests: two systems in memory, a state, and people on both sides."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crosstie import Sync, Text
from crosstie import field as say
from crosstie.core.mapping import Field
from crosstie.core.values import Link, LinkState
from crosstie.engine.run import Options, Report, run
from crosstie.engine.work import Ledger, Work
from crosstie.ports import Conflict, Entry
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import FakeClock, FakeDice, InTurn, drive
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource

NAMES = ("name", "email", "phone")


@dataclass
class World:
    """Two systems with the same three fields, and one sync between them."""

    left_habits: Behaviour = field(default_factory=lambda: Behaviour(searchable=NAMES, local=True))
    right_habits: Behaviour = field(
        default_factory=lambda: Behaviour(searchable=NAMES, read_batch=1, versions=True)
    )
    fields: Sequence[Field] = ()
    options: dict[str, Any] = field(default_factory=dict)
    left_names: Sequence[str] = NAMES
    right_names: Sequence[str] = NAMES

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.left = MemoryCollection(
            "left", fields=self.left_names, behaviour=self.left_habits, clock=self.clock, prefix="L"
        )
        self.right = MemoryCollection(
            "right",
            fields=self.right_names,
            behaviour=self.right_habits,
            clock=self.clock,
            prefix="R",
        )
        self.store = SqlStore.open("sqlite://")
        self.sync = Sync(
            "people",
            left=MemorySource(self.left, MemoryAccount("left account")),
            right=MemorySource(self.right, MemoryAccount("right account")),
            fields=self.fields or [say(name, name, Text()) for name in NAMES],
            **{"match": ["email"], **self.options},
        )

    def work(self) -> Work:
        """What a new process would open."""
        return Work(
            sync=self.sync,
            left=self.left,
            right=self.right,
            store=self.store,
            clock=self.clock,
            dice=FakeDice(1),
            tasks=InTurn(),
            ledger=Ledger(),
        )

    def run(self, **options: Any) -> Report:
        """One run of a new process."""
        return drive(run([self.work()], self.store, Options(**options)))

    def quiet(self, rounds: int = 8, pause: float = 20.0) -> Report:
        """Run until nothing more is written; time passes between the runs."""
        report = self.run()
        for _ in range(rounds):
            if not report.writes and not report.total("postponed"):
                break
            self.clock.advance(pause)
            report = self.run()
        return report

    def add(self, **fields: Any) -> str:
        """A person adds a record on the left."""
        return self.left.add(fields)

    def link(self, left_id: str) -> Any:
        """The link of a left record."""
        found = drive(self.store.links_at("people", self._side("left"), [left_id]))
        return found.get(left_id)

    def conflicts(self) -> Sequence[Conflict]:
        """What a person is asked."""
        return drive(self.store.conflicts(None, 100))

    def history(self, left_id: str) -> Sequence[Entry]:
        """What happened to a left record's link."""
        return drive(self.store.history(self.link(left_id).id))

    def lefts(self) -> list[dict[str, Any]]:
        """The left records' mapped fields, sorted."""
        return _sorted(self.left)

    def rights(self) -> list[dict[str, Any]]:
        """The right records' mapped fields, sorted."""
        return _sorted(self.right)

    def writes(self) -> int:
        """Writes that reached the right system."""
        return sum(self.right.calls[verb] for verb in ("create", "update", "delete"))

    @staticmethod
    def _side(name: str) -> Any:
        from crosstie.core.values import Side

        return Side(name)


def _sorted(collection: MemoryCollection) -> list[dict[str, Any]]:
    rows = [{n: row.get(n) for n in NAMES} for row in collection.rows().values()]
    return sorted(rows, key=lambda row: tuple(str(value) for value in row.values()))


def linked(**options: Any) -> tuple[World, str, str]:
    """A world with one pair in step, and the ids of its records."""
    world = World(**options)
    left_id = world.add(name="Ann", email="ann@x.example", phone="1")
    # More records, so that touching one is far from touching all.
    for number in range(5):
        world.add(name=f"P{number}", email=f"p{number}@x.example", phone=str(number))
    world.quiet()
    link = world.link(left_id)
    assert link.right_id is not None
    return world, left_id, link.right_id


def far(**habits: Any) -> Behaviour:
    """The habits of a remote system: searchable, read one by one."""
    return Behaviour(**{"searchable": NAMES, "read_batch": 1, "versions": True, **habits})


def near(**habits: Any) -> Behaviour:
    """The habits of a database beside us."""
    return Behaviour(**{"searchable": NAMES, "local": True, **habits})


def on(
    collection: MemoryCollection,
    verb: str,
    act: Callable[[], None],
    *,
    after: bool = False,
    times: int = 1,
) -> None:
    """Let this happen at the next calls of a verb, before or after they have done their work."""
    left = times

    def hook(called: str, call: int) -> None:
        nonlocal left
        if called == verb and left:
            left -= 1
            act()

    habits = {"after" if after else "before": hook}
    collection.behaviour = replace(collection.behaviour, **habits)  # type: ignore[arg-type]


def fail(
    collection: MemoryCollection,
    verb: str,
    error: BaseException,
    *,
    after: bool = False,
    times: int = 1,
) -> None:
    """Let the next calls of a verb fail, before or after they have done their work."""

    def act() -> None:
        raise error

    on(collection, verb, act, after=after, times=times)


def state(world: World, state: LinkState) -> Sequence[Link]:
    """The links in that state."""
    return drive(world.store.links_in(state, None, 100))


class Breath:
    """Lets the others go on for one step."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Together:
    """A Tasks port that takes every coroutine one step further, turn by turn."""

    async def run(self, work: Iterable[Coroutine[Any, Any, None]], limit: int) -> None:
        flights = list(work)
        while flights:
            for flight in list(flights):
                try:
                    flight.send(None)
                except StopIteration:
                    flights.remove(flight)
