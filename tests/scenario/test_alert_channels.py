"""Messages reach every kind of channel over real sockets, and what refuses them is believed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from crosstie.alerts import Channel, Discord, Mail, SignedWebhook, Slack
from crosstie.connectors.signing.standard import StandardWebhooks
from crosstie.core.errors import Misconfigured, Retry
from crosstie.ports import Delivery, Occasion, Severity
from crosstie.sandbox.sinks import (
    DISCORD_PATH,
    SLACK_PATH,
    WEBHOOK_PATH,
    Box,
    Failing,
    start_chat,
)
from crosstie.sandbox.sinks.mail import PASSWORD, start_mail
from crosstie.service.channels import Gone, Sender
from crosstie.testing.fakes import FakeClock

SECRET = "whsec_" + "QUJD" * 8
MESSAGE = Delivery(
    channel="any",
    occasion=Occasion.RAISED,
    cause="dead:contacts",
    severity=Severity.UNHEALTHY,
    text="3 dead letters of <contacts> & more",
    fix="see `crosstie dead list`",
    at=1_700_000_000.0,
    key="alert_0123456789abcdef",
    due_at=0.0,
)
CHAT = {"slack": SLACK_PATH, "discord": DISCORD_PATH, "webhook": WEBHOOK_PATH}
CHANNELS: dict[str, Channel] = {
    "slack": Slack("env:slack", loopback=True),
    "discord": Discord("env:discord", loopback=True),
    "webhook": SignedWebhook("env:webhook", "env:secret", loopback=True),
}

Play = Callable[[Sender], Awaitable[None]]


def with_chat(play: Play, box: Box | None = None, **secrets: str) -> Box:
    """A sender whose addresses lead to a chat."""
    taken = box or Box()

    async def go() -> None:
        running = await start_chat(taken)
        places = {name: running.url + path for name, path in CHAT.items()}
        known = {**places, "secret": SECRET, **secrets}
        try:
            await play(Sender(lambda name, _: known[name.removeprefix("env:")], FakeClock()))
        finally:
            await running.stop()

    asyncio.run(go())
    return taken


def sent(name: str, box: Box | None = None, **secrets: str) -> Any:
    """What arrived of one message."""

    async def play(sender: Sender) -> None:
        assert await sender.send(CHANNELS[name], MESSAGE) is None

    (message,) = with_chat(play, box, **secrets).messages
    return message


def test_slack_gets_blocks_in_which_nothing_is_a_mention() -> None:
    message = sent("slack")
    body = message["body"]
    assert body["unfurl_links"] is False
    assert "&lt;contacts&gt; &amp; more" in body["text"]
    assert "What to do" in body["blocks"][0]["text"]["text"]
    assert message["path"] == SLACK_PATH


def test_discord_gets_an_embed_and_mentions_nobody() -> None:
    message = sent("discord")
    assert message["path"] == f"{DISCORD_PATH}?wait=true"
    assert message["body"]["allowed_mentions"] == {"parse": []}
    (embed,) = message["body"]["embeds"]
    assert r"dead\:contacts" in embed["title"]
    assert embed["timestamp"] == "2023-11-14T22:13:20+00:00"


def test_a_thread_of_discord_stays_in_the_address() -> None:
    async def play(sender: Sender) -> None:
        url = sender.secret("env:discord", "") + "?thread_id=7"
        await Sender(lambda *_: url, sender.clock).send(CHANNELS["discord"], MESSAGE)

    (message,) = with_chat(play).messages
    assert message["path"].endswith("?thread_id=7&wait=true")


def test_a_webhook_is_signed_and_verifies() -> None:
    message = sent("webhook")
    headers = {name: [value] for name, value in message["headers"].items()}
    verified = StandardWebhooks([SECRET]).verify(
        headers, message["raw"].encode(), FakeClock().now()
    )
    assert verified.id == MESSAGE.key
    assert message["body"]["type"] == "alert.raised"
    assert message["body"]["data"]["cause"] == "dead:contacts"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *(("slack", n) for n in (403, 404, 410)),
        ("discord", 401),
        ("discord", 404),
        ("webhook", 410),
    ],
)
def test_a_channel_that_was_taken_away_is_gone(name: str, status: int) -> None:
    async def play(sender: Sender) -> None:
        with pytest.raises(Gone, match=str(status)):
            await sender.send(CHANNELS[name], MESSAGE)

    box = Box()
    box.fail(1, Failing(status))
    assert not with_chat(play, box).messages


def test_an_answer_that_breaks_a_reader_is_tried_again_too() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"[" * 60_000
        writer.write(b"HTTP/1.1 429 Wait\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async def go() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            sender = Sender(lambda *_: f"http://127.0.0.1:{port}/", FakeClock())
            with pytest.raises(Retry, match="answered 429"):
                await sender.send(CHANNELS["slack"], MESSAGE)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("name", "failing", "after"),
    [
        ("slack", Failing(500), None),
        ("slack", Failing(429, 3.0), 3.0),
        ("slack", Failing(400), None),
        ("discord", Failing(429, 2.5), 2.5),
        ("discord", Failing(503), None),
        ("webhook", Failing(429, 1e9), 3_600.0),
        ("webhook", Failing(429), None),
        ("webhook", Failing(404), None),
    ],
)
def test_what_may_pass_is_tried_again(name: str, failing: Failing, after: float | None) -> None:
    async def play(sender: Sender) -> None:
        with pytest.raises(Retry) as later:
            await sender.send(CHANNELS[name], MESSAGE)
        assert later.value.after == after
        assert await sender.send(CHANNELS[name], MESSAGE) is None

    box = Box()
    box.fail(1, failing)
    assert (len(with_chat(play, box).messages), box.refused) == (1, 1)


def test_an_address_in_a_private_network_is_refused_and_never_told() -> None:
    async def play(sender: Sender) -> None:
        plain = Slack("env:slack")
        with pytest.raises(Misconfigured, match="unencrypted") as refused:
            await sender.send(plain, MESSAGE)
        assert SLACK_PATH not in str(refused.value)

    assert not with_chat(play).messages


def mailed(
    channel: Callable[[int], Mail], box: Box | None = None, tls: ssl.SSLContext | None = None
) -> tuple[Box, list[Any]]:
    """What arrived of one mail, and what was raised."""
    taken, raised = box or Box(), list[Any]()

    async def go() -> None:
        sink = await start_mail(taken, tls=tls)
        sender = Sender(lambda *_: PASSWORD, FakeClock())
        try:
            raised.append(await sender.send(channel(sink.port), MESSAGE))
        except (Retry, Misconfigured) as wrong:
            raised.append(wrong)
        finally:
            await sink.stop()

    asyncio.run(go())
    return taken, raised


def to_sink(port: int, **more: Any) -> Mail:
    told = {"security": "none", "sender": "crosstie@example.com", "to": ["ops@example.com"]}
    return Mail("127.0.0.1", port=port, **{**told, **more})


def test_mail_arrives_as_text_and_html() -> None:
    box, raised = mailed(to_sink)
    assert raised == [None]
    (mail,) = box.messages
    assert mail["title"] == "Crosstie alert: dead:contacts (unhealthy)"
    assert (mail["sender"], mail["to"]) == ("crosstie@example.com", ["ops@example.com"])
    assert "3 dead letters of <contacts> & more" in mail["text"]
    assert "3 dead letters of &lt;contacts&gt; &amp; more" in mail["html"]
    assert mail["headers"]["Message-ID"] == "<alert_0123456789abcdef@crosstie.invalid>"


def test_receivers_that_are_refused_are_counted() -> None:
    box, raised = mailed(lambda port: to_sink(port, to=["ops@example.com", "nobody@example.com"]))
    assert raised == ["1 of 2 receivers refused"]
    assert box.messages[0]["to"] == ["ops@example.com"]


def test_mail_goes_out_after_a_log_in() -> None:
    box, raised = mailed(lambda port: to_sink(port, user="crosstie", password="env:ANY"))
    assert raised == [None]
    assert box.messages[0]["user"] == "crosstie"


@pytest.mark.parametrize("status", [451, 550])
def test_mail_that_is_refused_is_tried_again_and_the_code_is_told(status: int) -> None:
    box = Box()
    box.fail(1, Failing(status))
    _, (wrong,) = mailed(to_sink, box)
    assert isinstance(wrong, Retry)
    assert str(status) in str(wrong)
    assert "example.com" not in str(wrong)


def test_a_mail_server_that_is_away_or_offers_no_encryption_is_tried_again() -> None:
    for channel in (lambda port: to_sink(1), lambda port: to_sink(port, security="starttls")):
        box, (wrong,) = mailed(channel)
        assert isinstance(wrong, Retry)
        assert not box.messages


def certified(folder: Path) -> ssl.SSLContext:
    """A server's certificate for this machine, which nobody vouches for; in `folder/cert.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    began = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize("trusted", [True, False])
def test_mail_goes_out_encrypted_to_who_proves_to_be_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    tls = certified(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))

    def channel(port: int) -> Mail:
        return Mail("localhost", "a@example.com", ["b@example.com"], port=port)

    box, (outcome,) = mailed(channel, tls=tls)
    assert len(box.messages) == trusted
    assert outcome is None if trusted else isinstance(outcome, Retry)


def test_mail_is_not_sent_unencrypted_to_another_machine() -> None:
    server = Mail("mail.example.com", "a@example.com", ["b@example.com"], security="none")
    _, (wrong,) = mailed(lambda port: server)
    assert isinstance(wrong, Misconfigured)
    assert "unencrypted" in str(wrong)
