"""A canonical scenario: a few steps in fixed order, with a crash at whichever await is asked for.

After a crash the step is done again by a new process, as a supervisor would have it. So the story
goes on as told, and its end can be held against the end of the story without the crash.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from crosstie.core.values import Side
from crosstie.engine.run import Options
from crosstie.engine.work import Work
from crosstie.ports import Store
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator import HONEST, Item, Life, Script, World, Worst, act
from crosstie.testing.simulator.builtin import builtin
from crosstie.testing.simulator.opening import begin
from crosstie.testing.simulator.play import Player
from crosstie.testing.simulator.values import plain

LEFT, RIGHT = Side.LEFT, Side.RIGHT
Step = Callable[["Teller"], None]
Habits = tuple[Behaviour, Worst]

NEAR: Habits = (Behaviour(local=True), HONEST)
FAR: Habits = (Behaviour(conditional_write=False, read_batch=1), HONEST)
"""A service that tells all changes and keeps no marker."""


@dataclass(frozen=True)
class Story:
    """Played as it is it must end well; so it must with a crash anywhere."""

    name: str
    """What happens, in one line."""
    steps: Sequence[Step]
    world: str | World = "contacts"
    records: int = 2
    """Pairs in step when it begins. An even number: `act` chooses among them."""
    near: Habits = NEAR
    far: Habits = FAR
    full: bool = False
    """Runs scan both sides completely instead of trusting the feeds."""
    same: bool = True
    """Wherever it crashes, it ends as it does without a crash."""
    meant: frozenset[str] = frozenset()
    """Promises that do not hold here because a person wants it so, e.g. sides that differ."""
    seed: int = field(default=1, repr=False)

    def script(self, crashes: Sequence[int]) -> Script:
        """Nothing but the crashes: what people do is in the steps."""
        items = tuple(Item(n, "crash", at, LEFT, 0) for n, at in enumerate(crashes, 1))
        return Script(
            seed=self.seed,
            items=items,
            records=self.records,
            strangers=0,
            pauses=(1.0,),
            restarts=(True,),
            honest_feed=not self.full,
            answers=False,
            planned=False,
            near=self.near,
            far=self.far,
        )


class Teller(Player):
    """Tells a story: its steps instead of chance."""

    def __init__(self, life: Life, steps: Sequence[Step]) -> None:
        super().__init__(life)
        self._steps = steps
        self.ticks = 0
        """Awaits until the last step was done."""

    def trouble(self) -> None:
        begin(self.life)
        for step in self._steps:
            step(self)
        self.ticks = self.life.ticks

    def flow(self, begun: Callable[[Sequence[Work], Store], Coroutine[Any, Any, bool]]) -> bool:
        """Step something else than a run; False where the process died."""
        process = self._living()
        done = self.life.step(process, begun(process.works, process.store))
        self.life.witness.run_over(process)
        if done is None:
            self.process = None
        return done is not None

    def until_done(self, options: Options) -> None:
        """Run; as often as the process dies, run again."""
        while self.once(options) is None:
            self.life.time += 1.0


def told(story: Story, *crashes: int) -> tuple[Life, int]:
    """The story with a crash at those awaits, and how many awaits its steps took."""
    world = builtin(story.world) if isinstance(story.world, str) else story.world
    life = Life(world, story.script(crashes))
    teller = Teller(life, story.steps)
    teller.play()
    life.violations = [v for v in life.violations if v.rule not in story.meant]
    return life, teller.ticks


End = tuple[tuple[str, ...], ...]


def end_of(life: Life) -> End:
    """What both systems show, what is linked and what a person is asked, without any id."""
    shown = []
    for (sync, side), system in life.systems.items():
        half = life.played[sync].halves[side]
        for row in map(system.row, system.ids()):
            values = {n: plain(v) for n, v in (row or {}).items() if n in half.lenses}
            shown.append((sync, side.value, *sorted(f"{n}={v}" for n, v in values.items())))
    links = life.state.rows(
        "SELECT sync, state, left_id IS NULL, right_id IS NULL, count(*) FROM link GROUP BY 1,2,3,4"
    )
    asked = life.state.rows("SELECT sync, kind FROM conflict WHERE closed_at IS NULL")
    rest = [tuple(map(str, row)) for row in (*links, *asked)]
    return tuple(sorted((*shown, *rest)))


# The steps that stories are made of.


def run(*, full: bool | None = None, release: bool = False) -> Step:
    """The engine looks and works until it has nothing more to do."""

    def step(teller: Teller) -> None:
        scan = teller.life.scans if full is None else full
        teller.until_done(Options(full=scan, release=release))

    return step


def new_process(teller: Teller) -> None:
    """The engine is stopped in good order and started again."""
    teller.process = None


def wait(seconds: float) -> Step:
    """Time passes."""

    def step(teller: Teller) -> None:
        teller.life.time += seconds

    return step


def do(what: Callable[[Life], object]) -> Step:
    """Something that no other step says."""

    def step(teller: Teller) -> None:
        what(teller.life)

    return step


def _of_people(kind: str) -> Callable[..., Step]:
    def made(side: Side, record: int = 0, field: int = 0, sync: int = 0, size: int = 0) -> Step:
        item = act(kind, side, record=record, field=field, sync=sync, size=size)
        return do(lambda life: life.people.act(item))

    return made


edit = _of_people("edit")
both = _of_people("both")
"""Edit one field here and another one across."""
clash = _of_people("clash")
"""Edit the same field on both sides."""
add = _of_people("add")
twin = _of_people("twin")
"""Enter the same thing on both sides by hand."""
remove = _of_people("remove")
again = _of_people("again")
"""Enter anew what was deleted last."""
poison = _of_people("poison")
"""Edit to a value that the other side refuses."""
vanish = _of_people("vanish")
"""A record is missing in listings for a while."""


def fault(kind: str, side: Side, size: int = 0) -> Step:
    """The next write to that side fails in that way; see `items.py`."""
    return do(lambda life: life.happen(act(kind, side, size=size)))


def during(at: int, *steps: Step) -> Step:
    """These happen while the engine is at work: at its await number `at` from here on."""

    def step(teller: Teller) -> None:
        life = teller.life
        due = life.ticks + at

        def tick(name: str) -> None:
            if life.ticks >= due:
                life.on_tick = None
                for each in steps:
                    each(teller)

        life.on_tick = tick

    return step


def answer(choice: int) -> Step:
    """A person answers all that is asked: even for the left, odd for the right."""

    def step(teller: Teller) -> None:
        teller.life.people.answer(choice, None)

    return step


def wake_dead(life: Life) -> None:
    """A person has the dead letters tried again."""
    dead = [row[0] for row in life.state.rows("SELECT id FROM link WHERE state = 'dead'")]
    drive(life.state.store.wake(dead, life.time))
