"""What is around the records: feeds, cursors, the brake, plans, undo."""

from __future__ import annotations

from dataclasses import replace

from crosstie.core.plan import Plan
from crosstie.engine import planner
from crosstie.engine.brake import UNDO
from crosstie.engine.run import Options
from crosstie.engine.run import run as engine_run
from crosstie.engine.takeback import Job, take_back
from crosstie.engine.work import Work
from crosstie.service.applying import Exactly
from crosstie.service.judging import Chosen
from crosstie.sync import Brake
from crosstie.testing.simulator import Life, World
from crosstie.testing.simulator.builtin import builtin
from scenarios.story import (
    LEFT,
    RIGHT,
    Story,
    Teller,
    add,
    do,
    edit,
    remove,
    run,
    wait,
)
from scenarios.systems import DOUBLING, near


def braked() -> World:
    """The usual world with a brake that asks from the second record on."""
    [played] = builtin("contacts").plays
    strict = Brake(share=0.05, records=1)
    return World(
        "braked",
        (
            replace(
                played,
                sync=replace(played.sync, brake=strict),
                patient=replace(played.patient, brake=strict),
            ),
        ),
    )


def _forgets_cursor(life: Life) -> None:
    life.state.rows("DELETE FROM cursor")
    # Whoever loses a cursor scans: nothing else shows what it missed.
    life.state.rows("UPDATE sync_state SET scanned_at = NULL")


def _undo(teller: Teller) -> None:
    """A person takes the newest run back; as often as the process dies, once more."""
    life = teller.life
    [(taken,)] = life.state.rows("SELECT max(id) FROM run WHERE kind <> ?", UNDO)
    while not teller.flow(lambda works, store: _taken_back(works, store, taken)):
        life.time += 1.0


async def _taken_back(works: list[Work], store: object, taken: int) -> bool:
    clock = works[0].clock
    number = await store.start_run(UNDO, clock.now())
    job = Job(taken, Chosen(None), store)
    await take_back([replace(work, run_id=number) for work in works], job)
    counts = dict(works[0].ledger.counts)
    works[0].ledger.counts.clear()
    await store.finish_run(number, clock.now(), counts, None)
    return True


def _apply(teller: Teller) -> None:
    """A plan is made and applied exactly; a person sees the plan once."""
    plans: list[Plan] = []

    async def applied(works: list[Work], store: object) -> bool:
        if not plans:
            plans.append(await planner.plan(works, full=teller.life.scans))
        gate = Exactly(plans[0].operations, None)
        await engine_run([replace(w, gate=gate) for w in works], store, Options(release=True))
        return True

    while not teller.flow(applied):
        teller.life.time += 1.0


DIFFER = frozenset({"I7", "model", "I11"})
"""After an undo both sides differ, and what was deleted is there again (I4: from nothing that
still is), because it is meant."""

STORIES = (
    Story(
        "the feed tells twice, late and out of order",
        [edit(RIGHT), edit(RIGHT, record=1), add(RIGHT), run(), wait(3.0), run()],
        far=DOUBLING,
    ),
    Story(
        "the cursor is lost",
        [edit(RIGHT), run(), do(_forgets_cursor), edit(RIGHT), run()],
        full=True,
    ),
    Story(
        "the brake holds, and is let go",
        [remove(LEFT), remove(LEFT, record=1), run(), wait(60.0), run(release=True)],
        world=braked(),
        records=4,
    ),
    Story(
        "one side is emptied, and a person says it is meant",
        [remove(LEFT), remove(LEFT), run(full=True), wait(60.0), run(full=True, release=True)],
        world=braked(),
        full=True,
        near=near(has_changes=False),
    ),
    Story("a plan is applied", [edit(LEFT), edit(RIGHT, record=1), add(LEFT), _apply]),
    Story("an update is undone", [edit(LEFT), run(), wait(5.0), _undo], meant=DIFFER),
    Story("a create is undone", [add(LEFT), run(), wait(5.0), _undo], meant=DIFFER),
    Story("a delete is undone", [remove(LEFT), run(), wait(5.0), _undo], meant=DIFFER | {"I4"}),
    Story(
        "an undone record is edited again",
        [edit(LEFT), run(), wait(5.0), _undo, wait(5.0), edit(LEFT), run()],
        meant=DIFFER,
    ),
)
