"""Runs the tests and says what they covered: the last line is the summary that pytest gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from handlers import never_run

FLOORS = ("core", "engine")
DATA = Path(".coverage-figures.json")
# The same examples each time, and no complaint about a slow machine: a verdict has to be the same
# twice. Run pytest itself to have hypothesis look further.
PYTEST = ("pytest", "-rs", "--color=no", "--hypothesis-profile=ci")
# On every core, and who is done takes over from the others.
SPREAD = ("--numprocesses=auto", "--dist=worksteal")
MEASURED = ("--cov=crosstie", f"--cov-report=json:{DATA}")
LAST = Path(".coverage-summary")
"""Kept for `.ci/run`, so that it can be the last thing said there."""


def main() -> int:
    DATA.unlink(missing_ok=True)
    run = subprocess.Popen(
        [sys.executable, "-m", *PYTEST, *SPREAD, *MEASURED, *sys.argv[1:]],
        stdout=subprocess.PIPE,
    )
    told = echo(run)
    if DATA.exists():
        files = json.loads(DATA.read_text())["files"]
        for floor in FLOORS:
            print(branches(floor, files))
        print(handlers(files))
    print(skipped(told))
    LAST.write_text(summary(told) + "\n")
    print(summary(told))
    return run.returncode


def echo(run: subprocess.Popen[bytes]) -> str:
    """Pass the output on as it comes, dot by dot; all of it in the end."""
    assert run.stdout is not None
    parts = []
    while part := run.stdout.read1():  # type: ignore[attr-defined]
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        parts.append(part)
    run.wait()
    return b"".join(parts).decode(errors="replace")


def branches(floor: str, files: dict[str, dict[str, dict[str, int]]]) -> str:
    mine = [
        file["summary"]
        for path, file in files.items()
        if f"crosstie/{floor}/" in Path(path).as_posix()
    ]
    taken, there = (sum(s[n] for s in mine) for n in ("covered_branches", "num_branches"))
    lines, all_lines = (sum(s[n] for s in mine) for n in ("covered_lines", "num_statements"))
    return (
        f"crosstie/{floor}: branch coverage {share(taken, there)} ({taken} of {there}), "
        f"line coverage {share(lines, all_lines)} ({lines} of {all_lines})"
    )


def handlers(files: dict[str, dict[str, Any]]) -> str:
    total, missed = never_run(files)
    named = ": " + ", ".join(missed) if missed else ""
    return f"except blocks run: {total - len(missed)} of {total}{named}"


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "of nothing"


def skipped(told: str) -> str:
    """One line: how many tests were skipped, for which reasons."""
    reasons: dict[str, int] = {}
    for count, reason in re.findall(r"^SKIPPED \[(\d+)\] \S+ (.*)$", told, re.MULTILINE):
        reasons[reason] = reasons.get(reason, 0) + int(count)
    named = "; ".join(f"{count} x {reason}" for reason, count in reasons.items())
    return f"skipped: {named or 'nothing'}"


def summary(told: str) -> str:
    lines = re.findall(r"^=*\s*((?:\d+ \w+(?:, )?)+ in [\d.]+s.*?)\s*=*$", told, re.MULTILINE)
    return lines[-1] if lines else "no tests ran"


if __name__ == "__main__":
    sys.exit(main())
