"""Alerts from end to end: a real engine, real sockets, and nobody's name in what is sent."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from crosstie.sandbox.sinks import (
    DISCORD_PATH,
    SLACK_PATH,
    WEBHOOK_PATH,
    Box,
    HostedSink,
    start_chat,
)
from crosstie.sandbox.sinks.mail import PASSWORD, start_mail
from crosstie.service.alert_desk import KINDS
from crosstie.service.lock import engine_lock

from .world import Said, World

APP = """
from crosstie import *
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database

database = Database("sqlite:///{database}", label="the shop")
ghl = GoHighLevel(location="{location}", token="env:GHL_TOKEN", base_url="{url}")
contacts = Sync(
    name="contacts",
    left=database.table("people"),
    right=ghl.contacts(search_lag=0.0),
    fields=[
        field("first_name", "firstName"), field("last_name", "lastName"),
        field("email", "email", Email()), field("city", "city"),
    ],
    match=["email"],
    brake=Brake(share=0.0, records=2),
)
alerts = Alerts(
    channels=[
        Mail("127.0.0.1", port={port}, security="none", sender="crosstie@localhost",
             to=["ops@localhost"], user="crosstie", password="env:MAIL_PASSWORD"),
        Slack("env:SLACK_URL", loopback=True),
        Discord("env:DISCORD_URL", loopback=True),
        SignedWebhook("env:HOOK_URL", "env:HOOK_SECRET", loopback=True),
    ],
    thresholds=Thresholds({thresholds}),
    settle=0.0,
)
app = Crosstie(syncs=[contacts], state="sqlite:///state.db", alerts=alerts)
"""
EAGER = (
    "success=1.0, failures=0, least=1, latency=0.0, call=0.0, rate=0.0, queue_age=0.0,"
    " conflict_age=0.0"
)
SECRET = "whsec_" + "QUJD" * 8
CANARIES = ("Zanzibaria", "Quokkasson", "canary-mailbox", "Timbuktuville", "no-address-canary")


class Desk:
    """A world with a mail server and a chat."""

    def __init__(self, world: World, mail: HostedSink[Any], chat: HostedSink[Any]) -> None:
        self.world, self.mail, self.chat = world, mail, chat

    def declare(self, thresholds: str = "") -> None:
        assert self.world.sandbox is not None
        text = APP.format(
            database=self.world.database,
            location=self.world.sandbox.sandbox.location.id,
            url=self.world.sandbox.url,
            port=self.mail.running.port,
            thresholds=thresholds,
        )
        self.world.declare(text=text)

    def bury(self) -> None:
        """One record ends as a dead letter."""
        self.world.add_person("Ada", "no-address")
        assert self.world.crosstie("run", "--once").code == 1

    def titles(self) -> list[str]:
        return sorted(m["title"] for m in (*self.mail.messages(), *self.chat.messages()))

    def crosstie(self, *args: str) -> Said:
        return self.world.crosstie(*args)


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with (
        HostedSink(partial(start_mail, Box())) as mail,
        HostedSink(partial(start_chat, Box())) as chat,
    ):
        monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
        monkeypatch.setenv("SLACK_URL", chat.url + SLACK_PATH)
        monkeypatch.setenv("DISCORD_URL", chat.url + DISCORD_PATH)
        monkeypatch.setenv("HOOK_URL", chat.url + WEBHOOK_PATH)
        monkeypatch.setenv("HOOK_SECRET", SECRET)
        made = Desk(world, mail, chat)
        made.declare()
        yield made


def test_no_channel_is_ever_told_what_stands_in_a_record(desk: Desk) -> None:
    desk.declare(EAGER)
    world = desk.world
    for number in range(4):
        world.add_person("Zanzibaria", f"canary-mailbox-{number}@example.org", "Timbuktuville")
    world.add_person("Quokkasson", "no-address-canary")
    world.crosstie("run", "--once")
    held = json.dumps(world.people())
    # Both sides of one field, a refusal that repeats what was sent, and a mass change.
    world.sql("UPDATE people SET first_name = 'Quokkasson one' WHERE id = 1")
    contact = world.ids()[0]
    world.api("PUT", f"/contacts/{contact}", {"firstName": "Quokkasson two"})
    world.crosstie("run", "--once", "--full")
    world.control(
        "faults", match="* /", times=99, status=422, message="Zanzibaria Quokkasson is refused"
    )
    world.sql("UPDATE people SET city = 'Timbuktuville again' WHERE id = 2")
    world.crosstie("run", "--once")
    world.control("faults", method="DELETE")
    world.sql("DELETE FROM people WHERE id > 1")
    world.crosstie("run", "--once")
    world.control("faults", match="* /", times=99, status=401, message="Quokkasson is not you")
    world.crosstie("run", "--once")
    world.crosstie("alerts", "test", "mail")
    causes = {d["cause"] for d in world.crosstie("alerts", "log", "--json").document["messages"]}
    kinds = {cause.partition(":")[0] for cause in causes}
    assert kinds == {*KINDS, "test"} - {"silent", "away"}
    sent = json.dumps([*desk.mail.messages(), *desk.chat.messages()])
    channels = {m["kind"] for m in (*desk.mail.messages(), *desk.chat.messages())}
    assert channels == {"mail", "slack", "discord", "webhook"}
    kept = json.dumps(world.state("SELECT * FROM alert")) + json.dumps(
        world.state("SELECT * FROM alert_delivery")
    )
    for canary in CANARIES:
        assert canary in held, "it is there to be found"
        assert canary not in sent
        assert canary not in kept
        assert canary not in world.crosstie("health").out


def test_a_dead_letter_is_told_on_every_channel_and_its_end_too(desk: Desk) -> None:
    desk.bury()
    title = "Crosstie alert: dead:contacts (degraded)"
    assert title in desk.titles()
    assert len(desk.titles()) == 4
    shown = desk.crosstie("alerts", "ls")
    assert "dead:contacts (degraded, for" in shown.out
    assert "channel slack (slack): on" in shown.out
    assert desk.crosstie("run", "--once").code == 0
    assert len(desk.titles()) == 4, "it lasts, and everybody knows"
    desk.world.sql("UPDATE people SET email = 'ada@example.org'")
    assert desk.crosstie("run", "--once").code == 0
    assert desk.crosstie("run", "--once").code == 0
    assert sum("resolved" in title for title in desk.titles()) == 4
    log = desk.crosstie("alerts", "log", "--json").document["messages"]
    assert {(m["occasion"], m["state"], m["attempts"]) for m in log} == {
        ("raised", "sent", 1),
        ("resolved", "sent", 1),
    }


def test_a_channel_that_fails_delays_nobody_and_is_tried_again(desk: Desk) -> None:
    desk.mail.fail(times=1, status=451)
    desk.bury()
    assert len(desk.mail.messages()) == 0
    assert len(desk.chat.messages()) == 3
    said = desk.crosstie("alerts", "log").out
    assert "waiting" in said
    desk.world.state("UPDATE alert_delivery SET due_at = 0")
    desk.crosstie("alerts", "check")
    assert len(desk.mail.messages()) == 1
    assert len(desk.chat.messages()) == 3


def test_a_channel_that_is_gone_is_off_until_a_test_arrives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = desk.chat.url
    monkeypatch.setenv("SLACK_URL", f"{place}/nowhere")
    desk.bury()
    desk.crosstie("alerts", "check")
    assert "slack (slack): off since" in desk.crosstie("alerts", "ls").out
    assert any("channel:slack" in t for t in (m["title"] for m in desk.mail.messages()))
    failed = desk.crosstie("alerts", "test", "slack")
    assert (failed.code, "it answered 404" in failed.err) == (1, True)
    monkeypatch.setenv("SLACK_URL", place + SLACK_PATH)
    assert desk.crosstie("alerts", "test", "slack", "--json").document["state"] == "sent"
    assert desk.crosstie("alerts", "test", "mail").out == "mail took the test.\n"
    assert "slack (slack): on" in desk.crosstie("alerts", "ls").out


def test_a_mute_keeps_it_quiet_and_unmuting_tells(desk: Desk) -> None:
    said = desk.crosstie("alerts", "mute", "dead:contacts", "--for", "2h")
    assert said.out.startswith("dead:contacts is muted until ")
    desk.bury()
    assert desk.titles() == []
    shown = desk.crosstie("alerts", "ls").out
    assert "nobody was told" in shown
    assert "muted until" in shown
    assert desk.crosstie("alerts", "unmute", "dead:contacts").code == 0
    assert desk.crosstie("alerts", "check").out.startswith("Looked")
    assert len(desk.titles()) == 4
    assert desk.crosstie("alerts", "unmute", "dead:contacts").code == 1


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("mute", "nonsense", "--for", "2h"), 2, "there is no cause"),
        (("mute", "dead", "--for", "soon"), 2, "no length of time"),
        (("test", "pager"), 1, "there is no alert channel 'pager'"),
    ],
)
def test_what_cannot_be_done_is_said(
    desk: Desk, args: tuple[str, ...], code: int, told: str
) -> None:
    said = desk.crosstie("alerts", *args)
    assert said.code == code
    assert told in said.err
    assert "fix: " in said.err


def test_check_leaves_it_to_an_engine_that_runs(desk: Desk) -> None:
    desk.bury()
    with engine_lock("sqlite:///state.db", "now"):
        assert desk.crosstie("alerts", "check", "--json").document == {"looked": False}
        assert desk.crosstie("health").code == 8
    assert desk.crosstie("alerts", "check", "--json").document == {"looked": True}


def test_a_silent_engine_is_told_by_check_and_health(desk: Desk) -> None:
    desk.world.add_person("Ada", "ada@example.org")
    assert desk.crosstie("run", "--once").code == 0
    desk.world.state("UPDATE tenant SET since = since - 9999, until = until - 9999")
    assert desk.crosstie("health").code == 9
    desk.crosstie("alerts", "check")
    assert len(desk.titles()) == 4
    assert "Crosstie alert: silent (unhealthy)" in desk.titles()


def test_health_says_how_well_it_works_and_what_to_do(desk: Desk) -> None:
    assert desk.crosstie("health").code == 0
    desk.bury()
    desk.world.add_person("Bo", "bo@example.org")
    desk.crosstie("run", "--once")
    said = desk.crosstie("health")
    assert said.code == 8
    assert said.out.splitlines()[0] == "degraded"
    assert "fix: see `crosstie dead list --sync contacts`" in said.out
    told = desk.crosstie("health", "--json").document
    (sync,) = told["syncs"]
    assert (told["state"], sync["settled"], sync["failed"], sync["dead"]) == ("degraded", 1, 1, 1)
    assert sync["latency"]["of"] == 1
    assert [(f["error"], f["tries"]) for f in told["failures"]] == [("rejected:email", 1)]
    (account,) = [a for a in told["accounts"] if a["calls"]]
    assert account["took"]["p95"] > 0


def test_a_secret_that_is_missing_is_named_and_nothing_else_suffers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_URL")
    desk.bury()
    assert len(desk.titles()) == 3
    assert "the environment variable SLACK_URL is not set" in desk.crosstie("alerts", "log").out


@pytest.mark.parametrize(
    ("name", "value", "channel", "told"),
    [
        ("SLACK_URL", None, "slack", "SLACK_URL is not set"),
        ("MAIL_PASSWORD", None, "mail", "MAIL_PASSWORD is not set"),
        ("DISCORD_URL", "ftp://example.com/secret", "discord", "not the address of a web service"),
        ("HOOK_SECRET", "secret-secret", "webhook", "a webhook secret is not"),
    ],
)
def test_check_finds_a_channel_that_cannot_be_sent_to(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str | None,
    channel: str,
    told: str,
) -> None:
    good = desk.crosstie("check", "--json").document
    assert good["counts"]["error"] == 0
    monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    said = desk.crosstie("check", "--json")
    assert said.code == 3
    (wrong,) = [line for line in said.document["lines"] if line["level"] == "error"]
    assert wrong["about"] == f"alerts {channel}"
    assert told in wrong["text"]
    assert value is None or value not in said.out
    assert desk.titles() == []


def test_the_sink_takes_mail_of_anybody(desk: Desk) -> None:
    with smtplib.SMTP("127.0.0.1", desk.mail.running.port, timeout=10) as server:
        server.sendmail("a@localhost", ["b@localhost"], "Subject: hello\r\n\r\nplain\r\n")
    (mail,) = desk.mail.messages()
    assert (mail["title"], mail["text"].strip()) == ("hello", "plain")
    assert (mail["html"], mail["user"]) == (None, None)
