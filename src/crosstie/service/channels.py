"""Sending one message to one channel. Each try is made once; whoever asks decides on another.

| what happens                                     | raised                                       |
|--------------------------------------------------|----------------------------------------------|
| Slack answers 403, 404, 410; Discord 401, 404;   | Gone: the channel takes nothing any more     |
| a webhook 410                                    |                                              |
| anything else that is no success, no answer      | Retry, with what the answer asks to wait     |
| a secret that is not there, a forbidden address  | Misconfigured                                |

Texts name the channel and a status, never an address: that is the secret.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from crosstie.alerts import Channel, Discord, Mail, SignedWebhook, Slack
from crosstie.connectors.answers import retry_after
from crosstie.connectors.outgoing import Answered, Resolve, checked, is_loopback, post
from crosstie.core.errors import CrosstieError, Misconfigured, Retry
from crosstie.ports import Clock, Delivery
from crosstie.service import messages

if TYPE_CHECKING:
    from crosstie.connectors.signing.standard import StandardWebhooks

TIMEOUT = 15.0
"""Seconds that each step of a conversation with a mail server may take."""
_GONE: Mapping[type[Channel], frozenset[int]] = {
    Slack: frozenset({403, 404, 410}),
    Discord: frozenset({401, 404}),
    SignedWebhook: frozenset({410}),
}
_JSON = {"Content-Type": "application/json", "User-Agent": "crosstie"}
_ENOUGH = 3_600.0
"""Seconds that an answer may make us wait at most."""


class Gone(CrosstieError):
    """The channel is not there any more: whoever made it took it away."""

    code = "gone"


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages.

    secret: what is behind a reference; the second word says what it is, for errors.  resolve:
    names to addresses, where not as this machine does it.
    """

    secret: Callable[[str, str], str]
    clock: Clock
    resolve: Resolve | None = field(default=None)

    def prepare(self, channel: Channel) -> None:
        """Find out, without asking anybody, whether it can be sent to. Raises Misconfigured."""
        if isinstance(channel, Mail):
            self._password(channel)
            return
        url, ports = self._place(channel)
        checked(url, f"the address of the channel {channel.name}", ports, loopback=channel.loopback)
        if isinstance(channel, SignedWebhook):
            self._signs(channel)

    async def send(self, channel: Channel, message: Delivery) -> str | None:
        """Send once; what of it did not arrive. Raises Gone, Retry, Misconfigured."""
        if isinstance(channel, Mail):
            return await self._mail(channel, message)
        url, ports = self._place(channel)
        body, headers = self._request(channel, message)
        if isinstance(channel, Discord):
            # Without it a message that was not kept gives no error.
            url += "&wait=true" if "?" in url else "?wait=true"
        answer = await post(
            url,
            body,
            {**_JSON, **headers},
            f"the address of the channel {channel.name}",
            ports=ports,
            loopback=channel.loopback,
            resolve=self.resolve,
        )
        self._judge(channel, answer)
        return None

    def _place(self, channel: Slack | Discord | SignedWebhook) -> tuple[str, Sequence[int]]:
        url = self.secret(channel.url, f"the address of the channel {channel.name}")
        return url, channel.ports if isinstance(channel, SignedWebhook) else (443,)

    def _signs(self, channel: SignedWebhook) -> StandardWebhooks:
        # Imported late, as what mail needs: who sends nothing of the kind needs neither.
        from crosstie.connectors.signing.standard import StandardWebhooks

        secret = self.secret(channel.secret, f"the secret of the channel {channel.name}")
        return StandardWebhooks([secret])

    def _password(self, channel: Mail) -> str | None:
        here = channel.server == "localhost" or is_loopback(channel.server)
        if channel.security == "none" and not here:
            raise Misconfigured(
                f"the channel {channel.name} would send mail unencrypted",
                fix='use security="starttls" or "tls"; "none" is for this machine alone',
            )
        if channel.password is None:
            return None
        return self.secret(channel.password, "the password of the mail server")

    def _request(
        self, channel: Slack | Discord | SignedWebhook, message: Delivery
    ) -> tuple[bytes, Mapping[str, str]]:
        if isinstance(channel, Slack):
            return msgspec.json.encode(messages.slack(message)), {}
        if isinstance(channel, Discord):
            return msgspec.json.encode(messages.discord(message)), {}
        body = messages.payload(message)
        return body, self._signs(channel).sign(message.key, self.clock.now(), body)

    def _judge(self, channel: Channel, answer: Answered) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status in _GONE[type(channel)]:
            raise Gone(f"it answered {status}")
        after = retry_after(answer.headers, self.clock.now())
        if status == 429 and after is None:
            # A body of brackets alone is too deep for the reader.
            with suppress(msgspec.DecodeError, KeyError, RecursionError, TypeError, ValueError):
                after = float(msgspec.json.decode(answer.text)["retry_after"])
        wait = None if after is None else min(after, _ENOUGH)
        raise Retry(f"the channel {channel.name} answered {status}", after=wait)

    async def _mail(self, channel: Mail, message: Delivery) -> str | None:
        from aiosmtplib import SMTP, SMTPException

        password = self._password(channel)
        server = SMTP(
            hostname=channel.server,
            port=channel.port,
            timeout=TIMEOUT,
            use_tls=channel.security == "tls",
            start_tls=channel.security == "starttls",
            username=channel.user,
            password=password,
            tls_context=ssl.create_default_context() if channel.security != "none" else None,
        )
        try:
            async with server:
                refused, _ = await server.send_message(messages.mail(message, channel))
        except (SMTPException, OSError) as wrong:
            # What a mail server says may repeat addresses; its code tells enough.
            code = getattr(wrong, "code", None)
            told = f"{type(wrong).__name__}" + (f" {code}" if code else "")
            text = f"the channel {channel.name}: the mail server refused or is away ({told})"
            raise Retry(text) from None
        return f"{len(refused)} of {len(channel.to)} receivers refused" if refused else None
