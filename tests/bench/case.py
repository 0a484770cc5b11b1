"""One case in this process: `python -m bench.case NAME COUNT FOLDER`; its figures as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from bench.cases import calls, claim, first, ingest, settle, steady
from bench.cases.figures import Figures

Case = Callable[[int, Path], Coroutine[Any, Any, Figures]]

CASES: Mapping[str, Case] = {
    "first": first.first,
    "listing": steady.listing,
    "feed": steady.feed,
    "noop": steady.noop,
    "settle": settle.settle,
    "settle_postgresql": settle.settle_postgresql,
    "calls": calls.calls,
    "claim": claim.claim,
    "claim_postgresql": claim.claim_postgresql,
    "ingest": ingest.ingest,
    "ingest_postgresql": ingest.ingest_postgresql,
}


def main() -> None:
    """Run it."""
    name, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    figures = asyncio.run(CASES[name](count, folder))
    print(json.dumps(figures.as_json()))


if __name__ == "__main__":
    main()
