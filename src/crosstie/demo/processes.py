"""The processes of a demonstration: started with their output in a log, stopped without fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from crosstie.demo.waiting import Failed, until

_STOPPING = 10.0
_STARTING = 20.0


class Processes:
    """Programs in one folder with one environment. All are stopped at the end of the `with`."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = dict(environ)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._began: dict[str, int] = {}
        """Where in its log the present start of a program begins."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def log(self, name: str) -> Path:
        """Where the output of that program goes."""
        return self._folder / f"{name}.log"

    def start(self, name: str, module: str, *arguments: str) -> None:
        """Start a module as a program that ends with this process."""
        command = [sys.executable, "-m", "crosstie.demo.child", module, *arguments]
        with self.log(name).open("ab") as log:
            self._began[name] = log.tell()
            self._running[name] = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the whole group of the terminal; who stops whom is decided here.
                start_new_session=True,
            )

    def told(self, name: str, words: str) -> str:
        """Wait until the program has printed a line with these words, and give what follows.

        What it printed before it was last started does not count.
        """

        def look() -> str | None:
            if not self.alive(name):
                raise Failed(f"{name} has stopped; its last words are in {self.log(name)}")
            printed = self.log(name).read_bytes()[self._began[name] :]
            for line in printed.decode(errors="replace").splitlines():
                if words in line:
                    return line.partition(words)[2].strip() or " "
            return None

        return until(look, f"{name} to say {words!r}", seconds=_STARTING)

    def alive(self, name: str) -> bool:
        """Whether that program runs."""
        process = self._running.get(name)
        return process is not None and process.poll() is None

    def stop(self, name: str) -> None:
        """Ask it to stop and wait; kill it when it does not. Stopping twice is the same as once."""
        process = self._running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def kill(self, name: str) -> None:
        """End it at once, as a power cut would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def call(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module as a program to its end."""
        return self._run([sys.executable, "-m", module, *arguments])

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(command[1:])} did not end within a minute") from None
        with self.log("commands").open("a") as log:
            log.write(f"$ {' '.join(command[1:])}\n{done.stdout}{done.stderr}\n")
        return done
