"""What ends the command before or after its work: Ctrl-C, a reader that is gone, another thread."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest

from crosstie.cli import group, main
from crosstie.cli.stopping import stopping


def test_ctrl_c_while_the_command_is_being_loaded_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    # What was loaded before keeps the real one.
    assert group.root is not None
    monkeypatch.setattr("typer.main.get_command", interrupted)
    assert main(["status"]) == 130
    assert capsys.readouterr().err == "error: interrupted\nfix: run it again\n"


def test_a_reader_that_has_gone_ends_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    printed = tmp_path / "printed"
    broken = os.fdopen(writer, "w", buffering=1)
    with printed.open("w") as out:
        monkeypatch.setattr(sys, "stderr", broken)
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["no-such-command"]) == 1
        out.write("what is still in the buffer")
    assert printed.read_text() == ""
    os.dup2(os.open(os.devnull, os.O_WRONLY), writer)
    broken.close()


def test_a_thread_that_hears_no_signals_runs_all_the_same() -> None:
    heard: list[bool] = []

    async def work() -> None:
        with stopping() as stop:
            heard.append(stop.event.is_set())

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    assert heard == [False]


def test_what_the_file_system_refuses_is_told_with_its_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CROSSTIE_DEBUG", raising=False)
    (tmp_path / "pyproject.toml").mkdir()
    assert main(["init"]) == 1
    said = capsys.readouterr().err
    assert "pyproject.toml: Is a directory\nfix: see to it and try again\n" in said
