"""A demonstration in which something goes wrong: it says so, and stops everything."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crosstie.core.errors import Misconfigured
from crosstie.demo import processes, tripbuilder
from crosstie.demo.browser import Browser
from crosstie.demo.processes import Processes
from crosstie.demo.stage import Stage
from crosstie.demo.waiting import Failed
from crosstie.sandbox.ghl import GhlSandbox
from crosstie.sandbox.hosted import Hosted

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here I stay", flush=True)
while True:
    time.sleep(60)
"""

COUNTS = """
import sys, time
print("start number", sys.argv[1], flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Processes]:
    """Processes in a folder with a program that does not stop when it is asked to."""
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    with Processes(tmp_path, os.environ) as made:
        yield made


def test_a_program_that_does_not_stop_is_killed(
    programs: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_STOPPING", 0.01)
    programs.start("one", "stubborn")
    programs.told("one", "here I")
    ends = programs._running["one"]
    programs.stop("one")
    assert ends.returncode == -signal.SIGKILL
    assert not programs.alive("one")


def test_what_a_program_said_before_it_was_started_again_does_not_count(
    programs: Processes, tmp_path: Path
) -> None:
    (tmp_path / "counts.py").write_text(COUNTS)
    for start in ("1", "2"):
        programs.start("one", "counts", start)
        assert programs.told("one", "start number") == start
        programs.stop("one")


def test_a_command_that_does_not_end_is_a_failure(
    programs: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Callable[..., Any] = subprocess.run

    def hurried(*args: Any, **options: Any) -> Any:
        return run(*args, **{**options, "timeout": 0.01})

    monkeypatch.setattr(subprocess, "run", hurried)
    with pytest.raises(Failed, match="-m stubborn now did not end within a minute"):
        programs.call("stubborn", "now")


def test_a_command_that_prints_no_document_is_a_failure(
    programs: Processes, tmp_path: Path
) -> None:
    (tmp_path / "crosstie.py").write_text("print('words')")
    anybody: Any = None
    stage = Stage(tmp_path, programs, crm=anybody, books=anybody, agency=anybody, key=anybody)
    with pytest.raises(Failed, match="`crosstie status --json` did not print one JSON document"):
        stage.crosstie("status")


def test_a_page_that_is_refused_is_a_failure() -> None:
    with Hosted(GhlSandbox()) as hosted:
        address = f"{hosted.url}/_page/nowhere/at/all"
        with pytest.raises(Failed, match=f"GET {address} answered 404"):
            Browser(hosted.url).open("/_page/nowhere/at/all")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the next demonstration works in; its stage is empty."""
    made = tmp_path / "stage"
    made.mkdir()

    @contextmanager
    def empty(folder: Path, *, port: int) -> Iterator[Any]:
        yield SimpleNamespace(agency=SimpleNamespace(address="A"), crm=SimpleNamespace(address="C"))

    monkeypatch.setattr(tripbuilder, "staged", empty)
    monkeypatch.setattr(tripbuilder.tempfile, "mkdtemp", lambda prefix: str(made))
    return made


def fails(error: BaseException, stage: object) -> str:
    raise error


@pytest.mark.parametrize("wrong", [Failed("expected: x"), OSError("x"), LookupError("x")], ids=repr)
def test_a_step_that_fails_is_named_and_its_logs_are_kept(
    wrong: Exception,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tripbuilder, "STEPS", [("Odd [day]", partial(fails, wrong))])
    assert tripbuilder.main(script=True) == 1
    said = capsys.readouterr().out
    assert f"FAILED step 1, Odd [day]: {wrong}" in said
    assert f"logs: {folder}" in said
    assert folder.is_dir()


def test_what_cannot_be_staged_is_told_with_its_fix(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Misconfigured("no table", fix="make it")
    monkeypatch.setattr(tripbuilder, "staged", lambda folder, port: fails(wrong, None))
    assert tripbuilder.main(script=True) == 1
    assert "FAILED no table\nfix: make it\n" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_play_and_leaves_nothing_behind(
    number: signal.Signals, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(stage: object) -> str:
        signal.raise_signal(number)
        raise AssertionError("the signal was not heard")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(tripbuilder, "STEPS", [("Ended", ended)])
    assert tripbuilder.main(script=True) == 130
    assert not folder.exists()
    assert signal.getsignal(signal.SIGTERM) is before
