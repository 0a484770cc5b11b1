"""Secrets by reference, and one Http port an account."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from crosstie.core.errors import Misconfigured
from crosstie.ports import HttpAccount
from crosstie.service.doors import ServiceDoors
from crosstie.testing.fakes import FakeClock

SECRET = "pit-1234-very-secret"


@pytest.fixture
def doors() -> ServiceDoors:
    return ServiceDoors(FakeClock())


def test_a_secret_is_read_from_the_environment_or_a_file(
    doors: ServiceDoors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("A_TOKEN", SECRET)
    (tmp_path / "token").write_text(f"{SECRET}\n", encoding="utf-8")
    assert doors.secret("env:A_TOKEN") == SECRET
    assert doors.secret(f"file:{tmp_path / 'token'}") == SECRET


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:NOT_SET_ANYWHERE", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("env:EMPTY_ONE", "the environment variable EMPTY_ONE is not set"),
        ("file:/nowhere/token", "the file /nowhere/token cannot be read: No such file"),
        ("env:", "a secret is given as a reference, never as itself"),
        ("file:", "a secret is given as a reference, never as itself"),
        (SECRET, "a secret is given as a reference, never as itself"),
        (f"token:{SECRET}", "a secret is given as a reference, never as itself"),
        ("", "a secret is given as a reference, never as itself"),
    ],
)
def test_a_wrong_reference_is_told_without_the_value(
    doors: ServiceDoors, monkeypatch: pytest.MonkeyPatch, reference: str, said: str
) -> None:
    monkeypatch.setenv("EMPTY_ONE", "")
    with pytest.raises(Misconfigured) as refused:
        doors.secret(reference)
    assert str(refused.value).startswith(said)
    assert refused.value.fix
    assert SECRET not in f"{refused.value!r} {refused.value.fix}"


@pytest.mark.parametrize("reference", ["env:NOT_SET_ANYWHERE", "file:/nowhere/location"])
def test_what_has_to_be_put_there_is_said(doors: ServiceDoors, reference: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        doors.secret(reference, "the id of the location")
    assert "the id of the location" in str(refused.value.fix)


def test_an_account_has_one_port_and_so_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", SECRET)

    async def play() -> None:
        clock = FakeClock()
        doors = ServiceDoors(clock)
        assert doors.clock is clock
        one = HttpAccount("one", "http://127.0.0.1:1", "env:A_TOKEN", ())
        other = HttpAccount("other", "http://127.0.0.1:1", "env:A_TOKEN", ())
        port = doors.http(one)
        assert doors.http(one) is port
        assert doors.http(other) is not port
        assert doors.calls == {"one": 0, "other": 0}
        await doors.close()

    asyncio.run(play())
