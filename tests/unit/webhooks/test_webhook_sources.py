"""Declared sources of Svix and Stripe webhooks: what they keep, and what they hint at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webhook_samples import (
    CRM,
    DOORS,
    NOON,
    SECRET,
    STRIPE_BODY,
    SVIX_BODY,
    Doors,
    stripe,
    stripe_headers,
    svix,
    svix_headers,
)

from crosstie.connectors.signing import Key
from crosstie.connectors.webhook_bodies import moment_of
from crosstie.connectors.webhooks import About, StripeWebhooks, SvixWebhooks
from crosstie.core.errors import Misconfigured
from crosstie.ports.webhooks import Forged, Hint


def test_a_svix_event_is_named_by_its_header() -> None:
    webhooks = svix()
    event = webhooks.verify(svix_headers(SVIX_BODY), SVIX_BODY, NOON)
    assert (event.id, event.type, event.sent) == ("msg_1", "contact.deleted", NOON)
    assert webhooks.hints(event.type, event.kept) == [Hint("contacts", "c1", gone=True)]
    assert webhooks.unstored == 503


def test_a_stripe_event_is_named_by_its_body_and_keeps_no_person() -> None:
    webhooks = stripe()
    event = webhooks.verify(stripe_headers(STRIPE_BODY), STRIPE_BODY, NOON)
    assert (event.id, event.type, event.sent) == ("evt_1", "customer.updated", NOON - 10)
    assert webhooks.hints(event.type, event.kept) == [Hint("customers", "cus_1")]
    assert b"ada" not in event.kept
    assert b"ada" in STRIPE_BODY


def test_one_event_may_be_about_several_records() -> None:
    about = {"x": (About("customers", "data.object.customer"), About("invoices", "data.object.id"))}
    webhooks = StripeWebhooks(CRM, "env:STRIPE", about).bind(DOORS)
    body = b'{"id":"evt_2","type":"x","data":{"object":{"id":"in_1","customer":"cus_1"}}}'
    event = webhooks.verify(stripe_headers(body), body, NOON)
    wanted = [Hint("customers", "cus_1"), Hint("invoices", "in_1")]
    assert webhooks.hints("x", event.kept) == wanted
    assert event.sent is None


@pytest.mark.parametrize(
    "data", ['{"id":7}', '{"id":null}', '{"id":"a@x.example"}', '{"id":["a"]}', "[]", '"c1"', "{}"]
)
def test_what_is_no_id_is_neither_kept_nor_hinted_at(data: str) -> None:
    body = f'{{"type":"contact.deleted","data":{data}}}'.encode()
    webhooks = svix()
    event = webhooks.verify(svix_headers(body), body, NOON)
    assert webhooks.hints(event.type, event.kept) == []
    assert json.loads(event.kept) == {"ids": {}, "sent": None}


def test_a_type_that_is_not_declared_means_nothing() -> None:
    body = b'{"type":"contact.moved","data":{"id":"c1"}}'
    webhooks = svix()
    event = webhooks.verify(svix_headers(body), body, NOON)
    assert (event.type, webhooks.hints(event.type, event.kept)) == ("contact.moved", [])
    assert b"c1" not in event.kept


def test_what_was_kept_before_a_declaration_changed_is_still_read() -> None:
    event = svix().verify(svix_headers(SVIX_BODY), SVIX_BODY, NOON)
    moved = {"contact.deleted": About("contacts", "data.contact")}
    assert SvixWebhooks(CRM, "env:SVIX", moved).bind(DOORS).hints(event.type, event.kept) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"type":7}',
        b'{"type":""}',
        b'{"type":"a\\nb"}',
        b'{"type":"\\ud800"}',
        b'{"type":"' + b"x" * 129 + b'"}',
    ],
)
def test_a_body_without_a_type_is_refused(body: bytes) -> None:
    with pytest.raises(Forged):
        svix().verify(svix_headers(body), body, NOON)


@pytest.mark.parametrize("body", [b'{"type":"x"}', b'{"type":"x","id":7}'])
def test_a_stripe_body_without_an_id_is_refused(body: bytes) -> None:
    with pytest.raises(Forged):
        stripe().verify(stripe_headers(body), body, NOON)


def test_the_type_may_stand_elsewhere() -> None:
    about = {"reservation.updated": About("reservations", "reservation._id")}
    source = SvixWebhooks(CRM, "env:SVIX", about, type_at="event", sent_at="at")
    body = b'{"event":"reservation.updated","reservation":{"_id":"r1"},"at":1767268800}'
    webhooks = source.bind(DOORS)
    event = webhooks.verify(svix_headers(body), body, NOON)
    assert (event.type, event.sent) == ("reservation.updated", NOON)
    assert webhooks.hints(event.type, event.kept) == [Hint("reservations", "r1")]


def test_several_secrets_are_all_looked_up() -> None:
    doors = Doors({"env:OLD": SECRET, "env:NEW": "whsec_" + "QUJD" * 8})
    source = SvixWebhooks(CRM, [Key("env:OLD", until="2026-01-01"), "env:NEW"])
    event = source.bind(doors).verify(svix_headers(SVIX_BODY), SVIX_BODY, NOON)
    assert event.id == "msg_1"


@pytest.mark.parametrize(
    "declared",
    [
        lambda: SvixWebhooks(CRM, "env:SVIX", {"x": About("contacts", "")}),
        lambda: SvixWebhooks(CRM, "env:SVIX", type_at=""),
        lambda: StripeWebhooks(CRM, ()),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(declared: Any) -> None:
    with pytest.raises(Misconfigured) as refused:
        declared().bind(DOORS)
    assert refused.value.fix


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2026-01-01T12:00:00Z", NOON),
        ("2026-01-01T13:00:00+01:00", NOON),
        ("2026-01-01T12:00:00", NOON),
        (int(NOON), NOON),
        (True, None),
        (-1, None),
        (10**12, None),
        ("soon", None),
        ("0001-01-01T00:00:00+23:59", None),
        (None, None),
        (1.5, None),
    ],
)
def test_times_are_read_where_they_are_ones(told: Any, read: float | None) -> None:
    assert moment_of(told) == read
