"""The service from the command line: webhooks in, records across, and what a person sees of it."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from crosstie.testing.signed import signed

from .serving import served, until
from .world import World

SECRET = "a very secret secret"
SERVED = """
from crosstie import *
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database
from crosstie.testing.signed import SignedSource

ghl = GoHighLevel(location="{location}", base_url="{url}")
contacts = Sync(
    name="contacts",
    left=Database("sqlite:///app.db").table("people"),
    right=ghl.contacts(search_lag=0.0),
    fields=[
        field("first_name", "firstName"),
        field("email", "email", Email()),
        field("city", "city"),
    ],
    match=["email"],
    rhythm=Rhythm(right=86_400.0),
)
app = Crosstie(syncs=[contacts], state="sqlite:///state.db", webhooks=[{endpoints}])
"""
SIGNED = 'Endpoint("desk", SignedSource(ghl, "env:DESK_SECRET"))'
REAL = 'Endpoint("ghl", ghl.webhooks(keys="{key}"))'


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_SECRET", SECRET)


def declare(world: World, endpoints: str = SIGNED) -> None:
    """An application that hears of its contacts by webhook alone."""
    assert world.sandbox is not None
    location, url = world.sandbox.sandbox.location.id, world.sandbox.url
    world.declare(text=SERVED.format(location=location, url=url, endpoints=endpoints))


def names(world: World) -> list[str]:
    return [row[0] for row in world.people()]


def test_what_the_crm_tells_by_webhook_arrives_at_once(world: World) -> None:
    key = world.control("webhooks")["public_key"]
    declare(world, REAL.format(key=key))
    world.add_person("Ada", "ada@x.example")
    with served(world.folder) as service:
        world.control("webhooks", url=f"{service.url}/webhooks/ghl")
        until(world.contacts)
        world.add_contact(firstName="Bea", email="bea@x.example")
        until(lambda: names(world) == ["Ada", "Bea"])
        contact = world.ids()[0]
        world.api("PUT", f"/contacts/{contact}", {"city": "Chur"})
        until(lambda: world.people()[0][2] == "Chur")
        until(lambda: json.loads(service.get("/readyz")[1])["ready"])
        assert service.get("/healthz")[0] == 200
        figures = service.get("/metrics")[1]
        assert b'crosstie_webhooks_total{endpoint="ghl",outcome="kept"}' in figures
        assert b"crosstie_health 0.0" in figures
        assert service.end() == 143
        assert service.events("stopped")[0]["writes"] >= 3
        assert service.other == []
    said = json.dumps(service.logged)
    for personal in ("Ada", "Bea", "x.example", "Chur", key):
        assert personal not in said
    assert [row[0] for row in world.state("SELECT DISTINCT state FROM inbox")] == ["done"]
    assert world.contacts() == 2


def test_one_run_works_off_what_was_received_while_nobody_worked(world: World) -> None:
    declare(world)
    world.add_person("Ada", "ada@x.example")
    assert world.crosstie("run", "--once").code == 0
    with served(world.folder) as service:
        until(lambda: json.loads(service.get("/readyz")[1])["ready"])
        assert service.end(signal.SIGINT) == 130
    new = world.add_contact(firstName="Bea", email="bea@x.example")
    _, body = signed(SECRET, id="1", kind="contacts", record=new)
    world.state(
        "INSERT INTO inbox (endpoint, delivery, type, kept, received) VALUES (?, ?, ?, ?, ?)",
        "desk", "1", "changed", body, 1.0,
    )  # fmt: skip
    # A look at GoHighLevel would find it as well; this table is all that a webhook needs.
    done = world.crosstie("run", "--once", "--json")
    assert done.code == 0
    assert names(world) == ["Ada", "Bea"]
    assert world.state("SELECT state FROM inbox") == [("done",)]


def test_a_person_sees_and_replays_what_was_received(world: World) -> None:
    declare(world)
    with served(world.folder) as service:
        assert service.post("/webhooks/desk", *signed(SECRET, id="1", type="paid"))[0] == 200
        broken = signed(SECRET, id="2", kind="contacts")
        assert service.post("/webhooks/desk", *broken)[0] == 200
        assert service.post("/webhooks/desk", {}, b"{}") == (401, b'{"error":"not accepted"}')
        until(lambda: len(world.state("SELECT 1 FROM inbox WHERE state <> 'pending'")) == 2)
        service.end()
    listed = world.crosstie("webhook", "ls", "--json").document["deliveries"]
    assert [(each["delivery"], each["state"]) for each in listed] == [
        ("2", "failed"),
        ("1", "done"),
    ]
    assert "desk" in world.crosstie("webhook", "ls", "--failed").out
    shown = world.crosstie("webhook", "show", str(listed[0]["id"]))
    assert "it cannot be read (KeyError)" in shown.out
    whole = world.crosstie("webhook", "show", str(listed[1]["id"]), "--json").document
    assert (whole["type"], whole["kept"]) == ("paid", "{}")
    status = world.crosstie("status")
    assert status.out.startswith("1 delivery to desk failed: see `crosstie webhook ls --failed`.")
    assert "inbox desk: last received" in status.out
    assert world.crosstie("webhook", "replay", "--failed", "--json").document == {"replayed": 1}
    assert "1 delivery waits in the inbox" in world.crosstie("status").out
    since = world.crosstie("webhook", "replay", "--since", "2020-01-01")
    assert since.out == "1 delivery to be worked on again.\n"
    assert world.crosstie("webhook", "ls", "--endpoint", "none").out == "Nothing was received.\n"


def test_a_saved_request_is_verified_for_whoever_owns_the_keys(world: World) -> None:
    declare(world)
    headers, body = signed(SECRET, id="1", kind="contacts", record="r")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    good, plain, bad = (world.folder / name for name in ("good.http", "plain", "bad.http"))
    good.write_bytes(b"POST /webhooks/desk HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n" + body)
    plain.write_bytes(head.replace(b"\r\n", b"\n") + b"\n" + body)
    bad.write_bytes(head + b"\r\n" + body + b"\n")
    fine = world.crosstie("webhook", "verify", str(good), str(plain))
    assert fine.code == 0
    assert "good.http: accepted: changed, delivery 1" in fine.out
    wrong = world.crosstie("webhook", "verify", str(good), str(bad), "--json")
    assert wrong.code == 1
    assert [each["reason"] for each in wrong.document["requests"]] == [
        None,
        "its signature is not of this secret",
    ]
    assert world.crosstie("webhook", "ls", "--json").document == {"deliveries": []}


@pytest.mark.parametrize(
    "words, code, message",
    [
        (("replay",), 2, "nothing says which deliveries to replay"),
        (("replay", "--since", "yesterday"), 2, "'yesterday' is no time"),
        (("show", "99"), 1, "there is no delivery 99"),
        (("verify", "none.http"), 1, "none.http: No such file or directory"),
        (("verify", "pyproject.toml"), 2, "no empty line between its headers and its body"),
        (("verify", "pyproject.toml", "--endpoint", "no"), 2, "there is no endpoint 'no'"),
    ],
)
def test_what_cannot_be_done_is_said(
    world: World, words: tuple[str, ...], code: int, message: str
) -> None:
    declare(world)
    world.crosstie("status")
    said = world.crosstie("webhook", *words, "--json")
    assert said.code == code
    assert message in said.error["message"]
    assert said.error["fix"]


def test_without_endpoints_there_is_nothing_to_verify_with(world: World, folder: Path) -> None:
    saved = folder / "saved.http"
    saved.write_bytes(b"a: b\n\n{}")
    said = world.crosstie("webhook", "verify", str(saved), "--json")
    assert (said.code, said.error["message"]) == (2, "no endpoint is declared")
    declare(world, f"{SIGNED}, {SIGNED.replace('desk', 'other', 1)}")
    said = world.crosstie("webhook", "verify", str(saved), "--json")
    assert (said.code, said.error["message"]) == (2, "say which endpoint")


def test_a_taken_port_is_a_matter_of_configuration(world: World) -> None:
    declare(world)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = world.crosstie("serve", "--port", str(taken.getsockname()[1]), "--json")
    assert said.code == 3
    assert "cannot listen on 127.0.0.1" in said.error["message"]


def test_a_missing_key_is_a_matter_of_configuration(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(world)
    monkeypatch.delenv("DESK_SECRET")
    said = world.crosstie("serve", "--port", "0", "--json")
    assert said.code == 3
    assert "DESK_SECRET" in said.error["message"]


def test_two_services_on_one_file_are_one_too_many(world: World) -> None:
    declare(world)
    with served(world.folder) as first:
        until(lambda: json.loads(first.get("/readyz")[1])["engine"] == "working")
        with served(world.folder, "--json") as second:
            assert second.process.wait(60.0) == 5
        assert first.get("/healthz")[0] == 200
        assert first.end() == 143
