"""Many schedules on many cores, with one sum that does not depend on how many."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from time import process_time

from crosstie.service.locate import locate
from crosstie.testing.simulator.finding import chosen
from crosstie.testing.simulator.items import draw
from crosstie.testing.simulator.life import Life
from crosstie.testing.simulator.play import play
from crosstie.testing.simulator.worlds import World, pick, world_of

CHUNK = 125
"""Seeds that one process is given at a time."""
TOLD = 40
"""Broken seeds that are told by name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which worlds are played, as a process of its own can find them."""

    world: str | None = None
    """A world that is shipped; None: the default mix."""
    app: str | None = None
    """`module:name` of an application whose syncs are played instead."""
    root: str = "."
    """The folder that the application is looked up from."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A seed that broke a promise."""

    seed: int
    world: str
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What a number of schedules came to."""

    schedules: int = 0
    awaits: int = 0
    crashes: int = 0
    edits: int = 0
    """What people did."""
    writes: int = 0
    """What the engine wrote."""
    violations: int = 0
    """Schedules that broke a promise."""
    broken: tuple[Broken, ...] = ()
    points: frozenset[str] = frozenset()
    """Calls at which a crash was possible."""
    died: frozenset[str] = frozenset()
    """Those at which there was one."""
    digest: str = ""
    cpu: float = field(default=0.0, compare=False)
    """Seconds of a core that they took."""

    def plus(self, other: Sum) -> Sum:
        """Both; the order counts for the digest."""
        both = self.digest
        if other.digest:
            both = blake2b((self.digest + other.digest).encode(), digest_size=16).hexdigest()
        return Sum(
            self.schedules + other.schedules,
            self.awaits + other.awaits,
            self.crashes + other.crashes,
            self.edits + other.edits,
            self.writes + other.writes,
            self.violations + other.violations,
            (*self.broken, *other.broken)[:TOLD],
            self.points | other.points,
            self.died | other.died,
            both,
            self.cpu + other.cpu,
        )


def many(
    wanted: Wanted,
    first: int,
    seeds: int,
    jobs: int,
    progress: Callable[[int], None] | None = None,
) -> Sum:
    """Play that many seeds from `first` on, in that many processes. The sum is the same for any."""
    total = Sum()
    for part in _parts(wanted, first, seeds, jobs):
        total = total.plus(part)
        if progress is not None:
            progress(part.schedules)
    return total


def _parts(wanted: Wanted, first: int, seeds: int, jobs: int) -> Iterator[Sum]:
    chunks = [
        (wanted, start, min(CHUNK, first + seeds - start))
        for start in range(first, first + seeds, CHUNK)
    ]
    if jobs == 1 or len(chunks) == 1:
        try:
            yield from map(_next, chunks)
        finally:
            gc.unfreeze()
        return
    # A process of its own, not a copy of this one: nothing that went before can show in it.
    context = multiprocessing.get_context("spawn")
    count = min(jobs, len(chunks))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent) as pool:
        yield from pool.map(_next, chunks)


def _end_with_parent() -> None:
    """A process that is killed takes no other with it: each of its own has to look for itself."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _next(what: tuple[Wanted, int, int]) -> Sum:
    """A chunk of which others follow: the collector need not look at what is there by now."""
    total = chunk(what)
    gc.freeze()
    return total


def chunk(what: tuple[Wanted, int, int]) -> Sum:
    """Play some seeds in this process."""
    wanted, first, seeds = what
    worlds = worlds_of(wanted)
    digest = blake2b(digest_size=16)
    total = Sum()
    began = process_time()
    gc.disable()  # the little that a schedule leaves behind all the same waits for the end
    try:
        for seed in range(first, first + seeds):
            life = play(pick(worlds, seed), draw(seed))
            digest.update(life.digest().encode())
            total = total.plus(_of(life))
            life.let_go()
    finally:
        gc.enable()
        gc.collect()
    return replace(total, digest=digest.hexdigest(), cpu=process_time() - began)


def _of(life: Life) -> Sum:
    people, broken = life.people, tuple[Broken, ...]()
    if life.violations:
        worst = life.violations[0]
        broken = (Broken(life.script.seed, life.world.name, worst.rule, worst.text),)
    return Sum(
        schedules=1,
        awaits=life.ticks,
        crashes=life.crashes,
        edits=len(people.wrote) + len(people.removed) + len(people.born),
        writes=len(life.witness.effects),
        violations=len(broken),
        broken=broken,
        points=_calls(life.passed),
        died=_calls(life.deaths),
    )


def _calls(names: Iterable[str]) -> frozenset[str]:
    """`right.create answered`, for whichever sync it was."""
    return frozenset(map(_call, names))


@cache
def _call(name: str) -> str:
    return " ".join(name.split(" ")[:2])


@cache
def worlds_of(wanted: Wanted) -> Sequence[World]:
    """The worlds that are meant. Raises Misconfigured."""
    if wanted.app is None:
        return chosen(wanted.world)
    located = locate(wanted.app, Path(wanted.root))
    return (world_of(located.app, wanted.app),)
