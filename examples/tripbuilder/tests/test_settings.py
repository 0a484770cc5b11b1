"""What the environment says, and what is declared from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crosstie.connectors.ghl.webhooks import PUBLISHED, GhlWebhooks
from crosstie.connectors.signing.keys import Key
from tripbuilder.crosstie_app import declared
from tripbuilder.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def of(**given: str) -> tuple[Settings, GhlWebhooks]:
    """The settings of that environment, and the webhooks that they declare."""
    settings = Settings.of(given)
    [endpoint] = declared(settings).webhooks
    assert endpoint.name == "ghl"
    assert isinstance(endpoint.source, GhlWebhooks)
    return settings, endpoint.source


def test_without_a_word_of_webhooks_the_crm_is_asked_every_half_minute() -> None:
    settings, webhooks = of()
    assert settings.right_every == 30
    assert (webhooks.app, webhooks.keys) == (None, (Key(PUBLISHED),))


@pytest.mark.parametrize("name", ["GHL_WEBHOOK_APP", "GHL_WEBHOOK_KEY"])
def test_with_webhooks_it_is_asked_every_five_minutes(name: str) -> None:
    settings, _ = of(**{name: "abc"})
    assert settings.right_every == 300
    rhythms = [sync.rhythm.right for sync in declared(settings).syncs]
    assert rhythms == [300, 300, 300]


def test_a_rhythm_that_was_given_stays() -> None:
    settings, _ = of(GHL_WEBHOOK_APP="abc", TRIPBUILDER_RIGHT_EVERY="7")
    assert settings.right_every == 7


def test_app_and_key_are_those_that_were_given() -> None:
    _, webhooks = of(GHL_WEBHOOK_APP="abc", GHL_WEBHOOK_KEY="public")
    assert (webhooks.app, webhooks.keys) == ("abc", (Key("public"),))
