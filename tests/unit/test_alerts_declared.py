"""A declaration of alerts that cannot work is refused when it is read, with what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crosstie import (
    Alerts,
    Crosstie,
    Discord,
    Mail,
    Misconfigured,
    Quiet,
    SignedWebhook,
    Slack,
)

TO: Any = ["ops@example.com"]
A: Any = "a@example.com"

REFUSED: list[Callable[[], object]] = [
    lambda: Slack("https://hooks.slack.com/services/T/B/secret"),
    lambda: Slack("env:"),
    lambda: Discord("https://discord.com/api/v10/webhooks/1/secret"),
    lambda: SignedWebhook("https://example.com/hook", "env:SECRET"),
    lambda: SignedWebhook("env:URL", "whsec_c2VjcmV0"),
    lambda: Slack("env:URL", name="Ops Channel"),
    lambda: Mail("mail.example.com", A, "ops@example.com"),  # type: ignore[arg-type]
    lambda: Mail("mail.example.com", A, []),
    lambda: Mail("mail.example.com", "a@example.com\r\nBcc: b@example.com", TO),
    lambda: Mail("mail.example.com", A, ["b@example.com\nSubject: c"]),
    lambda: Mail("mail.example.com", A, TO, security="ssl"),  # type: ignore[arg-type]
    lambda: Mail("mail.example.com", A, TO, user="a"),
    lambda: Mail("mail.example.com", A, TO, user="a", password="open sesame"),
    lambda: Alerts([Slack("env:A"), Slack("env:B")]),
    lambda: Alerts(again=0.0),
    lambda: Alerts(settle=-1.0),
    lambda: Quiet("10 pm", "06:00"),
    lambda: Quiet("22:00", "06:00", zone="Europe/Atlantis"),
    lambda: Quiet("22:00", "06:00", days=["someday"]),
]


@pytest.mark.parametrize("declared", REFUSED)
def test_a_declaration_that_cannot_work_is_refused(declared: Callable[[], object]) -> None:
    with pytest.raises(Misconfigured) as refused:
        declared()
    assert refused.value.fix
    for secret in ("services/T/B", "webhooks/1", "c2VjcmV0", "sesame"):
        assert secret not in f"{refused.value} {refused.value.fix}"


def test_channels_are_known_by_name() -> None:
    alerts = Alerts([Slack("env:A"), Slack("file:/b", name="ops")])
    ops = alerts.channel("ops")
    assert ops is not None
    assert ops.name == "ops"
    assert alerts.channel("pager") is None


def test_nobody_is_told_unless_somebody_is_declared() -> None:
    assert Crosstie([]).alerts == Alerts()
    assert not Alerts().channels
