"""Starting and stopping."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from crosstie.sandbox.ghl import GhlSandbox, start
from crosstie.sandbox.hosted import Hosted

from .client import send

PROGRAM = """
import sys
from crosstie.sandbox.ghl import run
run(0, "tripbuilder", lambda url: (sys.stdout.write(url + chr(10)), sys.stdout.flush()))
"""


def test_a_taken_port_is_named_with_a_fix() -> None:
    with Hosted(GhlSandbox()) as first:
        port = urlsplit(first.url).port or 0
        with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 is taken. fix: "):
            Hosted(GhlSandbox(), port=port).__enter__()


def test_stopping_twice_is_the_same_as_once() -> None:
    async def story() -> None:
        running = await start(GhlSandbox())
        assert running.url == f"http://127.0.0.1:{running.port}"
        await running.stop()
        await running.stop()

    asyncio.run(story())


def test_without_a_seed_no_id_is_given_in_two_lives() -> None:
    first, second = GhlSandbox(seed=None), GhlSandbox(seed=None)
    given = [first.ids.record(), second.ids.record()]
    first.reset()
    given.append(first.ids.record())
    assert len(set(given)) == 3


def test_a_seed_gives_the_same_ids_in_every_life() -> None:
    first, second = GhlSandbox(seed=7), GhlSandbox(seed=7)
    assert set(first.location.fields) == set(second.location.fields)
    assert set(first.location.fields) != set(GhlSandbox().location.fields)
    first.reset()
    assert first.ids.record() == second.ids.record()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_serves_until_a_signal_and_ends_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        assert send(url, "GET", "/_sandbox/state").status == 200
        child.send_signal(number)
        _, errors = child.communicate(timeout=20)
    assert (child.returncode, errors) == (0, "")
