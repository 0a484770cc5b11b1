"""One engine a state: the second is told who the first one is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from crosstie.core.errors import Halt, Misconfigured
from crosstie.service.lock import Engaged, engine_lock, locked

HOLDER = """
import sys
from crosstie.service.lock import engine_lock
with engine_lock(sys.argv[1], "noon"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.db'}"


def test_a_second_engine_is_refused_and_told_who_the_first_one_is(state: str) -> None:
    with engine_lock(state, "2026-01-02"):
        with pytest.raises(Engaged) as refused, engine_lock(state, "later"):
            pytest.fail("two engines on one state")
        assert f"(process {os.getpid()}, since 2026-01-02)" in str(refused.value)
        assert refused.value.fix == (
            "let it work, or stop it first; a change is picked up by the running engine"
        )


def test_the_lock_is_free_again_afterwards_even_after_an_error(state: str) -> None:
    with pytest.raises(ValueError, match="mine"), engine_lock(state, "x"):
        raise ValueError("mine")
    with engine_lock(state, "y"):
        pass


def test_whether_an_engine_holds_a_state_can_be_seen(state: str, tmp_path: Path) -> None:
    assert locked(state) is False
    assert list(tmp_path.iterdir()) == [], "looking leaves nothing behind"
    with engine_lock(state, "x"):
        assert locked(state) is True
    assert locked(state) is False
    assert locked("sqlite://") is False
    assert locked("postgresql://who@127.0.0.1:1/db") is None


def test_a_lock_that_may_not_be_looked_at_tells_nothing(state: str, tmp_path: Path) -> None:
    (tmp_path / "state.db.lock").mkdir()
    assert locked(state) is None


def test_whoever_looks_at_the_lock_is_in_no_engines_way(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = FileLock(tmp_path / "state.db.lock")
    looks.acquire()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        looks.release()

    monkeypatch.setattr(time, "sleep", sleep)
    with engine_lock(state, "x"):
        assert len(waited) == 1


def test_two_names_of_one_file_are_one_state(state: str, tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    (tmp_path / "other.db").symlink_to(tmp_path / "state.db")
    other = f"sqlite:///{tmp_path / 'other.db'}"
    with engine_lock(state, "x"), pytest.raises(Engaged), engine_lock(other, "y"):
        pytest.fail("two engines on one state")


@pytest.mark.parametrize("told", [None, "{", "\xff"])
def test_a_holder_that_left_no_name_is_still_in_the_way(
    state: str, tmp_path: Path, told: str | None
) -> None:
    with engine_lock(state, "x"):
        name = tmp_path / "state.db.engine"
        name.unlink()
        if told is not None:
            name.write_bytes(told.encode("latin-1"))
        with pytest.raises(Engaged) as refused, engine_lock(state, "y"):
            pytest.fail("two engines on one state")
        assert str(refused.value) == f"another engine works on {tmp_path / 'state.db'}"


@pytest.mark.parametrize("state", ["sqlite://", "sqlite:///:memory:"])
def test_a_state_in_memory_needs_no_lock(state: str) -> None:
    with engine_lock(state, "x"), engine_lock(state, "y"):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_engine_leaves_no_lock_behind(state: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Engaged, match=f"process {holder.pid}, since noon"):
            engine_lock(state, "later").__enter__()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with engine_lock(state, "after"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_with_the_state_and_leaves_no_lock(state: str, tmp_path: Path) -> None:
    (tmp_path / "state.db.engine").symlink_to("/dev/full")
    with pytest.raises(Halt, match="has no room left: the disk is full") as refused:
        engine_lock(state, "x").__enter__()
    assert repr(str(tmp_path / "state.db")) in str(refused.value)
    assert str(refused.value.fix).startswith("free space on its disk")
    with engine_lock(state, "y"):
        pass


@pytest.mark.parametrize("name", ["state.db.lock", "state.db.engine"])
def test_a_file_that_cannot_be_written_is_told_with_the_state(
    state: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(Misconfigured, match="cannot be locked") as refused:
        engine_lock(state, "x").__enter__()
    assert repr(str(tmp_path / "state.db")) in str(refused.value)
    assert "Is a directory" in str(refused.value)
    assert refused.value.fix == "give this user the right to write the file and its directory"


def test_an_error_of_the_work_stays_what_it_is(state: str) -> None:
    with pytest.raises(OSError, match="mine"), engine_lock(state, "x"):
        raise OSError("mine")
