"""Seconds and memory of this process. Standard library only."""

from __future__ import annotations

import cProfile
import gc
import os
import pstats
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PAGE = resource.getpagesize()
_MIB = 2**20
_SHOWN = 40


def peak_mb() -> float:
    """The most memory this process ever held, in MiB (ru_maxrss)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024


def now_mb() -> float:
    """What this process holds now, in MiB; its peak where that cannot be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak_mb()
    return pages * _PAGE / _MIB


@dataclass(slots=True)
class Span:
    """A stretch of work that was measured."""

    seconds: float = 0.0
    cpu: float = 0.0
    """Processor time of this process: tells a busy machine from slow code."""
    before_mb: float = 0.0
    """Memory held when it began."""
    peak_mb: float = 0.0
    """The most held since the process began."""


@contextmanager
def span() -> Iterator[Span]:
    """Measure the block; with CROSSTIE_BENCH_PROFILE set, show on stderr what took the time."""
    profile = cProfile.Profile() if os.environ.get("CROSSTIE_BENCH_PROFILE") else None
    gc.collect()
    out = Span(before_mb=now_mb())
    if profile is not None:
        profile.enable()
    began, cpu = time.perf_counter(), time.process_time()
    yield out
    out.seconds, out.cpu = time.perf_counter() - began, time.process_time() - cpu
    out.peak_mb = peak_mb()
    if profile is not None:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(_SHOWN)
