"""The world of an acceptance test: a folder of its own, a stand-in of its own, real HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstie.sandbox.ghl import DEFAULT_TOKEN, GhlSandbox
from crosstie.sandbox.hosted import Hosted

from .world import TABLE, World


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("GHL_TOKEN", DEFAULT_TOKEN)
    monkeypatch.delenv("CROSSTIE_DEBUG", raising=False)
    # The processes that tests are spread over have a width of their own.
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


@pytest.fixture
def offline(folder: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """An application whose remote system nobody answers for."""
    world = World(folder, capsys)
    world.sql(TABLE)
    world.declare()
    return world


@pytest.fixture
def world(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    """An application with an empty table of people, and a location with no contact."""
    with Hosted(GhlSandbox("default")) as sandbox:
        made = World(folder, capsys, sandbox)
        made.control("settings", index_lag=0.0, rate_limit=False)
        made.sql(TABLE)
        made.declare()
        yield made
