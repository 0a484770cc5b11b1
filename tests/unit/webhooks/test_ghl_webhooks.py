"""Webhooks of GoHighLevel: who signed, for which location and app, what is kept and hinted at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webhook_samples import (
    CRM,
    DOORS,
    LOCATION,
    NOON,
    PUBLIC,
    Doors,
    Headers,
    day,
    ghl,
    ghl_body,
    ghl_headers,
    old_headers,
    pem_of,
    rsa_key,
)

from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.ghl.webhooks import PUBLISHED, PUBLISHED_RSA
from crosstie.connectors.signing import Ed25519, Key, Rsa4096
from crosstie.core.errors import Misconfigured
from crosstie.ports.webhooks import Forged, Hint, Webhooks

CONTACT = "nmFmQEsNgz6AVpgLVUJ0"
TODAY, YESTERDAY = day(NOON), day(NOON - 86_400)


def refused(webhooks: Webhooks, headers: Headers, body: bytes) -> str:
    with pytest.raises(Forged) as forged:
        webhooks.verify(headers, body, NOON)
    return str(forged.value)


def test_a_signed_body_is_an_event_of_which_ids_and_times_are_kept() -> None:
    body = ghl_body(name="Ada Byron", tags=["vip"], customFields=[{"id": "x", "value": "y"}])
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert event.id == "9062e8fb-8994-4b3c-bd91-280b42011652"
    assert (event.type, event.sent) == ("ContactUpdate", NOON)
    assert json.loads(event.kept) == {
        "id": CONTACT,
        "type": "ContactUpdate",
        "webhookId": event.id,
        "timestamp": "2026-01-01T12:00:00.000Z",
    }


def test_both_published_keys_are_keys_and_the_present_one_counts_by_itself() -> None:
    Ed25519([PUBLISHED])
    Rsa4096([PUBLISHED_RSA])
    body = ghl_body()
    webhooks = CRM.webhooks().bind(DOORS)
    assert "fits no key" in refused(webhooks, ghl_headers(body), body)
    assert webhooks.unstored == 429


@pytest.mark.parametrize("name", ["x-wh-signature", "x-hub-signature-256", "authorization"])
def test_the_scheme_is_not_chosen_by_who_sends(name: str) -> None:
    body = ghl_body()
    assert refused(ghl(), ghl_headers(body, name), body) == "no x-ghl-signature"
    assert refused(ghl(), old_headers(body), body) == "no x-ghl-signature"


def test_the_old_signature_counts_when_switched_on_and_until_its_day() -> None:
    body, keys = ghl_body(), pem_of(rsa_key())
    on = ghl(legacy_until=TODAY, legacy_keys=keys)
    over = ghl(legacy_until=YESTERDAY, legacy_keys=keys)
    none = {"x-ghl-signature": ["N/A"]}
    assert on.verify(old_headers(body), body, NOON).type == "ContactUpdate"
    assert on.verify({**old_headers(body), **none}, body, NOON).type == "ContactUpdate"
    assert on.verify(ghl_headers(body), body, NOON).type == "ContactUpdate"
    assert over.verify(ghl_headers(body), body, NOON).type == "ContactUpdate"
    assert "has ended" in refused(over, old_headers(body), body)
    assert "fits no key" in refused(ghl(legacy_until=TODAY), old_headers(body), body)


@pytest.mark.parametrize("present", [[""], ["AAAA"], ["N/A", "N/A"]])
def test_a_present_signature_that_fails_is_not_helped_by_an_old_one(present: list[str]) -> None:
    body = ghl_body()
    on = ghl(legacy_until=TODAY, legacy_keys=pem_of(rsa_key()))
    refused(on, {**old_headers(body), "x-ghl-signature": present}, body)


@pytest.mark.parametrize(
    "more",
    [
        {"locationId": "anotherLocation00001"},
        {"locationId": None},
        {"locationId": [LOCATION]},
        {"locationId": "anotherLocation00001", "altType": "location", "altId": LOCATION},
    ],
)
def test_what_is_about_another_location_is_refused_though_it_is_signed(more: Any) -> None:
    body = ghl_body(**more)
    assert refused(ghl(), ghl_headers(body), body) == "it is about another location"


def test_a_location_may_be_named_in_other_ways() -> None:
    for told in (
        {"type": "LocationUpdate", "id": LOCATION},
        {"altId": LOCATION, "altType": "location", "_id": "invoice"},
        {"type": "UserUpdated", "locations": ["another", LOCATION]},
    ):
        body = json.dumps(told).encode()
        event = ghl().verify(ghl_headers(body), body, NOON)
        assert list(ghl().hints(event.type, event.kept)) == []
    for none in ({"type": "ContactUpdate", "id": LOCATION}, {"locations": LOCATION}):
        body = json.dumps(none).encode()
        assert refused(ghl(), ghl_headers(body), body) == "it is about another location"


def test_references_to_location_keys_and_app_are_looked_up() -> None:
    doors = Doors({"env:LOCATION": LOCATION, "file:/key": PUBLIC, "env:APP": "app1-client"})
    crm = GoHighLevel("env:LOCATION")
    webhooks = crm.webhooks("env:APP", keys=["file:/key"]).bind(doors)
    body = ghl_body(appId="app1")
    assert webhooks.verify(ghl_headers(body), body, NOON).type == "ContactUpdate"


@pytest.mark.parametrize("app", ["app2", None, ["app1"], ""])
def test_another_app_or_none_is_refused_where_one_is_named(app: Any) -> None:
    body = ghl_body(appId=app)
    assert refused(ghl(app="app1"), ghl_headers(body), body) == "it is from another app"
    assert ghl().verify(ghl_headers(body), body, NOON).type == "ContactUpdate"


def test_old_and_new_keys_count_together_until_the_old_one_ends() -> None:
    body = ghl_body()
    both = ghl(keys=[Key(PUBLIC, until=TODAY), PUBLISHED])
    after = ghl(keys=[Key(PUBLIC, until=YESTERDAY), PUBLISHED])
    assert both.verify(ghl_headers(body), body, NOON).type == "ContactUpdate"
    refused(after, ghl_headers(body), body)


def test_the_time_in_the_body_is_no_limit_since_a_retry_repeats_it() -> None:
    body = ghl_body(timestamp="2025-12-30T12:00:00Z")
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert event.sent == NOON - 2 * 86_400
    odd = ghl_body(timestamp="soon")
    assert ghl().verify(ghl_headers(odd), odd, NOON).sent is None


@pytest.mark.parametrize("name", [None, "", 7, "a" * 200, "a b"])
def test_a_delivery_without_an_id_is_named_by_its_bytes_and_not_by_a_header(name: Any) -> None:
    body = ghl_body(webhookId=name)
    first = ghl().verify(ghl_headers(body), body, NOON)
    again = ghl().verify({**ghl_headers(body), "deliveryid": ["x"]}, body, NOON)
    other = ghl_body(webhookId=name, id="other")
    assert first.id == again.id
    assert first.id.startswith("sha256-")
    assert ghl().verify(ghl_headers(other), other, NOON).id != first.id


@pytest.mark.parametrize("type_", [None, 7, "", "x" * 65, "Contact Update", ["ContactUpdate"]])
def test_a_type_that_is_none_is_unknown(type_: Any) -> None:
    body = ghl_body(type=type_)
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert (event.type, list(ghl().hints(event.type, event.kept))) == ("unknown", [])


HINTS = [
    *[(f"Contact{verb}", "contacts", False) for verb in ("Create", "Update", "TagUpdate")],
    ("ContactDndUpdate", "contacts", False),
    ("ContactDelete", "contacts", True),
    *[(f"Opportunity{verb}", "opportunities", False) for verb in ("Create", "Update")],
    *[
        (f"Opportunity{verb}Update", "opportunities", False)
        for verb in ("Stage", "Status", "MonetaryValue", "AssignedTo")
    ],
    ("OpportunityDelete", "opportunities", True),
    ("UserCreate", "users", False),
]


@pytest.mark.parametrize(("type_", "kind", "gone"), HINTS)
def test_what_an_event_is_about(type_: str, kind: str, gone: bool) -> None:
    body = ghl_body(type=type_, contactId="theContact")
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert list(ghl().hints(type_, event.kept)) == [Hint(kind, CONTACT, gone)]


@pytest.mark.parametrize(
    ("verb", "gone"), [("Create", False), ("Complete", False), ("Delete", True)]
)
def test_a_task_is_named_with_its_contact_and_hints_at_nothing_without(
    verb: str, gone: bool
) -> None:
    for contact, wanted in (("theContact", [Hint("tasks", "theContact.t1", gone)]), (None, [])):
        body = ghl_body(type=f"Task{verb}", id="t1", contactId=contact, title="Call Ada")
        event = ghl().verify(ghl_headers(body), body, NOON)
        assert list(ghl().hints(event.type, event.kept)) == wanted
        assert b"Ada" not in event.kept


@pytest.mark.parametrize("verb", ["Create", "Update", "Delete"])
def test_a_note_is_about_its_contact_and_never_says_that_it_is_gone(verb: str) -> None:
    body = ghl_body(type=f"Note{verb}", id="theNote", contactId="theContact", body="a secret")
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert list(ghl().hints(event.type, event.kept)) == [Hint("contacts", "theContact")]
    assert b"a secret" not in event.kept


@pytest.mark.parametrize(("verb", "gone"), [("Create", False), ("Update", False), ("Delete", True)])
def test_an_appointment_stands_one_level_deeper(verb: str, gone: bool) -> None:
    inner = {"id": "theVisit", "contactId": "theContact", "title": "Check-up", "calendarId": "c1"}
    told = {"type": f"Appointment{verb}", "locationId": LOCATION, "appointment": inner}
    body = json.dumps(told).encode()
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert list(ghl().hints(event.type, event.kept)) == [Hint("appointments", "theVisit", gone)]
    assert b"Check-up" not in event.kept


@pytest.mark.parametrize("id_", [None, 7, "", "ada@x.example", "x" * 129])
def test_an_event_without_a_sane_id_hints_at_nothing(id_: Any) -> None:
    body = ghl_body(id=id_)
    event = ghl().verify(ghl_headers(body), body, NOON)
    assert list(ghl().hints(event.type, event.kept)) == []
    assert "id" not in json.loads(event.kept)


@pytest.mark.parametrize("type_", ["InboundMessage", "INSTALL", "LocationUpdate", "New", "unknown"])
def test_other_types_mean_nothing_to_a_sync(type_: str) -> None:
    assert list(ghl().hints(type_, b'{"id":"x","contactId":"y"}')) == []


@pytest.mark.parametrize(
    "options",
    [
        {"keys": "no key"},
        {"keys": []},
        {"app": ""},
        {"app": "-client"},
        {"legacy_until": "never"},
        {"legacy_until": TODAY, "legacy_keys": PUBLIC},
    ],
)
def test_a_declaration_that_cannot_work_is_refused(options: Any) -> None:
    with pytest.raises(Misconfigured) as wrong:
        ghl(**options)
    assert wrong.value.fix
