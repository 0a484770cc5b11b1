"""What each channel is sent: within its limits, and nothing in it is an order to it."""

from __future__ import annotations

import json
import os
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from msgspec.structs import replace

from crosstie.alerts import Mail
from crosstie.ports import Delivery, Occasion, Severity
from crosstie.service import messages

BESIDE = Path(__file__).resolve().parents[3].parent / "shared" / "contracts"
CONTRACTS = Path(os.environ.get("CROSSTIE_CONTRACTS") or BESIDE)
CONTRACT = CONTRACTS / "discord" / "discord-webhooks.trimmed.json"
MAIL = Mail("mail.example.com", "crosstie@example.com", ["a@example.com", "b@example.com"])
MESSAGE = Delivery(
    channel="any",
    occasion=Occasion.RAISED,
    cause="dead:contacts",
    severity=Severity.DEGRADED,
    text="3 dead letters",
    fix="see them",
    at=1_700_000_000.0,
    key="alert_1",
    due_at=0.0,
)
HOSTILE = replace(
    MESSAGE,
    cause="dead:<!channel>\r\nBcc: x@example.com",
    text="<script>alert(1)</script> @everyone [a](https://example.com) <https://example.com|b>\r\n.",
    fix="`rm -rf` *now*\x00",
)
LONG = replace(MESSAGE, cause="c" * 9_000, text="t" * 9_000, fix="f" * 9_000)
EVERY = [replace(m, occasion=o) for m in (MESSAGE, HOSTILE, LONG) for o in Occasion]


def block(message: Delivery) -> str:
    made: Any = messages.slack(message)
    return str(made["blocks"][0]["text"]["text"])


@pytest.mark.parametrize("message", EVERY)
def test_a_mail_has_one_subject_and_no_header_that_nobody_gave_it(message: Delivery) -> None:
    raw = messages.mail(message, MAIL).as_bytes(policy=policy.SMTP)
    read: Any = message_from_bytes(raw, policy=policy.default)
    assert read["Bcc"] is None
    assert read.get_all("Subject") == [messages.title(message)]
    assert read["Auto-Submitted"] == "auto-generated"
    html = read.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert messages.body(message) in read.get_body(("plain",)).get_content().replace("\r\n", "")


@pytest.mark.parametrize("message", EVERY)
def test_slack_reads_no_mention_and_no_link_and_takes_its_length(message: Delivery) -> None:
    made: Any = messages.slack(message)
    for text in (made["text"], block(message)):
        assert "<" not in text
        assert ">" not in text
    assert 0 < len(block(message)) <= 3_000


@pytest.mark.parametrize("message", EVERY)
def test_discord_reads_no_markup_and_takes_its_length(message: Delivery) -> None:
    made: Any = messages.discord(message)
    (embed,) = made["embeds"]
    assert made["allowed_mentions"] == {"parse": []}
    assert len(embed["title"]) <= 256
    assert len(embed["description"]) <= 4_096
    assert "](" not in embed["description"].replace("\\](", "").replace("\\]\\(", "")
    datetime.fromisoformat(embed["timestamp"])


@pytest.mark.parametrize("message", EVERY)
def test_what_discord_is_sent_is_what_its_contract_allows(message: Delivery) -> None:
    if not CONTRACT.is_file():
        pytest.skip("the contract of Discord is not here")
    spec = json.loads(CONTRACT.read_text("utf-8"))
    schema = {
        "$ref": "#/components/schemas/IncomingWebhookRequestPartial",
        "components": spec["components"],
    }
    jsonschema.Draft202012Validator(schema).validate(messages.discord(message))


@pytest.mark.parametrize("occasion", Occasion)
def test_a_webhook_says_the_same_in_every_attempt(occasion: Occasion) -> None:
    message = replace(MESSAGE, occasion=occasion)
    first = messages.payload(message)
    assert first == messages.payload(replace(message, attempts=3, error="no answer"))
    told = json.loads(first)
    assert told["type"] == f"alert.{occasion.value.replace('-', '_')}"
    assert told["timestamp"] == "2023-11-14T22:13:20+00:00"
    over = occasion is Occasion.RESOLVED
    assert told["data"]["fix"] == (None if over else "see them")


def test_the_title_says_what_how_bad_and_whether_it_is_over() -> None:
    said = {o: messages.title(replace(MESSAGE, occasion=o)) for o in Occasion}
    assert said == {
        Occasion.RAISED: "Crosstie alert: dead:contacts (degraded)",
        Occasion.REMINDER: "Crosstie still: dead:contacts (degraded)",
        Occasion.RESOLVED: "Crosstie resolved: dead:contacts",
        Occasion.CHANNEL_OFF: "Crosstie channel off: dead:contacts",
        Occasion.TEST: "Crosstie test: dead:contacts",
    }
