"""A person's stop lets what is in flight end, and nothing more begin."""

from __future__ import annotations

import asyncio
from typing import Any

from crosstie.service.worker import Until


def test_the_gate_is_over_when_it_is_told_to_stop_and_never_holds_an_operation_back() -> None:
    stop = asyncio.Event()
    gate = Until(stop)
    anything: Any = object()
    assert not gate.over
    stop.set()
    assert gate.over
    assert gate.permits("people", anything, anything)
