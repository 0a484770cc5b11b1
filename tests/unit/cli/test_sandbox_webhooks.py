"""`crosstie sandbox ghl` with webhooks: the key it shows, the file it keeps, what it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crosstie.cli import main
from crosstie.connectors.signing import Ed25519
from crosstie.sandbox.ghl.webhook_key import key_of


def started(*options: str) -> Any:
    """What the stand-in prints as JSON when it is started with these options."""
    call = [sys.executable, "-m", "crosstie", "sandbox", "ghl", "--port", "0", "--json", *options]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = "".join(iter(process.stdout.readline, "}\n")) + "}"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    return json.loads(told)


def test_a_key_file_is_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "crm.pem"
    options = ("--webhook-url", "http://127.0.0.1:9/webhooks/ghl", "--webhook-key", str(file))
    first, second = started(*options), started(*options)
    assert first["webhook_key"] == second["webhook_key"] == key_of(file).public
    Ed25519([first["webhook_key"]])


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:8700", "http://", "http://x:99999/"])
def test_an_address_that_is_none_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "ghl", "--port", "0", "--webhook-url", url]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: --webhook-url: ")
    assert "\nfix: " in said


def test_a_file_without_a_key_is_refused_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a key")
    assert main(["sandbox", "ghl", "--port", "0", "--webhook-key", str(file)]) == 2
    said = capsys.readouterr().err
    assert "notes.txt does not hold an Ed25519 private key" in said and "\nfix: " in said
    assert file.read_text() == "not a key"


def test_a_file_that_cannot_be_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "absent" / "crm.pem"
    assert main(["sandbox", "ghl", "--port", "0", "--webhook-key", str(file)]) == 1
    assert "crm.pem: No such file or directory" in capsys.readouterr().err
