"""Stories in which a safeguard is needed, where chance hardly ever needs it. One for each seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

from scenarios import outside
from scenarios.story import (
    FAR,
    LEFT,
    NEAR,
    RIGHT,
    Habits,
    Step,
    Story,
    Teller,
    add,
    answer,
    both,
    clash,
    do,
    during,
    edit,
    fault,
    new_process,
    remove,
    run,
    twin,
    wait,
)

from crosstie.core.errors import Retry
from crosstie.core.retries import LEAST, SHARE, SPAN
from crosstie.core.values import Fields, Json, Side
from crosstie.engine.run import Options
from crosstie.ports import Answer, Sighting
from crosstie.sync import Brake
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator import HONEST, Life, World, Worst, act
from crosstie.testing.simulator.builtin import builtin
from crosstie.testing.simulator.life import START
from crosstie.testing.simulator.people import Born

LAGGING: Habits = (
    Behaviour(
        conditional_write=False,
        has_changes=False,
        search_lag=5.0,
        lagging_scan=True,
        read_batch=1,
    ),
    replace(HONEST, late_reads=True),
)
"""A service without a feed, whose search, listing and reads are late with what was created."""
BLIND: Habits = (
    Behaviour(conditional_write=False, unique="email", searchable=("-",), read_batch=1),
    HONEST,
)
"""A service that cannot search, and refuses what it has already."""
MUTE: Habits = (Behaviour(conditional_write=False, has_changes=False, read_batch=1), HONEST)
"""A service without a feed: only listings tell what is gone."""
SECRETIVE: Habits = (FAR[0], replace(HONEST, silent=True, salt=1))
"""A service whose feed tells what was there first, and keeps later changes to itself."""
MARKED: Habits = (replace(FAR[0], marker=True, search_lag=5.0), HONEST)
"""A service that keeps our marker, and whose search is late."""
VAGUE: Habits = (replace(FAR[0], marker=True), Worst(vague=True))
"""It keeps our marker, and finds all that carry any."""


# What people do besides.


def asked_for(side: Side, record: int) -> Step:
    """Somebody has that record brought over at once (`crosstie pull`), beside the engine."""

    def noted(life: Life) -> None:
        [name] = life.played
        told = [Sighting(life.systems[name, side].ids()[record])]
        drive(life.state.store.notice(name, side, told, life.time))

    return do(noted)


def _add_without_key(life: Life) -> None:
    """A record that has no value for any match key."""
    [played] = life.world.plays
    half, name = played.halves[LEFT], played.sync.name
    fields: dict[str, Json] = {raw: make(2_000) for raw, make in half.made.items()}
    made = life.systems[name, LEFT].add({**fields, **dict.fromkeys(half.keys)})
    life.people.born.append(Born(life.ticks, name, LEFT, made, twin=False))


def entered(*sides: Side, key: int = 3_000) -> Step:
    """One thing is entered once on each of these sides, with the same match keys."""

    def step(life: Life) -> None:
        [played] = life.world.plays
        for number, side in enumerate(sides, key):
            made = life.people.add(played, side, number, key)
            life.people.born.append(Born(life.ticks, played.sync.name, side, made, twin=True))

    return do(step)


def _name_one_for_all(life: Life) -> None:
    """People name the newest record on the right for everybody on the left who is asked about."""
    [name], store = life.played, life.state.store
    named = life.systems[name, RIGHT].ids()[-1]
    for conflict in list(drive(store.conflicts(name, 100))):
        link = drive(store.link(conflict.link_id))
        if link is not None and link.left_id is not None:
            drive(store.answer(conflict.id, Answer(pair=named), life.time))
            life.people.answered += 1


def _respell(life: Life) -> None:
    """The newest record is typed anew on the left, as before but in capitals."""
    [name] = life.played
    system = life.systems[name, LEFT]
    newest = system.ids()[-1]
    system.edit(newest, email=str((system.row(newest) or {})["email"]).upper())


def turns(seed: int) -> Step:
    """From here on another flight goes on now and then: more often with some seeds."""

    def step(teller: Teller) -> None:
        dice, life = Random(seed), teller.life
        often = dice.choice((0.05, 0.1, 0.3, 1.0))

        def tick(name: str) -> None:
            if dice.random() < often:
                life.happen(act("switch", LEFT, record=dice.randrange(16)))

        life.on_tick = tick

    return step


def dies(seed: int) -> Step:
    """The process dies soon, at some moment."""
    return during(seed % 80, fault("crash", LEFT))


# Stories.


def answered_at(seed: int) -> Story:
    """A person answers while the engine is at work on the same link, sooner or later."""
    steps = [clash(LEFT, field=1), run(), edit(LEFT), during(seed % 60, answer(0))]
    return Story("an answer at some moment", [*steps, run(), run()])


def answered_and_asked(seed: int) -> Story:
    """A person answers while the engine is about to ask the same again."""
    steps = [remove(LEFT), run(), asked_for(RIGHT, 0), during(seed % 40, answer(1))]
    return Story("an answer before the question", [*steps, run(), run()], world="ruled")


def late_and_edited(seed: int) -> Story:
    """What was just created is edited before the other side shows it."""
    steps = [add(LEFT), run(), wait(seed % 9 / 2), edit(LEFT, record=2), run()]
    return Story("an edit while it is missing", [*steps, wait(10.0), run()], far=LAGGING)


def late_and_respelled(seed: int) -> Story:
    """What was just created is news again before the other side shows it."""
    steps = [add(LEFT), run(), wait(seed % 9 / 2), do(_respell), run()]
    return Story("news while it is missing", [*steps, wait(10.0), run()], far=LAGGING)


def first_read_is_late(seed: int) -> Story:
    """The feed tells of a new record before a read shows it."""

    def shown_late(life: Life) -> None:
        [played] = life.world.plays
        system = life.systems[played.sync.name, RIGHT]
        made = life.people.add(played, RIGHT, 2_000)
        life.people.settled(played, RIGHT, made)
        system._shelf.visible_at[made] = life.time + 1.0 + seed % 4

    far: Habits = (replace(FAR[0], search_lag=5.0), replace(HONEST, late_reads=True))
    return Story("a late first read", [do(shown_late), run(), wait(10.0), run()], far=far)


def scan_dies(seed: int) -> Story:
    """The feed was read past a new record, and the complete scan after it dies."""

    def scan_once(teller: Teller) -> None:
        teller.once(Options(full=True))

    return Story("a scan that dies", [add(RIGHT), dies(seed), scan_once, wait(5.0), run()])


def undo_dies(seed: int) -> Story:
    """Whoever takes a run back is killed, and the engine goes on."""

    def undo_once(teller: Teller) -> None:
        life = teller.life
        [(taken,)] = life.state.rows("SELECT max(id) FROM run")
        teller.flow(lambda works, store: outside._taken_back(works, store, taken))

    steps = [edit(LEFT), run(), wait(5.0), dies(seed), undo_once, new_process]
    steps += [wait(5.0), run()]
    return Story("an undo that dies", steps, meant=outside.DIFFER)


def second_try_dies(seed: int) -> Story:
    """Both sides are to be written, at the second try, and the process dies at some moment."""
    steps = [both(LEFT), fault("fail", RIGHT, size=1), run(), wait(5.0)]
    return Story("a second try that dies", [*steps, dies(seed), run(), wait(5.0), run()])


def let_in_meanwhile(seed: int) -> Story:
    """A record that the filter leaves out is let in, and asked for, while it is being dropped."""
    lets_in = during(seed % 60, edit(RIGHT, record=2), asked_for(RIGHT, 2))
    return Story("let in meanwhile", [add(RIGHT), lets_in, run(), run()], picky(), far=SECRETIVE)


def twins_at_once(seed: int) -> Story:
    """The same thing was entered on both sides, and its two flights take turns."""
    return Story("twins", [twin(LEFT), turns(seed), run(), run()])


def namesakes(side: Side) -> Callable[[int], Story]:
    """Two records of one side share a key, and their flights take turns."""

    def told(seed: int) -> Story:
        return Story("namesakes", [twin(side, record=4), turns(seed), run(), wait(5.0), run()])

    return told


def keyless(seed: int) -> Story:
    """The answer to a create is lost, and what it made is told before its maker looks again."""
    steps = [do(_add_without_key), fault("lose", RIGHT, size=1), run(), wait(seed % 10 / 10), run()]
    return Story("a create without a key", [*steps, wait(10.0), run()], far=MARKED)


def named_twice(seed: int) -> Story:
    """Four are asked about, two with each of two keys, and people name one for all of them."""
    steps = [entered(LEFT, LEFT, RIGHT), entered(LEFT, LEFT, key=4_000), run()]
    steps += [do(_name_one_for_all), turns(seed), run()]
    return Story("named for several", [*steps, wait(5.0), run()])


def vaguely_found(seed: int) -> Story:
    """Two were created, both answers were lost, and a search for one shows both."""
    lost = [fault("lose", RIGHT, size=1), fault("lose", RIGHT, size=1)]
    steps = [add(LEFT), add(LEFT), *lost, run(), wait(5.0), run()]
    return Story("vaguely found", steps, far=VAGUE, seed=seed)


def too_much(seed: int) -> Story:
    """More is deleted by hand than a run may carry over unasked."""
    gone = [remove(LEFT, record=record) for record in range(2 + seed % 2)]
    return Story("too much at once", [*gone, run(), wait(60.0), run()], braked(0.05, 1), records=4)


def emptied(seed: int) -> Story:
    """All records of a side are gone at once, as if it were another system."""
    gone = [remove(LEFT) for _ in range(2)]
    near: Habits = (replace(NEAR[0], has_changes=seed % 2 == 0), HONEST)
    steps = [*gone, run(full=True), wait(60.0), run(full=True)]
    return Story("an emptied side", steps, braked(1.0, 1_000), near=near, full=True)


def failing(seed: int) -> Story:
    """A service fails whatever it is sent, for a while, and many records wait for it."""
    down = [True]

    def fails(verb: str, call: int) -> None:
        if verb == "update" and down[0]:
            raise Retry("500")

    def over(life: Life) -> None:
        down[0] = False
        _few_were_repeated(life)

    far: Habits = (replace(FAR[0], before=fails), HONEST)
    tries = [step for _ in range(8) for step in (run(), wait(0.4 + seed % 5 / 10))]
    edits = [edit(LEFT, record=record) for record in range(PAIRS)]
    return Story("a failing service", [*edits, *tries, do(over)], records=PAIRS, far=far)


PAIRS = 14
"""Each is edited once, so `record` of an act counts them."""


def _few_were_repeated(life: Life) -> None:
    """I13: what failed before is tried again sparingly, so that a system can recover."""
    [far] = [system for (_, side), system in life.systems.items() if side is RIGHT]
    repeated = far.calls["update"] - PAIRS
    most = LEAST * (life.time - START + SPAN / 24) + SHARE * far.calls["update"]
    if repeated > most:
        life.violate("I13", f"{repeated} tries in {life.time - START:.0f} s were not the first")


# Worlds.


@cache
def braked(share: float, records: int) -> World:
    """The usual world with a brake."""
    [played] = builtin("contacts").plays
    brake = Brake(share=share, records=records)
    sync, patient = (replace(each, brake=brake) for each in (played.sync, played.patient))
    return World("braked", (replace(played, sync=sync, patient=patient),))


@cache
def picky() -> World:
    """The usual world without the first record that somebody enters."""
    [played] = builtin("contacts").plays
    barred = played.halves[RIGHT].made["fullName"](1_001)

    def welcome(fields: Fields) -> bool:
        return fields["fullName"] != barred

    sync, patient = (replace(each, where_right=welcome) for each in (played.sync, played.patient))
    return World("picky", (replace(played, sync=sync, patient=patient),))
