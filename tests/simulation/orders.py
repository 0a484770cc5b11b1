"""What people do, and when the feeds tell of it: all orders, also with everything told twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exhaust import Figures
from scenarios.creates import namesake
from scenarios.story import (
    FAR,
    LEFT,
    RIGHT,
    End,
    Habits,
    Step,
    Story,
    Teller,
    add,
    answer,
    clash,
    do,
    edit,
    end_of,
    remove,
    run,
    told,
    twin,
)
from scenarios.systems import CAREFUL, REWRITING

from crosstie.engine.run import Options
from crosstie.testing.simulator import Remote

Token = tuple[int, int]
"""(act, message); the act itself is message 0."""


@dataclass(frozen=True)
class Correspondence:
    """Acts in their order; each side's feed tells of an act in a message of its own, any time."""

    name: str
    acts: Sequence[Sequence[Step]]
    """Steps of one moment each."""
    before: Sequence[Step] = ()
    world: str = "contacts"
    records: int = 2
    far: Habits = FAR

    def story(self, order: Sequence[Token], *, twice: bool) -> Story:
        """The story of one order."""
        mail: dict[int, list[tuple[Remote, list[str]]]] = {}
        steps = [*self.before]
        for act, message in order:
            steps.append(_told(mail, act, message - 1) if message else _done(mail, self.acts, act))
        if twice:
            steps += [_told(mail, act, n - 1) for act, n in reversed(order) if n]
        return Story(self.name, steps, world=self.world, records=self.records, far=self.far)

    def messages(self) -> list[int]:
        """How many messages each act makes."""
        mail: dict[int, list[tuple[Remote, list[str]]]] = {}
        steps = [*self.before, *(_done(mail, self.acts, n) for n in range(len(self.acts)))]
        told(Story(self.name, steps, world=self.world, records=self.records, far=self.far))
        return [len(mail[n]) for n in range(len(self.acts))]


def _done(
    mail: dict[int, list[tuple[Remote, list[str]]]], acts: Sequence[Sequence[Step]], act: int
) -> Step:
    """People do something, and nobody is told."""

    def step(teller: Teller) -> None:
        systems = teller.life.systems.values()
        for system in systems:
            system.deliver(system.withhold())
        for each in acts[act]:
            each(teller)
        mail[act] = [(system, ids) for system in systems if (ids := system.withhold())]

    return step


def _told(mail: dict[int, list[tuple[Remote, list[str]]]], act: int, number: int) -> Step:
    """A message arrives, and the engine works on what it knows."""

    def step(teller: Teller) -> None:
        system, ids = mail[act][number]
        system.deliver(ids)
        teller.until_done(Options())
        teller.life.time += 1.0

    return step


def orders(messages: Sequence[int]) -> Iterator[tuple[Token, ...]]:
    """Acts in their order, each message somewhere after its act."""

    def further(
        done: tuple[Token, ...], act: int, waiting: frozenset[Token]
    ) -> Iterator[tuple[Token, ...]]:
        if act == len(messages) and not waiting:
            yield done
            return
        if act < len(messages):
            coming = frozenset((act, n) for n in range(1, messages[act] + 1))
            yield from further((*done, (act, 0)), act + 1, waiting | coming)
        for token in sorted(waiting):
            yield from further((*done, token), act, waiting - {token})

    return further((), 0, frozenset())


def in_all_orders(case: Correspondence) -> Figures:
    """Play them; the end must be the same."""
    end: End | None = None
    broken, runs, kinds = list[str](), 0, 0
    for order in orders(case.messages()):
        kinds += 1
        for twice in (False, True):
            life, _ = told(case.story(order, twice=twice))
            runs += 1
            found = end_of(life)
            end = end or found
            if life.violations or found != end:
                what = str(life.violations[0]) if life.violations else "it ends otherwise"
                broken.append(f"{case.name!r}, {order}, twice={twice}: {what}")
    return Figures(1, kinds, runs, tuple(broken))


CASES = (
    Correspondence("one field three times", [[edit(LEFT)], [edit(LEFT)], [edit(LEFT)]]),
    Correspondence(
        "one record from both sides", [[edit(LEFT)], [edit(RIGHT, field=1)], [edit(LEFT, field=3)]]
    ),
    Correspondence(
        "one record from both sides, conditional writes",
        [[edit(LEFT)], [edit(RIGHT, field=1)], [edit(LEFT, field=3)]],
        far=CAREFUL,
    ),
    Correspondence(
        "two records from both sides",
        [
            [edit(LEFT)],
            [edit(RIGHT, record=1)],
            [edit(RIGHT, field=1)],
            [edit(LEFT, record=1, field=1)],
        ],
    ),
    Correspondence(
        "made, edited, and another one edited",
        [[add(LEFT)], [edit(LEFT, record=2)], [edit(RIGHT)]],
    ),
    Correspondence("made on both sides", [[add(LEFT)], [add(RIGHT)], [edit(LEFT)]]),
    Correspondence("edited and deleted", [[edit(LEFT)], [remove(LEFT)], [edit(RIGHT, record=1)]]),
    Correspondence(
        "deleted where the other one is edited",
        [[remove(RIGHT)], [edit(LEFT, record=1)], [edit(RIGHT, field=1)]],
    ),
    Correspondence("deleted on both sides", [[remove(LEFT), remove(RIGHT)], [edit(LEFT)]]),
    Correspondence(
        "deleted here and edited there in one moment",
        [[remove(LEFT), edit(RIGHT)], [edit(LEFT, field=1)]],
    ),
    Correspondence("the same field in one moment", [[clash(LEFT, field=1)], [edit(LEFT)]]),
    Correspondence(
        "the same field in one moment, the left wins",
        [[clash(LEFT, field=1)], [edit(LEFT, record=1)]],
        world="ruled",
    ),
    Correspondence(
        "tags on both sides in one moment", [[clash(LEFT, field=2)], [edit(RIGHT, record=1)]]
    ),
    Correspondence("entered on both sides in one moment", [[twin(LEFT)], [edit(LEFT)]]),
    Correspondence("entered twice on one side", [[twin(LEFT), do(namesake)], [edit(RIGHT)]]),
    Correspondence(
        "an answer between two edits",
        [[edit(LEFT, record=1)], [answer(0)], [edit(RIGHT, record=1, field=1)]],
        before=[clash(LEFT, field=1), run()],
    ),
    Correspondence(
        "a system that rewrites",
        [[edit(LEFT)], [edit(RIGHT, field=1)], [edit(LEFT, field=3)]],
        far=REWRITING,
    ),
    Correspondence(
        "parent, child, and both edited",
        [[add(LEFT, sync=0)], [add(LEFT, sync=1)], [edit(LEFT, sync=1)]],
        world="family",
    ),
)
