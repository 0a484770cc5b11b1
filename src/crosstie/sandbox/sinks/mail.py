"""A mail server that keeps what it is sent, with a page that shows it."""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from crosstie.sandbox.serving import Running, serve, until_signal

from . import desk
from .box import Box

PASSWORD = "sandbox-password"
"""What it takes for a log-in, of whatever user; without a log-in it takes mail as well."""

NOBODY = "nobody@"
"""Receivers that are refused."""


@dataclass(frozen=True, slots=True)
class MailSink:
    """A mail server that listens, and its page."""

    host: str
    port: int
    web: Running
    _server: asyncio.Server

    @property
    def url(self) -> str:
        """Address of the page."""
        return self.web.url

    async def stop(self) -> None:
        """Stop listening."""
        self._server.close()
        await self.web.stop()


async def start_mail(
    box: Box,
    host: str = "127.0.0.1",
    port: int = 0,
    web_port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> MailSink:
    """Listen; port 0 takes a free one. With `tls` it offers STARTTLS.

    Raises OSError that names the port when it is taken.
    """
    loop = asyncio.get_running_loop()
    # It warns of what it does itself, each time that somebody logs in.
    logging.getLogger("mail.log").setLevel(logging.ERROR)

    def session() -> SMTP:
        return SMTP(
            Keeper(box),
            hostname="localhost",
            authenticator=_login,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            tls_context=tls,
            loop=loop,
        )

    server = await _listening(session, host, port)
    app = web.Application()
    desk.add_routes(app, box, "Crosstie mail sink")
    try:
        page = await serve(app, host, web_port)
    except OSError:
        server.close()
        raise
    return MailSink(host, server.sockets[0].getsockname()[1], page, server)


async def _listening(session: Callable[[], SMTP], host: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(session, host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        text = f"port {port} on {host} is taken. fix: stop what uses it or choose another port."
        raise OSError(errno.EADDRINUSE, text) from error


def run_mail(port: int, web_port: int, ready: Callable[[str, str], None]) -> None:
    """Serve until a signal; `ready` is told server and page. Raises OSError for a taken port."""

    async def call() -> None:
        sink = await start_mail(Box(), port=port, web_port=web_port)
        try:
            await until_signal(sink.web, lambda url: ready(f"{sink.host}:{sink.port}", url))
        finally:
            await sink.stop()

    asyncio.run(call())


class Keeper:
    """Takes mail, or fails as it is told."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Nobody is called nobody here."""
        if address.startswith(NOBODY):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """A whole mail has arrived."""
        failing = self._box.next_failure()
        if failing is not None:
            return f"{failing.status} refused by the sandbox"
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        mail: Any = message_from_bytes(raw, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self._box.keep(
            kind="mail",
            title=str(mail["Subject"]),
            sender=envelope.mail_from,
            to=list(envelope.rcpt_tos),
            user=session.auth_data,
            headers={name: str(value) for name, value in mail.items()},
            text=_part(mail, "plain"),
            html=_part(mail, "html"),
            raw=raw.decode("utf-8", "replace"),
        )
        return "250 taken"


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return None if part is None else str(part.get_content())


def _login(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
) -> AuthResult:
    if not isinstance(given, LoginPassword) or given.password != PASSWORD.encode():
        return AuthResult(success=False, handled=False)
    return AuthResult(success=True, auth_data=given.login.decode())
