"""Plays all there is to play, and writes docs/proof.md: `make proof`, or `.../proof.py --help`.

What takes long is asked for by name. What is not asked for stays as it was recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ablations import ABLATIONS
from elsewhere import ELSEWHERE
from exhaust import Figures, crashed_once, crashed_twice
from orders import CASES, in_all_orders
from page import rendered
from scenarios import ALL

from crosstie.testing.simulator.many import Wanted, many

HERE = Path(__file__).parent
SEEDS = HERE / "ablations.json"
FIGURES = HERE / "figures.json"
PAGE = HERE.parents[1] / "docs" / "proof.md"
MOST = 20_000
"""Schedules in which a missing safeguard has to be noticed."""

A = TypeVar("A")
B = TypeVar("B")


def first_caught(most: int, number: int) -> dict[str, Any]:
    """Play schedule after schedule without one safeguard, until a promise breaks.

    A schedule that breaks one with the safeguard as well proves nothing.
    """
    ablation = ABLATIONS[number]
    for seed in range(most):
        with ablation.gone():
            life = ablation.play(seed)
        if life.violations and not ablation.play(seed).violations:
            found = life.violations[0]
            return {
                "name": ablation.name,
                "seed": seed,
                "world": life.world.name,
                "rule": found.rule,
                "text": found.text,
                "schedules": seed + 1,
            }
    return {"name": ablation.name, "seed": None, "schedules": most}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for; 1 where something broke."""
    asked = _parsed(arguments)
    figures = read(FIGURES)
    broken: list[str] = []
    if asked.million is not None:
        figures["million"] = _of_sim(json.loads(asked.million.read_text(encoding="utf-8")))
    if not asked.page:
        broken += _played(asked, figures)
    write(FIGURES, figures)
    PAGE.write_text(rendered(ABLATIONS, read(SEEDS), figures, ELSEWHERE), encoding="utf-8")
    for line in broken:
        print(line)  # noqa: T201
    return 1 if broken else 0


def _played(asked: argparse.Namespace, figures: dict[str, Any]) -> list[str]:
    names = asked.only if asked.only is not None else [ablation.name for ablation in ABLATIONS]
    numbers = [n for n, ablation in enumerate(ABLATIONS) if ablation.name in names]
    before = {each["name"]: each for each in read(SEEDS).get("ablations", [])}
    for each in over(numbers, partial(first_caught, asked.most), asked.jobs):
        before[each["name"]] = each
        kept = [before[a.name] for a in ABLATIONS if a.name in before]
        write(SEEDS, {"most": asked.most, "ablations": kept})
        say(f"{each['name']}: {each['seed']} {each.get('rule', 'not caught')}")
    if asked.only is not None and names:
        return []
    once = summed(ALL, crashed_once, asked.jobs)
    figures["exhaustive"] = _of(once)
    letters = summed(CASES, in_all_orders, asked.jobs)
    figures["orders"] = _of(letters)
    twice = Figures()
    if asked.twice:
        twice = summed(ALL, partial(crashed_twice, every=asked.every), asked.jobs)
        figures["twice"] = {**_of(twice), "every": asked.every}
    began = time.monotonic()
    total = many(Wanted(), 0, asked.seeds, asked.jobs)
    figures["schedules"] = {
        "schedules": total.schedules,
        "seconds": round(time.monotonic() - began, 1),
        "crashes": total.crashes,
        "edits": total.edits,
        "writes": total.writes,
        "violations": total.violations,
        "trace": total.digest,
        "jobs": asked.jobs,
    }
    seeds = [f"seed {each.seed}: {each.rule}: {each.text}" for each in total.broken]
    return [*once.broken, *letters.broken, *twice.broken, *seeds]


def summed(cases: Iterable[A], play: Callable[[A], Figures], jobs: int) -> Figures:
    """Everything on as many cores; what was played is found again by its place."""
    numbers = range(len(list(cases)))
    kind = "scenarios" if cases is ALL else "orders"
    total = Figures()
    for done in over(numbers, partial(_one, kind, play), jobs):
        total = total.plus(done)
    return total


def _one(kind: str, play: Callable[[Any], Figures], number: int) -> Figures:
    return play((ALL if kind == "scenarios" else CASES)[number])


def over(what: Iterable[A], play: Callable[[A], B], jobs: int) -> Iterable[B]:
    """In that many processes, in order."""
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(play, what)


def _of(done: Figures) -> dict[str, Any]:
    return {
        "scenarios": done.scenarios,
        "points": done.points,
        "runs": done.runs,
        "broken": len(done.broken),
    }


def _of_sim(document: dict[str, Any]) -> dict[str, Any]:
    """What `crosstie sim --json` printed."""
    names = ("schedules", "seconds", "crashes", "edits", "writes", "violations", "trace")
    return {name: document[name] for name in names}


def read(path: Path) -> dict[str, Any]:
    """A data file; empty where there is none yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, data: dict[str, Any]) -> None:
    """A data file, so that a difference can be read."""
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def say(line: str) -> None:
    """Progress."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5_000, help="schedules that are played")
    parser.add_argument("--most", type=int, default=MOST, help="schedules for an ablation at most")
    parser.add_argument(
        "--only",
        nargs="*",
        help="search these ablations anew and nothing else; without a name: play the rest",
    )
    parser.add_argument("--twice", action="store_true", help="two crashes in every scenario")
    parser.add_argument("--every", type=int, default=1, help="with --twice: each so many-th await")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--million", type=Path, help="what `crosstie sim --json` printed")
    parser.add_argument("--page", action="store_true", help="play nothing, write the page")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
