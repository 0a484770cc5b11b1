"""`crosstie serve` in a process of its own, as a service manager runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PATIENCE = 60.0
"""Seconds that anything may take on a machine that is busy with other things."""


@dataclass(slots=True)
class Service:
    """One that runs."""

    process: subprocess.Popen[str]
    logged: list[dict[str, Any]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """Lines of the log that are no JSON."""

    def read(self) -> None:
        """Keep its log until it ends."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.logged.append(json.loads(line))
            except ValueError:
                self.other.append(line)

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it logged under that name."""
        return [each for each in self.logged if each["event"] == name]

    @property
    def url(self) -> str:
        """Where it listens."""
        until(lambda: self.events("serving") or self.process.poll() is not None)
        assert self.events("serving"), self.other
        return str(self.events("serving")[0]["address"])

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        return _asked(Request(self.url + path))

    def post(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        return _asked(Request(self.url + path, body, headers, method="POST"))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it that signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def _asked(request: Request) -> tuple[int, bytes]:
    try:
        with urlopen(request, timeout=PATIENCE) as reply:
            return reply.status, reply.read()
    except HTTPError as refused:
        return refused.code, refused.read()


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Service]:
    """It, on a free port, from the application in that folder; killed in the end if it still is."""
    command = [sys.executable, "-m", "crosstie", "serve", "--port", "0", *words]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    service = Service(process)
    reader = threading.Thread(target=service.read)
    reader.start()
    try:
        yield service
    finally:
        process.kill()
        process.wait()
        reader.join()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for it. Fails when it takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


def names(logged: Sequence[dict[str, Any]]) -> list[str]:
    """What happened, in its order."""
    return [str(each["event"]) for each in logged]
