"""The page docs/proof.md, from what was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablations import Ablation
    from elsewhere import Elsewhere

_HEAD = """\
# What was played, and what it proves

Written by `tests/simulation/proof.py` from `ablations.json` and `figures.json` beside it. Its parts
can be played alone: a figure is of the day on which its part was played last. A test holds the page
against both.

The simulator plays the real engine and the real store against systems in memory that are at their
worst: answers get lost, searches lag, pages shift, feeds tell late, twice and in another order,
clocks jump, people edit at any await, and the process dies at any await. One integer decides all of
it. The invariants (I1 ...) are named in the simulator's oracle; `model` is a small second model of
what must be seen in the end.
"""
_AGAIN = """\
## Again

```console
$ crosstie sim --builtin --seeds 20000
$ crosstie sim --builtin --seeds 1000000 --json > million.json
$ make proof
$ python tests/simulation/proof.py --twice --every 10
$ python tests/simulation/proof.py --million million.json --page
```

`make proof` searches the first failing seed of each ablation anew; a change of the generator moves
them. `make test` plays every single crash of most scenarios, all orders, and each ablation at its
recorded seed.
"""
_KILLS = "How that is played: [killed, and without power](proof-kills.md)."
_NOT_YET = "not recorded here yet"


def rendered(
    ablations: Sequence[Ablation],
    seeds: Mapping[str, Any],
    figures: Mapping[str, Any],
    elsewhere: Sequence[Elsewhere],
) -> str:
    """The whole page."""
    parts = [
        _HEAD,
        _schedules(figures),
        _exhaustive(figures),
        _machines(figures),
        _table(ablations, seeds),
        _others(elsewhere),
        _AGAIN,
    ]
    return "\n".join(parts)


def _schedules(figures: Mapping[str, Any]) -> str:
    lines = [
        "## Schedules",
        "",
        "| run | schedules | per second | crashes | edits by people | "
        "writes | violations | trace |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, told in (("`crosstie sim --builtin`", "schedules"), ("the long one", "million")):
        run = figures.get(told)
        if run is None:
            lines.append(f"| {name} | {_NOT_YET} | | | | | | |")
            continue
        pace = run["schedules"] / max(run["seconds"], 0.1)
        lines.append(
            f"| {name} | {run['schedules']:,} | {pace:,.0f} | {run['crashes']:,} | "
            f"{run['edits']:,} | {run['writes']:,} | {run['violations']:,} | `{run['trace']}` |"
        )
    return "\n".join([*lines, ""])


def _exhaustive(figures: Mapping[str, Any]) -> str:
    lines = [
        "## Canonical scenarios",
        "",
        "Every scenario has a name and a line in `tests/simulation/scenarios`. A crash is put at "
        "each await, a",
        "new process goes on, all promises are held against the end, and the end against the "
        "one without a crash.",
        "",
        "| played | scenarios | points | runs | broken |",
        "|---|---|---|---|---|",
    ]
    rows = (
        ("one crash at every await", "exhaustive"),
        ("two crashes", "twice"),
        ("all orders of acts and messages, late and twice", "orders"),
    )
    for name, told in rows:
        done = figures.get(told)
        if done is None:
            lines.append(f"| {name} | {_NOT_YET} | | | |")
            continue
        if (every := done.get("every", 1)) > 1:
            name = f"{name}, the first at each {every}th await"
        lines.append(
            f"| {name} | {done['scenarios']:,} | {done['points']:,} | {done['runs']:,} | "
            f"{done['broken']:,} |"
        )
    return "\n".join([*lines, ""])


def _machines(figures: Mapping[str, Any]) -> str:
    lines = ["## Real processes", "", _KILLS, "", "| what | how | figures |", "|---|---|---|"]
    for name, told in (("`kill -9`", "kills"), ("power loss", "power")):
        rows = figures.get(told) or [{"how": "", "figures": _NOT_YET}]
        lines += [f"| {name} | {row['how']} | {row['figures']} |" for row in rows]
    return "\n".join([*lines, ""])


def _table(ablations: Sequence[Ablation], seeds: Mapping[str, Any]) -> str:
    found = {each["name"]: each for each in seeds.get("ablations", ())}
    caught = [a for a in ablations if found.get(a.name, {}).get("seed") is not None]
    others = [a for a in ablations if a not in caught]
    lines = [
        "## Ablations",
        "",
        f"Each takes away one safeguard; {len(caught)} of {len(ablations)} are noticed within "
        f"{seeds.get('most', 0):,} schedules.",
        "",
        "| safeguard | without it | first failing seed | world | noticed by | schedules |",
        "|---|---|---|---|---|---|",
    ]
    for ablation in caught:
        each = found[ablation.name]
        lines.append(
            f"| {ablation.safeguard} | {ablation.without} | {each['seed']} | {each['world']} | "
            f"{each['rule']} | {each['schedules']:,} |"
        )
    if others:
        lines += [
            "",
            "Not counted, because no schedule told them from the whole engine:",
            "",
            "| safeguard | without it | schedules | what is thought to be the reason |",
            "|---|---|---|---|",
        ]
    for ablation in others:
        played = found.get(ablation.name, {}).get("schedules", 0)
        lines.append(
            f"| {ablation.safeguard} | {ablation.without} | {played:,} | {ablation.covered} |"
        )
    return "\n".join([*lines, ""])


def _others(elsewhere: Sequence[Elsewhere]) -> str:
    lines = [
        "What some safeguards are for is not simulated. Other tests take these away:",
        "",
        "| safeguard | without it | noticed by |",
        "|---|---|---|",
    ]
    for each in elsewhere:
        test = f"`{each.test}` in `tests/{each.file}`"
        lines.append(f"| {each.safeguard} | {each.without} | {test} |")
    return "\n".join([*lines, ""])
