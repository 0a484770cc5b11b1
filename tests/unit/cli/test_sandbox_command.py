"""What `crosstie sandbox ghl` tells a person who wants to try a declaration on it."""

from __future__ import annotations

import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from crosstie.cli import main
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox
from crosstie.sandbox.hosted import Hosted


def test_it_says_what_to_set_what_to_declare_and_what_it_forgets() -> None:
    call = [sys.executable, "-m", "crosstie", "sandbox", "ghl", "--port", "0"]
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        forgets, ending = process.stderr.readline(), process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=30)
    first = told.splitlines()[0]
    url = next(word for word in first.split() if word.startswith("http"))
    assert f"export GHL_LOCATION={LOCATION_ID}" in told
    assert f"export GHL_TOKEN={DEFAULT_TOKEN}" in told
    assert f'GoHighLevel("env:GHL_LOCATION", token="env:GHL_TOKEN", base_url="{url}")' in told
    assert "forgets everything" in forgets and "crosstie.db" in forgets
    assert (process.returncode, "Ctrl-C" in ending) == (0, True)


def test_a_taken_port_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with Hosted(GhlSandbox()) as first:
        port = urlsplit(first.url).port
        assert main(["sandbox", "ghl", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: port {port} on 127.0.0.1 is taken\nfix: ")
    assert "--port 0" in said and "Errno" not in said
