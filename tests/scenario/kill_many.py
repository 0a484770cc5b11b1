"""`python tests/scenario/kill_many.py [--seed N] [--kills N] [--lanes N]`: thousands of `kill -9`.

The whole engine (`crosstie run`: real files, FULL sync, group commit, engine lock, real HTTP to a
CRM in another process) is started by a fork of this process and killed, at a random moment or when
it passes a named point for the n-th time; people edit both sides meanwhile, and while it is dead.
Every hundred kills it may come to rest; then both sides are compared with the book of all edits,
and the next episode begins with two new populations that have never met.

Prints a table by kind of kill, then one line with the totals. Exit code 1 when a record stands
twice, an edit is lost, the sides differ or the engine ended by itself; 2 when `--ablate` took a
safeguard away and nothing of that was seen.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import kill_points
from kill_book import Verdict
from kill_people import People
from kill_world import INDEX_LAG, World, far_system, template, warmed

EPISODE = 100
"""Kills until the engine may come to rest."""
FIRST = 6
"""Kills at the beginning of an episode that fall into the first match of both sides."""
RANDOM = "at a random moment"
BY_CHANCE = 0.25
"""Share of the kills at a random moment."""
PATIENCE = 3.0
"""How many times as long as a run takes a named point is waited for; then it is killed anyway."""
SURELY = 20.0
"""Seconds, where the engine is killed nowhere else and people did what leads there."""
LONGEST_REST, WITHOUT_REST = 180.0, 7.0
"""Seconds until the engine must have come to rest; the latter where a safeguard is missing."""
IN_DOUBT = (
    "create.sent", "create.done", "update.sent", "update.done", "delete.done", "intend.after",
)  # fmt: skip
"""After these the next start has something to recover: often it is killed there again."""

OFTEN = ("intend.after", "keep.before", "keep.after", "commit.before", "commit.after", "noticed",
         "claimed", "page.read", "scan.page", "update.done", "row.done")  # fmt: skip
"""Points that a run passes several times."""
WHOLE = ("row.done", "update.done", "claimed", "recover.after")
"""Points that a run passes late: they tell how long one takes."""
NEEDS = {
    "create": ("create",),
    "update": ("update",),
    "delete": ("delete",),
    "row": ("row",),
    "acknowledged": ("update",),
    "pair": ("pair",),
    "strangers": ("pair",),
    "link": ("create",),
}
"""What people do before a start that is to pass a point of that kind."""


@dataclass
class Score:
    """What the run came to."""

    kills: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    different: int = 0

    @property
    def bad(self) -> bool:
        """Something is not as it must be."""
        return bool(self.wrong)

    def add(self, episode: str, verdict: Verdict) -> None:
        """Take an episode in."""
        self.lost += len(verdict.lost)
        self.doubled += len(verdict.doubled)
        self.different += len(verdict.different)
        self.done["asked"] += verdict.listed
        for kind in ("lost", "doubled", "different"):
            self.wrong += [f"episode {episode}, {kind}: {w}" for w in getattr(verdict, kind)]


@dataclass
class Episode:
    """Two populations, an engine that is killed again and again, and people."""

    world: World
    people: People
    dice: random.Random
    score: Score
    ablation: str | None = None
    points: Sequence[str] = ()
    """The only points where it is killed, if there are any."""
    doubtful: bool = False
    pace: float = 0.3
    """Seconds that a run takes on this machine at this moment."""

    def play(self, kills: int) -> Verdict:
        """Kill it that often, let it rest; what is wrong then."""
        self.people.cast()
        if self.points:
            # Everything is linked by then, so an edit leads to the point at once.
            self._rested()
        for number in range(kills):
            self._kill(*self._chosen(number))
        return self._rested(WITHOUT_REST if self.ablation else LONGEST_REST)

    def _chosen(self, number: int) -> tuple[str | None, Sequence[str]]:
        """A named point or none, and how the engine is started."""
        if self.points:
            return self.dice.choice(self.points), ()
        if self.dice.random() < BY_CHANCE:
            return None, ("--full",) if self.dice.random() < 0.2 else ()
        if number < FIRST:
            points = kill_points.MEETING + kill_points.SCANNING
            return self.dice.choice(points), ("--full",) if number > 2 else ()
        if self.doubtful and self.dice.random() < 0.6:
            return self.dice.choice(kill_points.RECOVERING), ()
        point = self.dice.choice(kill_points.POINTS)
        full = point in kill_points.MEETING + kill_points.SCANNING
        return point, ("--full",) if full else ()

    def _kill(self, point: str | None, words: Sequence[str]) -> None:
        for _ in range(self.dice.randrange(0, 3)):
            self.people.act(alone=True)
        if point is not None:
            for need in NEEDS.get(point.partition(".")[0], ("update", "create")):
                self.people.provoke(need)
        often = point in OFTEN and self.dice.random() < 0.4
        count = self.dice.randrange(2, 5) if often else 1
        began = time.monotonic()
        pid = self._start(words, point, count)
        patience = self.pace * (PATIENCE if point else self.dice.uniform(0.05, 1.8))
        patience = SURELY if self.points else patience
        status = self._outlived(pid, patience, self.dice.randrange(1, 5))
        reached = status is not None
        if status is None:
            os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            self.score.wrong.append(f"the engine ended by itself with {status}, near {point}")
        if point in WHOLE and reached:
            self.pace = min(1.0, (self.pace + time.monotonic() - began) / 2)
        kind = point if point is not None and reached else RANDOM
        self.score.kills[kind] += 1
        self.doubtful = kind in IN_DOUBT

    def _start(self, words: Sequence[str], point: str | None, count: int) -> int:
        run = partial(
            kill_points.engine, words=words, point=point, count=count, ablation=self.ablation
        )
        return self.world.fork(run)

    def _outlived(self, pid: int, patience: float, acts: int) -> int | None:
        """Let people work until the engine is dead; None when it outlives our patience."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return status
            if acts and self.dice.random() < 0.3:
                self.people.act(alone=False)
                acts -= 1
            time.sleep(0.004)
        return None

    def _rested(self, longest: float = LONGEST_REST) -> Verdict:
        """Run the engine to its end, until a whole run changes nothing any more."""
        end = time.monotonic() + longest
        verdict, stored, calm = Verdict(), -1, False
        while time.monotonic() < end:
            time.sleep(INDEX_LAG + 0.05)
            pid = self._start(("--once", "--full"), None, 0)
            status = os.waitpid(pid, 0)[1]
            if os.waitstatus_to_exitcode(status) not in (0, 5, 6, 7):
                self.score.wrong.append(f"a run to rest ended with {status}")
            before, stored = stored, self.world.far.control("state")["stored"]
            if before != stored:
                continue
            verdict, calm = self.people.judged(), True
            if not verdict:
                break
        if not calm:
            self.score.wrong.append("the engine writes and writes")
        if "Traceback" in (self.world.folder / "engine.log").read_text(errors="replace"):
            self.score.wrong.append("an error of the engine itself, see engine.log")
        return verdict


def play(seed: str, kills: int, ablation: str | None, points: Sequence[str]) -> Score:
    """Play that many kills, in episodes, until something is wrong."""
    score = Score()
    folder = Path(tempfile.mkdtemp(prefix="crosstie-kills-"))
    with far_system(folder) as far:
        empty = template(folder)
        once = partial(kill_points.engine, words=("--once",), point=None, count=0, ablation=None)
        warmed(World(folder, far, empty), once)
        number = 0
        while (left := kills - score.kills.total()) > 0:
            world = World(folder, far, empty)
            dice = random.Random(f"{seed}.{number}")
            people = People(world, random.Random(f"{seed}.{number}.people"))
            episode = Episode(world, people, dice, score, ablation, points)
            score.add(f"{seed}.{number}", episode.play(min(left, EPISODE)))
            score.done.update({**people.book.done, "episodes": 1})
            _say(f"lane {seed}: {score.kills.total()} kills, {len(score.wrong)} wrong")
            number += 1
            if score.bad:
                break
    if score.bad and ablation is None:
        _say(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    return score


def _say(text: str) -> None:
    """Talk, while the table is still to come."""
    sys.stderr.write(f"{text}\n")


def in_lanes(
    seed: int, kills: int, lanes: int, ablation: str | None, points: Sequence[str]
) -> Score:
    """The same in several processes at once, each with a CRM and people of its own."""
    shares = [kills // lanes + (lane < kills % lanes) for lane in range(lanes)]
    seeds = [f"{seed}.{lane}" for lane in range(lanes)]
    out = Score()
    with ProcessPoolExecutor(lanes, get_context("spawn")) as pool:
        for score in pool.map(play, seeds, shares, repeat(ablation), repeat(points)):
            out.kills.update(score.kills)
            out.done.update(score.done)
            out.wrong += score.wrong
            out.lost += score.lost
            out.doubled += score.doubled
            out.different += score.different
    return out


def table(score: Score) -> str:
    """Kills by kind."""
    lines = [f"{count:7}  {kind}" for kind, count in sorted(score.kills.items())]
    missing = [p for p in kill_points.POINTS if p not in score.kills]
    return "\n".join([*lines, *(f"      0  {point}" for point in missing)])


def main(argv: Sequence[str]) -> int:
    """Play it; the exit code."""
    parser = argparse.ArgumentParser(description="Kill the engine again and again.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=2_000)
    parser.add_argument("--lanes", type=int, default=2, help="processes that play side by side")
    parser.add_argument("--points", nargs="+", default=(), choices=kill_points.POINTS)
    parser.add_argument("--ablate", choices=kill_points.ABLATIONS)
    given = parser.parse_args(argv)
    began = time.monotonic()
    score = in_lanes(given.seed, given.kills, given.lanes, given.ablate, given.points)
    lines = [f"  {line}" for line in score.wrong[:40]]
    done, total = score.done, score.kills.total()
    lines += [
        table(score),
        f"seed {given.seed}: {total} kills in {done['episodes']} episodes, {done['edits']} edits, "
        f"{done['creates']} creates, {done['deletes']} deletes, {done['asked']} fields asked; "
        f"{score.lost} lost, {score.doubled} doubled, {score.different} differences, "
        f"{time.monotonic() - began:.0f} s",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if given.ablate:
        return 0 if score.lost or score.doubled else 2
    return 1 if score.bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
