"""How runs look in a table."""

from __future__ import annotations

from crosstie.cli.calls import stamp
from crosstie.cli.showing import did
from crosstie.service.standing import RunLine

RUN_COLUMNS = ("#run", "kind", "started (UTC)", "#seconds", "what it did")


def run_row(run: RunLine) -> tuple[str, ...]:
    """Its number, kind, start, how long it took or why that is not known, and what it did."""
    took: str = run.state
    if run.state == "ended" and run.ended is not None:
        took = f"{run.ended - run.started:.1f}"
    told = "; ".join(filter(None, [did(run.counts), run.error]))
    return str(run.id), run.kind, stamp(run.started), took, told or "nothing"
