"""Cases and peers, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("diffsync==2.2.*", "vdirsyncer==0.21.*")
_ENVIRONMENT = ROOT / ".venv-bench"
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Failed:
    """A process that gave no figures, and its last words."""

    why: str


def case(name: str, count: int, folder: Path) -> dict[str, Any] | Failed:
    """The figures of one case of Crosstie."""
    return _figures([sys.executable, "-m", "bench.case", name, str(count), str(folder)])


def peer(python: Path, name: str, case: str, count: int, folder: Path) -> dict[str, Any] | Failed:
    """The figures of a peer."""
    module = f"bench.peers.{name}_peer"
    return _figures([str(python), "-m", module, case, str(count), str(folder)])


def peers_python() -> Path | Failed:
    """The interpreter that has the peers; makes their environment where there is none."""
    python = _ENVIRONMENT / "bin" / "python"
    ready = _ENVIRONMENT / ".ready"
    if ready.exists() and ready.read_text() == "\n".join(PEERS):
        return python
    print(f"building {_ENVIRONMENT.name} with {' and '.join(PEERS)}", flush=True)
    venv.create(_ENVIRONMENT, clear=True, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*install, *PEERS], capture_output=True, text=True, check=False)
    if done.returncode:
        return Failed(_last_words(done.stderr))
    ready.write_text("\n".join(PEERS))
    return python


def _figures(command: list[str]) -> dict[str, Any] | Failed:
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Failed(f"gave no figures within {_PATIENCE:g} seconds")
    if done.returncode:
        return Failed(f"ended with status {done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
