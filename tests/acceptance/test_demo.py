"""`crosstie demo tripbuilder --script`, as a newcomer calls it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("flask_sqlalchemy", reason="the demonstration needs the extra `demo`")

DEMO = [sys.executable, "-m", "crosstie", "demo", "tripbuilder"]


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "TMPDIR": str(folder), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*DEMO, *arguments], cwd=folder, env=environ, text=True, stdout=subprocess.PIPE
    ) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def test_every_check_of_the_scenario_holds_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with running(tmp_path, "--script") as demo:
        told, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, told
    assert len(re.findall(r"^ok +\d+ ", told, re.MULTILINE)) == 13
    webhook = re.search(r"on the page after (\S+) s; polls are (\S+) s apart", told)
    assert webhook is not None, told
    assert float(webhook[1]) < float(webhook[2]) / 10
    assert re.fullmatch(r"in step: \d+ records, 0 differences", told.strip().splitlines()[-1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to look at processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_no_process_stays(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Ctrl-C" in line:
                break
        started = _with_folder(tmp_path)
        assert len(started) >= 2
        demo.send_signal(number)
        demo.wait(30)
        end = time.monotonic() + 20
        while _with_folder(tmp_path) and time.monotonic() < end:
            demo.poll()
    assert _with_folder(tmp_path) == []


def _with_folder(folder: Path) -> list[str]:
    """Processes of ours that work in a folder below this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            works_in = (process / "cwd").readlink()
        except OSError:
            continue
        if works_in != folder and works_in.is_relative_to(folder):
            found.append(process.name)
    return found
