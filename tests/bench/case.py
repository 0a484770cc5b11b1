"""One case in this process: `python -m bench.case NAME COUNT FOLDER`; its figures as JSON."""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import pstats
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench.cases import first, steady
from bench.cases.figures import Figures

Case = Callable[[int, Path], Awaitable[Figures]]

CASES: Mapping[str, Case] = {
    "first": first.first,
    "listing": steady.listing,
    "feed": steady.feed,
    "noop": steady.noop,
}


def main() -> None:
    """Run it; with BENCH_PROFILE set, under cProfile."""
    name, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])

    async def measured() -> Figures:
        return await CASES[name](count, folder)

    if os.environ.get("BENCH_PROFILE"):
        profile = cProfile.Profile()
        figures = profile.runcall(lambda: asyncio.run(measured()))
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    else:
        figures = asyncio.run(measured())
    print(json.dumps(figures.as_json()))


if __name__ == "__main__":
    main()
