"""Capture in the application's own database: which tables, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.connectors.sql import (
    CaptureReport,
    TableSource,
    capture_install,
    capture_status,
    capture_uninstall,
)
from crosstie.core.errors import Misconfigured
from crosstie.core.values import Side
from crosstie.sync import Crosstie

__all__ = ["CaptureReport", "install", "status", "tables", "uninstall"]


def tables(app: Crosstie, sync: str | None) -> Sequence[TableSource]:
    """The tables of these syncs, each once. Raises Misconfigured where there is none."""
    syncs = app.in_order if sync is None else (app.sync(sync),)
    sources = [s.source(side) for s in syncs for side in Side]
    found = [source for source in sources if isinstance(source, TableSource)]
    if not found:
        raise Misconfigured(
            "no table of a database takes part, so there is nothing to capture",
            fix="capture is for `Database(...).table(...)`",
        )
    return list({(source.account.url, source.table): source for source in found}.values())


def install(app: Crosstie, sync: str | None) -> Sequence[CaptureReport]:
    """Make the triggers what they should be."""
    return capture_install(tables(app, sync))


def uninstall(app: Crosstie, sync: str | None) -> Sequence[CaptureReport]:
    """Remove the triggers and what waits behind them."""
    return capture_uninstall(tables(app, sync))


def status(app: Crosstie, sync: str | None) -> Sequence[CaptureReport]:
    """How each table is captured now."""
    return capture_status(tables(app, sync))
