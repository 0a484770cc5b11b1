"""What happened in a schedule, for people: as text, and as a page with a lane for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from crosstie.testing.simulator.items import Script
from crosstie.testing.simulator.life import Life

LANES = ("people", "left", "state", "right")


def as_text(life: Life) -> str:
    """One line for every await and every act, in order."""
    return "\n".join([*_head(life), "", *(f"{tick:>5} {text}" for tick, _, text in _lines(life))])


def as_html(life: Life) -> str:
    """The same as a page that needs nothing else."""
    rows = []
    for tick, lane, text in _lines(life):
        cells = "".join(f"<td>{escape(text) if lane == own else ''}</td>" for own in LANES)
        bad = ' class="bad"' if text.startswith(("VIOLATION", "CRASH")) else ""
        rows.append(f"<tr{bad}><th>{tick}</th>{cells}</tr>")
    head = "".join(f"<p>{escape(line)}</p>" for line in _head(life))
    names = "".join(f"<th>{name}</th>" for name in ("await", *LANES))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Timeline</title><style>'
        "body{font:14px/1.4 system-ui;margin:2em}table{border-collapse:collapse}"
        "td,th{padding:.1em .8em;text-align:left;vertical-align:top;font-weight:400}"
        "tr:nth-child(odd){background:#f4f4f4}.bad{background:#fdd!important}thead th"
        "{font-weight:700}</style>"
        f"{head}<table><thead><tr>{names}</tr></thead>{''.join(rows)}</table></html>\n"
    )


def as_items(script: Script) -> Iterator[str]:
    """The items of a script, one a line."""
    for item in script.items:
        yield f"item {item.number}: {item.kind} on the {item.side} from await {item.at} on"


def _head(life: Life) -> Iterator[str]:
    script = life.script
    yield (
        f"seed {script.seed}, world {life.world.name}: {script.records} pairs in step, "
        f"{script.strangers} strangers"
    )
    for (sync, side), system in life.systems.items():
        yield f"{sync} {side}: {_habits(system.behaviour)}; {_habits(system.worst)}"
    yield from as_items(script)
    for violation in life.violations:
        yield f"VIOLATION {violation}"


def _habits(habits: object) -> str:
    """What differs from the defaults, by name."""
    plain = type(habits)()
    names = [n for n in habits.__slots__ if getattr(habits, n) != getattr(plain, n)]  # type: ignore[attr-defined]
    told = [
        n if callable(value := getattr(habits, n)) else f"{n}={value!r}"
        for n in names
        if n != "salt"
    ]
    return ", ".join(told) or "no habits"


def _lines(life: Life) -> Iterator[tuple[int, str, str]]:
    """(await, lane, text)."""
    tick = 0
    for line in life.trace:
        if line.startswith("* "):
            yield tick, "people" if "a person" in line else "state", line[2:]
            continue
        tick += 1
        lane = line.partition(".")[0]
        yield tick, lane if lane in LANES else "state", line
