"""Everything that a demonstration needs, started on free loopback ports in a folder of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.demo.books import Books
from crosstie.demo.browser import Browser
from crosstie.demo.crm import Crm
from crosstie.demo.example import folder as example_folder
from crosstie.demo.processes import Processes
from crosstie.demo.waiting import Failed
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox, Settings
from crosstie.sandbox.hosted import Hosted

APP = "tripbuilder.crosstie_app:app"
INDEX_LAG = 0.5
SEARCH_LAG = 2.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The running pieces, and the hands of the people in the play."""

    folder: Path
    processes: Processes
    crm: Crm
    books: Books
    agency: Browser
    """A person at the pages of TripBuilder."""
    app: str = APP
    """What is kept in step, as `module:name`; modules in the folder are found."""

    def start_engine(self) -> None:
        """Start `crosstie run`, which keeps both sides in step until it is stopped."""
        self.processes.start("engine", "crosstie", "run", "--app", self.app)

    def stop_engine(self) -> None:
        """Stop it; it finishes the write it is at."""
        self.processes.stop("engine")

    def crosstie(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
        """Run a command with `--json` and give what it printed. Raises Failed for another code."""
        done = self.processes.call("crosstie", *arguments, "--json", "--app", self.app)
        said = " ".join(arguments)
        if done.returncode not in codes:
            raise Failed(f"`crosstie {said}` ended with {done.returncode}: {done.stderr.strip()}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise Failed(f"`crosstie {said} --json` did not print one JSON document") from None


@contextmanager
def staged(folder: Path, *, port: int = 0, crm_port: int = 0) -> Iterator[Stage]:
    """Start the CRM and the application and install the capture; the engine is not started yet.

    Everything is stopped at the end. Raises OSError for a port that is taken, Failed otherwise.
    """
    # The onlookers read the CRM all the time; they must not use up what the engine may call.
    settings = Settings(index_lag=INDEX_LAG, rate_limit=False)
    sandbox = GhlSandbox("tripbuilder", settings=settings)
    with Hosted(sandbox, port=crm_port) as hosted:
        environ = _environ(folder, hosted.url)
        with Processes(folder, environ) as processes:
            processes.start("application", "tripbuilder.serve", str(port))
            address = processes.told("application", "TripBuilder:")
            stage = Stage(
                folder, processes, Crm(hosted), Books(folder / "trips.db"), Browser(address)
            )
            stage.crosstie("capture", "install")
            yield stage


def _environ(folder: Path, crm: str) -> dict[str, str]:
    paths = [str(example_folder("tripbuilder")), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'trips.db'}",
        "CROSSTIE_STATE": f"sqlite:///{folder / 'state.db'}",
        "GHL_TOKEN": DEFAULT_TOKEN,
        "GHL_LOCATION": LOCATION_ID,
        "GHL_BASE_URL": crm,
        "TRIPBUILDER_LEFT_EVERY": "0.3",
        "TRIPBUILDER_RIGHT_EVERY": "1",
        "TRIPBUILDER_SEARCH_LAG": str(SEARCH_LAG),
    }
