"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("crosstie", "aiohttp", "msgspec", "sqlalchemy")
_TURNS = 2_000_000


def machine() -> dict[str, Any]:
    """Processor, memory, versions, load, and how long a fixed loop takes at this moment."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory": _first("/proc/meminfo", "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: _version(name) for name in _PACKAGES},
        "load": list(os.getloadavg()),
        "loop_seconds": _loop(),
    }


def summary(machine: dict[str, Any]) -> str:
    """One line."""
    return (
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, "
        f"load {machine['load'][0]:.1f}, fixed loop {machine['loop_seconds']:.2f} s"
    )


def _loop() -> float:
    """Seconds of the same small computation: larger on a busy machine."""
    began = time.perf_counter()
    total = 0
    for number in range(_TURNS):
        total += number * number % 7
    return time.perf_counter() - began


def _first(path: str, name: str) -> str | None:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, None)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
