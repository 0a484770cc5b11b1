"""`python -m bench [--quick] [--only a,b,...] [--out FILE]`: measure, print, write, judge.

Cases: a first run, b 1 % changed with complete listings, c the same with change feeds, d a no-op
reconcile, e settling against the sandbox, f calls, g claiming among very many links, h
receiving webhooks. Exit 1 if one
misses what it has to reach, or loses anything.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.machine import machine, summary
from bench.musts import faults, growth, judged
from bench.processes import PEERS, ROOT, Failed, case, peer, peers_python
from bench.tables import TITLES, show

CASES: Mapping[str, tuple[str, ...]] = {
    "a": ("first",),
    "b": ("listing",),
    "c": ("feed",),
    "d": ("noop few", "noop"),
    "e": ("settle", "settle_postgresql"),
    "f": ("calls",),
    "g": ("claim", "claim_postgresql"),
    "h": ("ingest", "ingest_postgresql"),
}
BESIDE: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "first": (("diffsync", "diffsync", "first"), ("vdirsyncer", "vdirsyncer", "first")),
    "listing": (
        ("diffsync", "diffsync", "steady"),
        ("vdirsyncer", "vdirsyncer", "steady"),
        ("vdirsyncer, left wins", "vdirsyncer", "left_wins"),
    ),
}
"""Case -> peers: what it is called in the table, its module, its case."""
COUNT, QUICK = 100_000, 10_000
SETTLED, SETTLED_QUICK = 5_000, 1_000
CALLED = 450
LINKS, LINKS_QUICK = 1_000_000, 100_000
RECEIVED, RECEIVED_QUICK = 10_000, 2_000


def main() -> int:
    """Run the bench."""
    asked = _arguments()
    described = machine()
    print(summary(described), flush=True)
    python: Path | Failed = Failed("not asked for")
    if {"a", "b"} & set(asked.only):
        python = peers_python()
        if isinstance(python, Failed):
            print(f"without the peers: {' and '.join(PEERS)} cannot be installed: {python.why}")
    results: dict[str, dict[str, Any]] = {}
    failed: list[str] = []
    for name, figures in _measured(asked, python):
        if isinstance(figures, Failed):
            failed.append(f"{name}: {figures.why}")
        else:
            results[name] = figures
    show(results, Console(width=None if sys.stdout.isatty() else 190))
    missed = [*failed, *faults(results)]
    _write(asked.out, described, results, missed)
    for what in missed:
        print(f"missed: {what}")
    return 1 if missed else 0


def _measured(
    asked: argparse.Namespace, python: Path | Failed
) -> Iterator[tuple[str, dict[str, Any] | Failed]]:
    """Every case that was asked for, each followed by its peers."""
    with tempfile.TemporaryDirectory(prefix="crosstie-bench-") as place:
        folder = Path(place)
        for name in (name for letter in asked.only for name in CASES[letter]):
            print(f"measuring {TITLES.get(name, name)}", flush=True)
            count = _count(name, quick=asked.quick)
            yield name, case(name.split(" ")[0], count, folder)
            if isinstance(python, Failed):
                continue
            for called, module, its in BESIDE.get(name, ()):
                yield f"{name} {called}", peer(python, module, its, count, folder)


def _count(name: str, *, quick: bool) -> int:
    if name == "calls":
        return CALLED
    if name.startswith("settle"):
        return SETTLED_QUICK if quick else SETTLED
    if name.startswith("claim"):
        return LINKS_QUICK if quick else LINKS
    if name.startswith("ingest"):
        return RECEIVED_QUICK if quick else RECEIVED
    whole = QUICK if quick else COUNT
    return whole // 10 if name == "noop few" else whole


def _write(
    path: Path, described: dict[str, Any], results: dict[str, dict[str, Any]], missed: list[str]
) -> None:
    told = {
        "machine": described,
        "results": results,
        "noop_growth_mb": growth(results),
        "musts": [
            {"case": must.case, "must": must.said, "kept": kept} for must, kept in judged(results)
        ],
        "missed": missed,
    }
    path.write_text(json.dumps(told, indent=2) + "\n")
    print(f"written: {path}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the records")
    parser.add_argument("--only", type=_letters, default=list(CASES), help="cases, e.g. a,b")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json", help="the report")
    return parser.parse_args()


def _letters(text: str) -> list[str]:
    letters = [letter.strip() for letter in text.split(",")]
    unknown = [letter for letter in letters if letter not in CASES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no case {unknown[0]!r}; there are {', '.join(CASES)}")
    return letters


if __name__ == "__main__":
    sys.exit(main())
