"""A message as each kind of channel wants it: mail, Slack, Discord, JSON. Pure.

Formats: Slack https://docs.slack.dev/messaging/formatting-message-text (`&`, `<`, `>` escaped, so
that no text becomes a mention; 3,000 characters a block), Discord https://discord.com/developers/docs/resources/webhook
(title 256, description 4,096 characters, nobody mentioned).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

import msgspec

from crosstie.alerts import Mail
from crosstie.core.values import Json
from crosstie.ports import Delivery, Occasion, Severity

_SAID: Mapping[Occasion, str] = {
    Occasion.RAISED: "alert",
    Occasion.REMINDER: "still",
    Occasion.RESOLVED: "resolved",
    Occasion.CHANNEL_OFF: "channel off",
    Occasion.TEST: "test",
}
_COLOURS = {Severity.DEGRADED: 0xB45309, Severity.UNHEALTHY: 0xB91C1C}
_GREEN = 0x15803D
_TITLE, _TEXT, _BLOCK = 250, 1_200, 3_000
_MARKDOWN = re.compile(r"([\\*_`~|>\[\]()#@:-])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def title(message: Delivery) -> str:
    """One line: what it is about, and whether it began, goes on or is over."""
    line = f"Crosstie {_SAID[message.occasion]}: {message.cause}"
    if message.occasion in (Occasion.RAISED, Occasion.REMINDER):
        line += f" ({message.severity})"
    return _plain(line)[:_TITLE]


def body(message: Delivery) -> str:
    """What is wrong, or was."""
    return _plain(message.text)[:_TEXT]


def advice(message: Delivery) -> str | None:
    """What to do about it; nothing is to be done about what is over."""
    if message.occasion is Occasion.RESOLVED:
        return None
    return _plain(message.fix)[:_TEXT] or None


def moment(message: Delivery) -> datetime:
    """When it was found."""
    return datetime.fromtimestamp(message.at, UTC)


def mail(message: Delivery, channel: Mail) -> EmailMessage:
    """As text and as HTML. The id is the same for every attempt."""
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = (
        title(message),
        channel.sender,
        ", ".join(channel.to),
    )
    made["Date"] = format_datetime(moment(message))
    made["Message-ID"] = f"<{message.key}@crosstie.invalid>"
    made["Auto-Submitted"] = "auto-generated"
    fix = advice(message)
    when = moment(message).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [body(message), "", *([f"What to do: {fix}", ""] if fix else []), f"Found: {when}"]
    made.set_content("\n".join(lines) + "\n")
    advised = f"<p><b>What to do:</b> {escape(fix)}</p>" if fix else ""
    made.add_alternative(
        f"<!doctype html><html><body><h1>{escape(title(message))}</h1>"
        f"<p>{escape(body(message))}</p>{advised}<p><small>Found: {when}</small></p></body></html>",
        subtype="html",
    )
    return made


def slack(message: Delivery) -> Json:
    """Blocks, with `text` for where blocks are not shown."""
    fix = advice(message)
    shown = f"*{_slack(title(message))}*\n{_slack(body(message))}"
    shown += f"\n*What to do:* {_slack(fix)}" if fix else ""
    return {
        "text": f"{_slack(title(message))}: {_slack(body(message))}",
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": shown[:_BLOCK]},
            }
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def discord(message: Delivery) -> Json:
    """One embed; nobody is mentioned by whatever stands in it."""
    fix = advice(message)
    text = _escaped(body(message)) + (f"\n**What to do:** {_escaped(fix)}" if fix else "")
    over = message.occasion in (Occasion.RESOLVED, Occasion.TEST)
    return {
        "embeds": [
            {
                "title": _escaped(title(message))[:256],
                "description": text[:4_096],
                "color": _GREEN if over else _COLOURS[message.severity],
                "timestamp": moment(message).isoformat(),
            }
        ],
        "allowed_mentions": {"parse": []},
    }


def payload(message: Delivery) -> bytes:
    """The body of a signed webhook: the same bytes for every attempt."""
    return msgspec.json.encode(
        {
            "type": f"alert.{message.occasion.value.replace('-', '_')}",
            "timestamp": moment(message).isoformat(),
            "data": {
                "cause": message.cause,
                "severity": message.severity,
                "text": body(message),
                "fix": advice(message),
            },
        }
    )


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
