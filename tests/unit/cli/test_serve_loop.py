"""`crosstie serve` takes the faster event loop where there is one, and goes on without it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from crosstie.cli.commands.serve import _fast_loop


def test_without_the_faster_loop_it_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert _fast_loop() is None


def test_the_faster_loop_runs_what_the_usual_one_runs() -> None:
    pytest.importorskip("uvloop")

    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        assert runner.run(answer()) == 42
