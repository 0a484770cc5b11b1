"""`crosstie auth`: a person logs in with a browser, and what becomes of it."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import traceback
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from crosstie.core.errors import CrosstieError

from .log_ins import ACCOUNT, SECRET, command, declare, fresh_key, log_in
from .world import World


@pytest.fixture
def place(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The account of the application is logged in to; nobody has yet."""
    for name in ("APP_ID", "APP_SECRET"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("CROSSTIE_KEY", fresh_key())
    declare(world)
    yield world


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_person_logs_in_with_a_browser_and_a_run_works(place: World) -> None:
    declare(place, redirect=f"http://localhost:{free_port()}/cb")
    place.add_person("Ada", "ada@example.com")
    process = command(place, "auth", "login", "--no-browser")
    assert process.stderr is not None
    assert "within ten minutes" in process.stderr.readline()
    page = process.stderr.readline().strip()
    with urlopen(page, timeout=10) as shown:
        assert "You can close this window" in shown.read().decode()
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, f"Logged in to {ACCOUNT}.\n"), err
    assert place.crosstie("run", "--once").code == 0
    assert place.contacts() == 1


def test_an_answer_with_another_state_changes_nothing(place: World) -> None:
    port = free_port()
    declare(place, redirect=f"http://localhost:{port}/cb")
    process = command(place, "auth", "login", "--no-browser")
    assert process.stderr is not None
    process.stderr.readline()
    page = process.stderr.readline().strip()
    with pytest.raises(HTTPError, match="400"):
        urlopen(f"http://localhost:{port}/cb?code=stolen&state=guessed", timeout=10)
    with urlopen(page, timeout=10) as shown:
        assert shown.status == 200
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_refused_log_in_ends_the_command_with_4(place: World) -> None:
    port = free_port()
    declare(place, redirect=f"http://localhost:{port}/cb")
    process = command(place, "auth", "login", "--no-browser", "--json")
    assert process.stderr is not None
    process.stderr.readline()
    state = process.stderr.readline().strip().rpartition("state=")[2].partition("&")[0]
    with urlopen(f"http://localhost:{port}/cb?error=denied&state={state}", timeout=10) as shown:
        assert "Nothing was changed" in shown.read().decode()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 4
    assert json.loads(err.strip().splitlines()[-1])["error"]["code"] == "login"


def test_status_tells_who_has_to_log_in(place: World) -> None:
    before = place.crosstie("auth", "status")
    assert before.code == 4
    assert "nobody has logged in yet" in before.out
    assert f'fix: log in with `crosstie auth login "{ACCOUNT}"`' in before.out
    log_in(place)
    after = place.crosstie("auth", "status", "--json")
    assert after.code == 0
    (row,) = after.document["accounts"]
    assert (row["state"], row["missing"]) == ("ok", [])


def test_a_token_in_the_declaration_is_shown_as_one_without_an_end(world: World) -> None:
    said = world.crosstie("auth", "status")
    assert said.code == 0
    assert "a token without an end" in said.out


def test_missing_scopes_are_named(place: World) -> None:
    place.control("oauth", scopes=["contacts.readonly", "locations.readonly"])
    done = log_in(place)
    assert "contacts.write" in done.missing
    (row,) = place.crosstie("auth", "status", "--json").document["accounts"]
    assert "contacts.write" in row["missing"]
    assert "contacts.write" in row["text"]


def test_refresh_gets_new_tokens(place: World) -> None:
    assert place.crosstie("auth", "refresh").code == 4
    log_in(place)
    for number, asked in ((1, ()), (2, ("--json",))):
        said = place.crosstie("auth", "refresh", *asked)
        assert (said.code, "logged in" in said.out) == (0, True)
        assert place.control("oauth")["renewals"] == number
    assert said.document["state"] == "ok"


def test_a_log_in_that_a_server_receives_ends_at_once(place: World) -> None:
    declare(place, redirect="https://app.example.com/back")
    said = place.crosstie("auth", "login")
    assert (said.code, "The server at the redirect address" in said.out) == (0, True)
    assert "within ten minutes" in said.err
    assert place.crosstie("auth", "login", "--json").document["waits"]


def in_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is shown a page follows it."""

    def follow(out: object, page: str, *, no_browser: bool) -> None:
        def go() -> None:
            with urlopen(page, timeout=10) as shown:
                shown.read()

        threading.Thread(target=go).start()

    monkeypatch.setattr("crosstie.cli.commands.auth._show_page", follow)


def test_what_a_log_in_brought_is_told(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_browser(monkeypatch)
    place.control("oauth", scopes=["contacts.readonly"])
    declare(place, redirect=f"http://localhost:{free_port()}/cb")
    said = place.crosstie("auth", "login", ACCOUNT)
    assert (said.code, said.out) == (0, f"Logged in to {ACCOUNT}.\n")
    assert "It lacks the scopes contacts.write" in said.err
    said = place.crosstie("auth", "login", "--json")
    assert said.document["accounts"] == [ACCOUNT]
    assert "contacts.write" in said.document["missing"]


def test_revoke_uninstalls_there_and_forgets_here(place: World) -> None:
    declare(place, 'scopes=("contacts.readonly", "locations.readonly", "oauth.write"),')
    log_in(place)
    refused = place.crosstie("auth", "revoke")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    said = place.crosstie("auth", "revoke", "--yes")
    assert (said.code, "uninstalled" in said.out) == (0, True)
    assert not place.control("oauth")["installed"]
    assert place.state("SELECT * FROM credential") == []
    again = place.crosstie("auth", "revoke", "--yes")
    assert (again.code, "nobody was logged in" in again.out) == (1, True)


def test_revoke_forgets_here_even_where_the_system_refuses(place: World) -> None:
    log_in(place)
    said = place.crosstie("auth", "revoke", "--yes", "--json")
    assert said.code == 1
    assert "the system was not told" in said.document["text"]
    assert place.state("SELECT * FROM credential") == []


def test_an_application_without_a_log_in_says_so(world: World) -> None:
    said = world.crosstie("auth", "login", "--json")
    assert said.code == 3
    assert "OAuthApp" in said.error["fix"]


def test_another_name_than_the_declared_ones_is_refused(place: World) -> None:
    said = place.crosstie("auth", "refresh", "nobody", "--json")
    assert said.code == 2
    assert ACCOUNT in said.error["fix"]


def test_without_a_key_nothing_starts_that_needs_one(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CROSSTIE_KEY")
    for call in (("run", "--once"), ("auth", "login")):
        said = place.crosstie(*call, "--json")
        assert said.code == 3
        assert "crosstie auth new-key" in said.error["fix"]
    assert place.crosstie("auth", "status").code == 4


def test_without_a_key_an_application_without_a_log_in_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CROSSTIE_KEY", raising=False)
    assert world.crosstie("run", "--once").code == 0


def test_new_key_prints_a_key_alone(world: World) -> None:
    first, second = world.crosstie("auth", "new-key"), world.crosstie("auth", "new-key", "--json")
    assert len(first.out) == 45
    assert first.out.strip() != second.document["key"]
    assert "CROSSTIE_KEY" in first.err


def test_keys_are_rotated_and_the_old_one_reads_nothing(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = fresh_key(), fresh_key()
    monkeypatch.setenv("CROSSTIE_KEY", old)
    log_in(place)
    monkeypatch.setenv("CROSSTIE_KEY", f"{new},{old}")
    assert place.crosstie("auth", "status").code == 0
    said = place.crosstie("auth", "rotate-keys", "--json")
    assert (said.code, said.document["sealed"]) == (0, 1)
    assert place.crosstie("auth", "rotate-keys", "--json").document["sealed"] == 0
    monkeypatch.setenv("CROSSTIE_KEY", new)
    assert place.crosstie("auth", "refresh").code == 0
    monkeypatch.setenv("CROSSTIE_KEY", old)
    assert place.crosstie("run", "--once").code == 4
    locked = place.crosstie("auth", "status")
    assert (locked.code, "which is not in env:CROSSTIE_KEY" in locked.out) == (3, True)
    assert place.crosstie("auth", "rotate-keys").code == 3


def test_a_log_in_that_ended_halts_the_account_and_says_how_to_go_on(place: World) -> None:
    log_in(place)
    place.add_person("Ada", "ada@example.com")
    place.control("oauth/uninstall")
    said = place.crosstie("run", "--once")
    assert said.code == 4
    assert f'crosstie auth login "{ACCOUNT}"' in said.out + said.err
    assert place.crosstie("auth", "status").code == 4
    log_in(place)
    assert place.crosstie("run", "--once").code == 0
    assert place.contacts() == 1


def shown(place: World, *args: str) -> str:
    """All that one call says, a traceback included."""
    try:
        said = place.crosstie(*args)
    except CrosstieError:
        return traceback.format_exc()
    return said.out + said.err


def test_no_secret_is_ever_shown(
    place: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At debug level, with tracebacks, in everything that touches tokens, well or not."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CROSSTIE_DEBUG", "1")
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    key = os.environ["CROSSTIE_KEY"]
    declare(place, 'scopes=("contacts.readonly", "locations.readonly", "oauth.write"),')
    log_in(place)
    well = ("auth status", "auth refresh", "check", "run --once", "status", "auth rotate-keys")
    told = [shown(place, *call.split()) for call in well]
    for fault in (
        {"status": 502, "body": "html", "times": 2},
        {"status": 401, "message": "canary invalid_client sandbox-refresh-000"},
        {"status": 400, "message": "This refresh token is invalid: sandbox-refresh-000"},
        {"timeout": "reset", "when": "after", "times": 2},
        {"body": "cut", "when": "after", "times": 2},
    ):
        place.control("faults", match="POST /oauth/token", **fault)
        told.append(shown(place, "auth", "refresh"))
    monkeypatch.setenv("CROSSTIE_KEY", fresh_key())
    told += [shown(place, *call.split()) for call in ("auth status", "run --once", "auth refresh")]
    monkeypatch.setenv("CROSSTIE_KEY", key)
    place.control("oauth/uninstall")
    ends = ("auth refresh", "run --once", "auth revoke --yes")
    told += [shown(place, *call.split()) for call in ends]
    text = "\n".join(told) + caplog.text
    for secret in (SECRET, key, "sandbox-access", "sandbox-refresh", "canary"):
        assert secret not in text
    kept = b"".join(path.read_bytes() for path in place.folder.glob("state.db*"))
    for canary in (b"sandbox-access", b"sandbox-refresh", SECRET.encode(), key.encode()):
        assert canary not in kept
