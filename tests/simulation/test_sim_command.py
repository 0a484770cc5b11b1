"""`crosstie sim`: what it prints, what it answers, what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from crosstie.cli import main
from crosstie.engine import conflicts
from crosstie.testing.simulator import simulate

APP = """
from crosstie import Crosstie, Email, Sync, Text, field
from crosstie.testing.simulator.builtin import DATABASE, SERVICE, Nowhere

app = Crosstie([
    Sync(
        "people", Nowhere("table people", DATABASE), Nowhere("people", SERVICE),
        [field("name", "fullName", Text()), field("email", "email", Email())],
        match=["email"],
    )
])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_last_line_sums_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "--seeds", "4", "--first", "1"]) == 0
    said = capsys.readouterr()
    assert re.fullmatch(
        r"4 schedules in \d+\.\d s \(\d+/s, \d+ per CPU second\): \d+ crashes at \d+ of \d+ calls, "
        r"\d+ edits, \d+ writes, 0 violations; trace [0-9a-f]{32}\n",
        said.out,
    )


def test_the_document_has_all_of_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "--seeds", "4", "--world", "contacts", "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["schedules"], told["violations"], told["broken"]) == (4, 0, [])
    assert told["crashed_calls"] <= told["calls"]
    assert told["cpu_seconds"] > 0.0


def test_one_seed_can_be_looked_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "--first", "3", "--seeds", "1", "--timeline", "t.html"]) == 0
    said = capsys.readouterr()
    assert said.out == f"seed 3: 0 violations, trace {simulate(3).digest()}\n"
    assert said.err == "", "nothing broke, and the timeline is in the file"
    page = (folder / "t.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "run of process 1" in page
    assert main(["sim", "--first", "3", "--seeds", "1", "--keep", "1", "--json"]) == 0
    said = capsys.readouterr()
    assert "run of process" not in said.err, "nothing broke"
    told = json.loads(said.out)
    assert (told["seed"], told["violations"]) == (3, [])
    assert told["trace"] != simulate(3).digest()


def test_a_failing_seed_is_told_with_what_replays_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "of_edits", lambda *_: None)
    call = ["sim", "--world", "contacts", "--jobs", "1", "--seeds", "60"]
    assert main([*call, "--timeline", "t.txt"]) == 1
    said = capsys.readouterr()
    assert re.search(r"^seed \d+ \(contacts\) breaks I\d+: ", said.out)
    [*others, small] = said.err.strip().splitlines()
    assert not any("VIOLATION" in line for line in others), "the timeline is in the file"
    assert small.startswith("the smallest schedule found: crosstie sim --first ")
    assert "VIOLATION" in (folder / "t.txt").read_text()
    replay = small.partition(": crosstie ")[2].replace("'", "").split()
    assert main(replay) == 1
    assert "VIOLATION" in capsys.readouterr().err


def test_it_plays_the_syncs_of_an_application(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "simulated_app.py").write_text(APP)
    (folder / "pyproject.toml").write_text('[tool.crosstie]\napp = "simulated_app:app"\n')
    assert main(["sim", "--seeds", "10"]) == 0
    declared = capsys.readouterr().out
    assert main(["sim", "--seeds", "10", "--app", "simulated_app:app"]) == 0
    assert capsys.readouterr().out.split("trace ")[1] == declared.split("trace ")[1]
    assert main(["sim", "--seeds", "10", "--builtin"]) == 0
    assert capsys.readouterr().out.split("trace ")[1] != declared.split("trace ")[1]
    call = ["sim", "--seeds", "1", "--first", "2", "--keep", "1", "--timeline", "t.txt"]
    assert main(call) == 0
    assert "world simulated_app:app" in (folder / "t.txt").read_text()


@pytest.mark.parametrize(
    ("args", "message", "code"),
    [
        (["--seeds", "0"], "greater than or equal to 1", 2),
        (["--first", "-1"], "greater than or equal to 0", 2),
        (["--jobs", "0"], "greater than or equal to 1", 2),
        (["--world", "atlantis"], "there is no world 'atlantis'", 2),
        (["--world", "kept", "--app", "a:b"], "--world and --app exclude each other", 2),
        (["--keep", "1", "--seeds", "2"], "--keep is about one schedule", 2),
        (["--keep", "one", "--seeds", "1"], "'one' is no list of items", 2),
        (["--app", "nowhere:app"], "nowhere", 3),
        (["--app", "nowhere"], "does not name an application", 3),
        (["--seeds", "1", "--timeline", "no/such/folder"], "No such file or directory", 1),
    ],
)
def test_misuse_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], args: list[str], message: str, code: int
) -> None:
    assert main(["sim", *args]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert "fix: " in said.err
