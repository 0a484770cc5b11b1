"""`crosstie sim`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.cli.progress import progress
from crosstie.service.asked import Misused
from crosstie.service.counting import counted

if TYPE_CHECKING:
    from crosstie.testing.simulator.many import Broken, Sum, Wanted

app = make("Play the syncs against systems at their worst, and see whether a promise breaks.")

MOST = 1_000_000_000

Seeds = Annotated[int, typer.Option("--seeds", min=1, max=MOST, help="How many schedules.")]
First = Annotated[int, typer.Option("--first", min=0, max=2**53, help="The first seed.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, max=256, help="Processes; without it, one a core.")
]
WorldName = Annotated[
    str | None, typer.Option("--world", metavar="NAME", help="Only this built-in world.")
]
Builtin = Annotated[
    bool, typer.Option("--builtin", help="The built-in worlds, whatever pyproject.toml names.")
]
Keep = Annotated[
    str | None,
    typer.Option("--keep", metavar="N,N", help="Only these items of the one seed's schedule."),
]
Timeline = Annotated[
    Path | None,
    typer.Option(
        "--timeline", metavar="FILE", help="Write what happened there; .html makes a page."
    ),
]


@app.command()
def sim(
    seeds: Seeds = 1_000,
    first: First = 0,
    jobs: Jobs = None,
    world: WorldName = None,
    builtin: Builtin = False,
    keep: Keep = None,
    timeline: Timeline = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Play the syncs against systems at their worst, and see whether a promise breaks.

    Nothing real is opened: each seed is one schedule of edits, crashes, lost answers and wrong
    clocks, on systems and a state in memory. The same seed plays the same schedule. A seed that
    breaks a promise is made as small as it gets, and told with the command that replays it.

    \b
    Example:
      crosstie sim --seeds 2000
      crosstie sim --first 4711 --seeds 1 --timeline what.html
    """
    out = Out(as_json)
    wanted = _wanted(app, world, builtin=builtin)
    if keep is not None or (timeline is not None and seeds == 1):
        return _replay(out, wanted, first, seeds, keep, timeline)
    from crosstie.testing.simulator.many import many

    began = time.monotonic()
    with progress("playing", json=as_json, of="schedules") as advance:
        total = many(wanted, first, seeds, jobs or os.cpu_count() or 1, advance)
    taken = max(time.monotonic() - began, 1e-9)
    if total.broken:
        _explain(out, wanted, total.broken[0], timeline)
    _show(out, wanted, total, first, taken)
    return Code.FAILED if total.violations else Code.DONE


def _wanted(app: str | None, world: str | None, *, builtin: bool) -> Wanted:
    """Which worlds; those of the application that is named or declared, where there is one."""
    from crosstie.core.errors import Misconfigured
    from crosstie.service.locate import locate
    from crosstie.testing.simulator.builtin import names
    from crosstie.testing.simulator.many import Wanted, worlds_of

    if world is not None and (app is not None or world not in names()):
        what = "--world and --app exclude each other" if app else f"there is no world {world!r}"
        raise Misused(what, fix=f"name one of: {', '.join(names())}")
    if world is not None or (builtin and app is None):
        return Wanted(world)
    if app is None:
        try:
            app = locate(None, Path.cwd()).named
        except Misconfigured:
            return Wanted()
    wanted = Wanted(app=app, root=str(Path.cwd()))
    worlds_of(wanted)
    return wanted


def _replay(
    out: Out, wanted: Wanted, seed: int, seeds: int, keep: str | None, timeline: Path | None
) -> int:
    """One schedule, all of it or some of its items."""
    from crosstie.testing.simulator.items import draw
    from crosstie.testing.simulator.many import worlds_of
    from crosstie.testing.simulator.play import play
    from crosstie.testing.simulator.timeline import as_text
    from crosstie.testing.simulator.worlds import pick

    if seeds != 1:
        raise Misused("--keep is about one schedule", fix="add `--seeds 1`")
    script = draw(seed)
    if keep is not None:
        script = script.only(_numbers(keep))
    life = play(pick(worlds_of(wanted), seed), script)
    if timeline is not None:
        _write(timeline, life)
    elif life.violations:
        sys.stderr.write(as_text(life) + "\n")
    if out.json:
        broken = [{"rule": v.rule, "text": v.text} for v in life.violations]
        out.document({"seed": seed, "violations": broken, "trace": life.digest()})
    else:
        broken_ = counted(len(life.violations), "violation")
        out.line(f"seed {seed}: {broken_}, trace {life.digest()}")
    return Code.FAILED if life.violations else Code.DONE


def _numbers(text: str) -> set[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise Misused(f"{text!r} is no list of items", fix="write it like `--keep 3,7,12`")
    return {int(part) for part in parts}


def _write(timeline: Path, life: object) -> None:
    from crosstie.testing.simulator.life import Life
    from crosstie.testing.simulator.timeline import as_html, as_text

    if isinstance(life, Life):
        page = timeline.suffix in (".html", ".htm")
        timeline.write_text(as_html(life) if page else as_text(life) + "\n", encoding="utf-8")


def _explain(out: Out, wanted: Wanted, broken: Broken, timeline: Path | None) -> None:
    """The first broken seed as small as it gets, with its timeline."""
    from crosstie.testing.simulator.items import draw
    from crosstie.testing.simulator.many import worlds_of
    from crosstie.testing.simulator.play import play
    from crosstie.testing.simulator.shrink import shrunk
    from crosstie.testing.simulator.timeline import as_text
    from crosstie.testing.simulator.worlds import pick

    world = pick(worlds_of(wanted), broken.seed)
    script = shrunk(world, draw(broken.seed))
    life = play(world, script)
    if timeline is None:
        sys.stderr.write(as_text(life) + "\n\n")
    else:
        _write(timeline, life)
    numbers = ",".join(str(item.number) for item in script.items)
    out.say(f"the smallest schedule found: {command(wanted, broken.seed)} --keep '{numbers}'")


def command(wanted: Wanted, seed: int) -> str:
    """What replays one seed."""
    named = f" --app {wanted.app}" if wanted.app else ""
    named += f" --world {wanted.world}" if wanted.world else ""
    named = named or " --builtin"
    return f"crosstie sim --first {seed} --seeds 1{named}"


def _show(out: Out, wanted: Wanted, total: Sum, first: int, taken: float) -> None:
    if out.json:
        out.document(_document(wanted, total, first, taken))
        return
    for each in total.broken:
        out.line(f"seed {each.seed} ({each.world}) breaks {each.rule}: {each.text}")
        out.line(f"  {command(wanted, each.seed)}")
    core = total.schedules / max(total.cpu, 1e-9)
    rate = f"{total.schedules / taken:.0f}/s, {core:.0f} per CPU second"
    out.line(
        f"{counted(total.schedules, 'schedule')} in {taken:.1f} s ({rate}): "
        f"{counted(total.crashes, 'crash', 'crashes')} at {len(total.died)} of "
        f"{counted(len(total.points), 'call')}, "
        f"{counted(total.edits, 'edit')}, {counted(total.writes, 'write')}, "
        f"{counted(total.violations, 'violation')}; trace {total.digest}"
    )


def _document(wanted: Wanted, total: Sum, first: int, taken: float) -> dict[str, object]:
    return {
        "first": first,
        "schedules": total.schedules,
        "seconds": round(taken, 3),
        "cpu_seconds": round(total.cpu, 3),
        "awaits": total.awaits,
        "crashes": total.crashes,
        "calls": len(total.points),
        "crashed_calls": len(total.died),
        "edits": total.edits,
        "writes": total.writes,
        "violations": total.violations,
        "trace": total.digest,
        "broken": [
            {
                "seed": each.seed,
                "world": each.world,
                "rule": each.rule,
                "text": each.text,
                "replay": command(wanted, each.seed),
            }
            for each in total.broken
        ],
    }
