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
from crosstie.demo.engine import Engine, Figures
from crosstie.demo.example import folder as example_folder
from crosstie.demo.processes import Processes
from crosstie.demo.waiting import Failed, until
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox, Settings
from crosstie.sandbox.ghl.webhook_key import WebhookKey
from crosstie.sandbox.ghl.webhooks import APP_ID
from crosstie.sandbox.hosted import Hosted

APP = "tripbuilder.crosstie_app:app"
INDEX_LAG = 0.5
SEARCH_LAG = 2.0
POLLED = 300.0
"""Seconds between two looks at the CRM: what arrives sooner was told by webhook."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The running pieces, and the hands of the people in the play."""

    folder: Path
    processes: Processes
    crm: Crm
    books: Books
    agency: Browser
    """A person at the pages of TripBuilder."""
    key: WebhookKey
    """What the CRM signs its webhooks with."""
    app: str = APP
    """What is kept in step, as `module:name`; modules in the folder are found."""

    def start_engine(self) -> None:
        """Start `crosstie serve`, and have the CRM tell it what happens, until it is stopped."""
        # Its first look must not come before the search shows what was done meanwhile: nobody
        # would tell of it again, and the next look is far away.
        self.crm.settled()
        self.launch_engine()
        self.subscribe()

    def launch_engine(self) -> None:
        """Start `crosstie serve`, on a free port, and do not wait for it."""
        self.processes.start("engine", "crosstie", "serve", "--port", "0", "--app", self.app)

    def subscribe(self) -> None:
        """Enter the address of the running engine in the CRM, as a person does in its portal."""
        self.crm.control("webhooks", url=self.engine.webhooks)

    def rested(self) -> Figures:
        """Wait until the CRM has nothing to tell and the engine nothing to do; its figures then.

        It has looked at the application twice by then, and found nothing either.
        """
        before = self.engine.figures()

        def look() -> Figures | None:
            nonlocal before
            now = self.engine.figures()
            if now != before or now.busy or self.crm.control("webhooks")["waiting"]:
                before = now
            return now if now.runs >= before.runs + 2 else None

        return until(look, "the engine to have nothing to do")

    @property
    def engine(self) -> Engine:
        """The engine that was started last, seen from outside, once it listens."""
        told = self.processes.told("engine", '"address": "')
        return Engine(told.partition('"')[0])

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
    key = WebhookKey()
    sandbox = GhlSandbox("tripbuilder", settings=settings, webhook_key=key)
    with Hosted(sandbox, port=crm_port) as hosted:
        environ = _environ(folder, hosted.url, key.public)
        with Processes(folder, environ) as processes:
            processes.start("application", "tripbuilder.serve", str(port))
            address = processes.told("application", "TripBuilder:")
            stage = Stage(
                folder, processes, Crm(hosted), Books(folder / "trips.db"), Browser(address), key
            )
            stage.crosstie("capture", "install")
            yield stage


def _environ(folder: Path, crm: str, key: str) -> dict[str, str]:
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
        "GHL_WEBHOOK_APP": APP_ID,
        "GHL_WEBHOOK_KEY": key,
        "TRIPBUILDER_LEFT_EVERY": "0.3",
        "TRIPBUILDER_RIGHT_EVERY": str(POLLED),
        "TRIPBUILDER_SEARCH_LAG": str(SEARCH_LAG),
    }
