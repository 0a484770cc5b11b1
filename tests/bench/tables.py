"""The figures as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.musts import Results, growth, judged

TITLES: Mapping[str, str] = {
    "first": "(a) first run: match, compare, plan",
    "listing": "(b) 1 % changed, complete listings",
    "feed": "(c) 1 % changed, change feeds",
    "noop few": "(d) no-op reconcile, a tenth",
    "noop": "(d) no-op reconcile",
    "settle": "(e) settle against the sandbox",
    "settle_postgresql": "(e) the same, state in PostgreSQL",
    "claim": "(g) claim what is due, 200 at a time",
    "claim_postgresql": "(g) the same in PostgreSQL",
    "ingest": "(h) receive webhooks, 50 senders",
    "ingest_postgresql": "(h) the same, state in PostgreSQL",
}
PEERS = ("diffsync", "vdirsyncer", "vdirsyncer, left wins", "bare loop")
_WORDS = {True: "yes", False: "NO", None: "not compared"}


def show(results: Results, console: Console) -> None:
    """Print all tables that there are figures for."""
    console.print(_main(results))
    console.print(_edits(results))
    if "calls" in results:
        console.print(_calls(results["calls"]["calls"]))
    for name in ("claim", "claim_postgresql"):
        if name in results:
            console.print(_claims(TITLES[name], results[name]))
    for name in ("ingest", "ingest_postgresql"):
        if "p99_ms" in results.get(name, {}):
            console.print(_received(TITLES[name], results[name]))
    grown = growth(results)
    if grown is not None:
        console.print(
            f"no-op reconcile: memory held at the peak, less what was held with data, store and "
            f"interpreter loaded before it began; from a tenth to all records it grows by "
            f"{grown:.1f} MB"
        )


def _received(title: str, figures: Mapping[str, Any]) -> str:
    return (
        f"{title}: {figures['records_per_second']:,.0f} a second, median"
        f" {figures['median_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms;"
        f" {figures['share_of_commits']:.2f} times the {figures['commits_per_second']:,.0f} bare"
        f" commits a second of the same database; {figures['cpu_us']:.0f} us of processor time each"
    )


def _main(results: Results) -> Table:
    table = _table(
        "case", "records", "crosstie s", "MB", "records/s", "must", "ok?", "peer", "peer s", "MB",
        "ratio", "edits lost",
    )  # fmt: skip
    limits = judged(results)
    for name, title in TITLES.items():
        if name not in results:
            continue
        own = results[name]
        mine = [(must.said, _WORDS[kept]) for must, kept in limits if must.case == name]
        theirs = [row for peer in PEERS if (row := _peer(results, name, peer)) is not None]
        cells = [
            title,
            f"{own['records']:,}",
            f"{own['seconds']:.2f}",
            f"{own['peak_mb']:.0f}",
            f"{own['records_per_second']:,.0f}",
            "\n".join(said for said, _ in mine),
            "\n".join(word for _, word in mine),
        ]
        columns = ["\n".join(column) for column in zip(*theirs, strict=True)] or [""] * 4
        table.add_row(*cells, *columns, str(own["lost"]))
        table.add_section()
    return table


def _peer(results: Results, case: str, peer: str) -> Sequence[str] | None:
    """Name, seconds, memory, how many times as long as Crosstie."""
    own = results[case]
    if peer == "bare loop":
        if "bare_seconds" not in own:
            return None
        seconds = own["bare_seconds"]
        return (peer, f"{seconds:.2f}", "", f"{own['share_of_bare']:.2f} of it")
    other = results.get(f"{case} {peer}")
    if other is None:
        return None
    ratio = other["seconds"] / own["seconds"]
    return (peer, f"{other['seconds']:.2f}", f"{other['peak_mb']:.0f}", f"{ratio:.1f} x")


def _claims(title: str, figures: Mapping[str, Any]) -> str:
    if "skipped" in figures:
        return f"{title}: skipped: {figures['skipped']}"
    return (
        f"{title}: {figures['claims']} claims among {figures['links']:,} links: "
        f"median {figures['median_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms, "
        f"slowest {figures['slowest_ms']:.1f} ms"
    )


def _edits(results: Results) -> Table:
    table = _table(
        "where both sides edited one contact", "lost", "merged of 100", "left as conflict"
    )
    for name, figures in results.items():
        if name.split(" ")[0] in ("listing", "feed") and "merged" in figures:
            case, _, peer = name.partition(" ")
            who = f"{peer or 'crosstie'} ({TITLES[case][1]})"
            counts = (figures["lost"], figures["merged"], figures["conflicts"])
            table.add_row(who, *map(str, counts))
    return table


def _calls(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("calls counted by the sandbox", "reads", "may", "writes", "may", "ok?")
    for row in rows:
        may = "any" if row["may_read"] is None else str(row["may_read"])
        counts = (str(row["reads"]), may, str(row["writes"]), str(row["may_write"]))
        table.add_row(row["what"], *counts, _WORDS[row["ok"]])
    return table


def _table(*columns: str) -> Table:
    table = Table()
    for number, name in enumerate(columns):
        words = number == 0 or name in ("must", "ok?", "peer")
        table.add_column(name, justify="left" if words else "right", no_wrap=number > 0)
    return table
