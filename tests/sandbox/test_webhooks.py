"""Webhooks that the sandbox sends, over real HTTP, verified as the connector verifies them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crosstie.ports.webhooks import Event, Forged, Webhooks
from crosstie.sandbox.ghl import TRIP_DESK, TRIP_PIPELINE, GhlSandbox, WebhookSettings
from crosstie.sandbox.ghl.webhook_key import WebhookKey, key_of
from crosstie.sandbox.hosted import Hosted

from .client import Crm
from .conftest import NOON
from .receiver import Receiver, receiving, verifier
from .test_page import submit

OLD_ENOUGH = 11 * 60.0
"""Seconds that are more than ten minutes and their jitter."""


@dataclass
class Told:
    """A CRM that tells, and who listens."""

    crm: Crm
    receiver: Receiver
    webhooks: Webhooks

    def types(self, count: int) -> list[str]:
        return self.receiver.types(self.webhooks, count)

    def event(self) -> Event:
        return self.receiver.event(self.webhooks)

    def body(self) -> dict[str, Any]:
        headers, body = self.receiver.next()
        self.webhooks.verify(headers, body, NOON)
        found: dict[str, Any] = json.loads(body)
        return found

    def spoil(self, **fault: Any) -> None:
        self.crm.control("webhooks/faults", **fault)

    def mark(self) -> None:
        """Send one more, by which a test sees that nothing came before it."""
        self.crm.contact(firstName="Mark")

    def until(self, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What the sandbox shows, once it shows that."""
        for _ in range(3_000):
            shown = self.crm.control("webhooks")
            if seen(shown):
                return shown
        raise AssertionError(f"it never came to that: {shown}")


@pytest.fixture
def told(trips: Crm) -> Iterator[Told]:
    with receiving() as receiver:
        shown = trips.control("webhooks", url=receiver.url)
        yield Told(trips, receiver, verifier(shown, trips.location))


def test_a_contact_is_told_when_made_changed_tagged_silenced_and_deleted(told: Told) -> None:
    made = told.crm.contact(firstName="Ada", email="ada@x.example")
    path = f"/contacts/{made['id']}"
    told.crm.put(path, city="Oslo")
    told.crm.post(f"{path}/tags", tags=["vip"])
    told.crm.put(path, dnd=True)
    told.crm.put(path, city="Rome", tags=["new"])
    told.crm.delete(path)
    assert told.types(7) == [
        "ContactCreate",
        "ContactUpdate",
        "ContactTagUpdate",
        "ContactDndUpdate",
        "ContactUpdate",
        "ContactTagUpdate",
        "ContactDelete",
    ]


def test_a_write_that_changes_nothing_tells_nothing(told: Told) -> None:
    made = told.crm.contact(firstName="Ada", dateOfBirth="1990-12-31")
    told.crm.put(f"/contacts/{made['id']}", firstName="Ada")
    opportunity = told.crm.opportunity(made["id"], TRIP_PIPELINE, name="Lisbon")
    told.crm.put(f"/opportunities/{opportunity['id']}", name="Lisbon")
    told.mark()
    types = told.types(4)
    assert types == ["ContactCreate", "OpportunityCreate", "OpportunityUpdate", "ContactCreate"]


def test_a_body_has_the_envelope_of_a_live_one_and_no_empty_field(told: Told) -> None:
    made = told.crm.contact(firstName="Ada", dateOfBirth="1990-12-31", phone="+12025550100")
    body = told.body()
    assert body.pop("webhookId").count("-") == 4
    assert body.pop("dateAdded") == body.pop("timestamp") == "2026-01-01T12:00:00.000Z"
    assert body == {
        "type": "ContactCreate",
        "locationId": told.crm.location,
        "id": made["id"],
        "firstName": "Ada",
        "name": "Ada",
        "phone": "+12025550100",
        "dateOfBirth": "1990-12-31T00:00:00.000Z",
        "dnd": False,
        "appId": "66f1c0ffee00000000000001",
        "versionId": "66f1c0ffee00000000000002",
    }


def test_an_opportunity_is_told_by_an_update_and_by_what_changed(told: Told) -> None:
    made = told.crm.opportunity(TRIP_DESK, TRIP_PIPELINE, name="Lisbon")
    path = f"/opportunities/{made['id']}"
    pipelines = told.crm.get("/opportunities/pipelines", locationId=told.crm.location).json
    stages = next(p["stages"] for p in pipelines["pipelines"] if p["id"] == TRIP_PIPELINE)
    told.crm.put(path, monetaryValue=40, pipelineStageId=stages[1]["id"])
    told.crm.put(f"{path}/status", status="won")
    told.crm.put(path, assignedTo="SandboxUser000000001")
    told.crm.put(path, name="Porto")
    told.crm.delete(path)
    assert told.types(12) == [
        "OpportunityCreate",
        "OpportunityUpdate",
        "OpportunityUpdate",
        "OpportunityStageUpdate",
        "OpportunityMonetaryValueUpdate",
        "OpportunityUpdate",
        "OpportunityStatusUpdate",
        "OpportunityUpdate",
        "OpportunityAssignedToUpdate",
        "OpportunityUpdate",
        "OpportunityDelete",
        "OpportunityUpdate",
    ]


def test_what_goes_with_a_contact_is_told_too(told: Told) -> None:
    made = told.crm.contact(firstName="Ada")
    told.crm.opportunity(made["id"], TRIP_PIPELINE)
    told.crm.delete(f"/contacts/{made['id']}")
    gone = ["ContactDelete", "OpportunityDelete", "OpportunityUpdate"]
    assert told.types(6)[3:] == gone


def test_what_a_person_does_on_the_page_is_told(told: Told) -> None:
    submit(told.crm, "/_page/contacts/new", firstName="Ada", email="ada@x.example")
    event = told.event()
    (hint,) = told.webhooks.hints(event.type, event.kept)
    submit(told.crm, f"/_page/contacts/{hint.id}", firstName="Ada", city="Oslo")
    submit(told.crm, f"/_page/contacts/{hint.id}/delete")
    assert (event.type, *told.types(2)) == ("ContactCreate", "ContactUpdate", "ContactDelete")


def test_without_an_address_nothing_is_sent_and_nothing_kept_for_later(told: Told) -> None:
    told.crm.control("webhooks", url="")
    told.crm.contact(firstName="Untold")
    told.crm.control("webhooks", url=told.receiver.url)
    told.mark()
    assert told.body()["firstName"] == "Mark"


def test_a_reset_tells_nothing_and_forgets_what_waits(told: Told) -> None:
    told.spoil(kind="reordered")
    told.crm.contact(firstName="Ada")
    told.crm.control("reset", preset="tripbuilder")
    told.mark()
    assert told.body()["firstName"] == "Mark"


def test_each_event_has_an_id_of_its_own_in_every_life(told: Told) -> None:
    told.mark()
    first = told.event().id
    told.crm.control("reset")
    told.mark()
    told.mark()
    assert len({first, told.event().id, told.event().id}) == 3


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        ({"kind": "lost"}, ["B", "C"]),
        ({"kind": "lost", "times": 2}, ["C"]),
        ({"kind": "lost", "type": "ContactUpdate"}, ["A", "B", "C"]),
        ({"kind": "twice"}, ["A", "A", "B", "C"]),
        ({"kind": "reordered"}, ["B", "A", "C"]),
        ({"kind": "reordered", "times": 2}, ["C", "A", "B"]),
        ({"kind": "delay", "seconds": 30}, ["B", "C"]),
    ],
)
def test_a_fault_spoils_the_next_ones(told: Told, fault: dict[str, Any], names: list[str]) -> None:
    told.spoil(**fault)
    for name in "ABC":
        told.crm.contact(firstName=name)
    assert [told.body()["firstName"] for _ in names] == names
    served = told.crm.control("webhooks")["faults_served"]
    assert served == ({fault["kind"]: fault.get("times", 1)} if "type" not in fault else {})


def test_what_was_delayed_comes_when_it_is_time(told: Told) -> None:
    told.spoil(kind="delay", seconds=30)
    told.crm.contact(firstName="Late")
    told.mark()
    assert told.body()["firstName"] == "Mark"
    told.crm.later(29)
    told.mark()
    assert told.body()["firstName"] == "Mark"
    told.crm.later(1)
    assert told.body()["firstName"] == "Late"


def test_twice_is_the_same_to_the_byte(told: Told) -> None:
    told.spoil(kind="twice")
    told.mark()
    (first_headers, first), (second_headers, second) = told.receiver.next(), told.receiver.next()
    assert first == second
    assert first_headers["deliveryid"] == second_headers["deliveryid"]


def test_faults_are_taken_back_and_what_they_hold_is_sent(told: Told) -> None:
    told.spoil(kind="reordered")
    told.crm.contact(firstName="Held")
    assert told.crm.control("webhooks")["held"] == 1
    told.spoil(kind="lost", times=5)
    told.crm.control("webhooks/faults", "DELETE")
    told.mark()
    assert [told.body()["firstName"] for _ in "ab"] == ["Held", "Mark"]


@pytest.mark.parametrize(("retries", "most"), [("only_429", 7), ("all", 13)])
def test_a_429_is_tried_again_the_same_to_the_byte_and_not_for_ever(
    told: Told, retries: str, most: int
) -> None:
    told.crm.control("webhooks", retries=retries)
    told.receiver.answers.extend([429] * 20)
    told.mark()
    seen = set()
    for count in range(1, most + 1):
        headers, body = told.receiver.next()
        seen.add((headers["deliveryid"][0], body))
        told.until(lambda shown, count=count: len(shown["attempts"]) == count)
        told.crm.later(9 * 3_600)
    shown = told.until(lambda shown: shown["given_up"] == 1)
    assert (len(seen), told.receiver.quiet, shown["waiting"]) == (1, True, 0)
    assert [attempt["status"] for attempt in shown["attempts"]] == [429] * most


def test_retries_after_a_429_are_ten_minutes_apart(told: Told) -> None:
    told.receiver.answers.append(429)
    told.mark()
    told.receiver.next()
    (attempt,) = told.until(lambda shown: len(shown["attempts"]) == 1)["attempts"]
    assert 600 <= attempt["again_in"] <= 660
    told.crm.later(599)
    assert told.crm.control("webhooks")["waiting"] == 1
    told.crm.later(61)
    told.receiver.next()
    assert told.until(lambda shown: shown["sent"] == 1)["given_up"] == 0


@pytest.mark.parametrize("status", [301, 400, 401, 500, 503])
def test_any_other_answer_loses_it_or_is_tried_again_as_the_texts_disagree(
    told: Told, status: int
) -> None:
    told.receiver.answers.append(status)
    told.mark()
    told.receiver.next()
    assert told.until(lambda shown: shown["given_up"] == 1)["waiting"] == 0
    told.crm.control("webhooks", retries="all")
    told.receiver.answers.append(status)
    told.mark()
    told.receiver.next()
    told.until(lambda shown: shown["waiting"] == 1)
    told.crm.later(OLD_ENOUGH)
    told.receiver.next()
    assert told.until(lambda shown: shown["sent"] == 1)["given_up"] == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://no such host/", "http://[::1]:9/"])
def test_a_receiver_that_is_down_ends_nothing(told: Told, url: str) -> None:
    told.crm.control("webhooks", url=url)
    told.mark()
    (attempt,) = told.until(lambda shown: shown["given_up"] == 1)["attempts"]
    assert attempt["status"] is None
    told.crm.control("webhooks", url=told.receiver.url)
    told.mark()
    assert told.types(1) == ["ContactCreate"]


def test_an_answer_that_does_not_come_is_not_waited_for(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        told.crm.control("webhooks", url=url, timeout=0.05)
        assert told.crm.contact(firstName="Ada")["id"]
        (attempt,) = told.until(lambda shown: shown["given_up"] == 1)["attempts"]
        assert attempt["status"] is None
        told.crm.control("webhooks", timeout=600)
        told.mark()
        told.until(lambda shown: shown["waiting"] == 0)
        told.crm.hosted.stop()


def test_time_that_passes_by_itself_is_enough() -> None:
    with receiving() as receiver, Hosted(GhlSandbox()) as hosted:
        hosted.control("webhooks", url=receiver.url)
        hosted.control("webhooks/faults", kind="delay", seconds=0.05)
        crm = Crm(hosted)
        crm.contact(firstName="Late")
        assert json.loads(receiver.next()[1])["firstName"] == "Late"


def test_a_webhook_of_any_type_can_be_told() -> None:
    sandbox = GhlSandbox()
    sandbox.tell("InvoicePaid", {"_id": "i1"})
    assert sandbox.webhooks.take() is None
    sandbox.webhooks.settings = WebhookSettings(url="http://127.0.0.1:9/")
    sandbox.tell("InvoicePaid", {"_id": "i1"})
    made = sandbox.webhooks.take()
    assert made is not None
    assert json.loads(made.body)["_id"] == "i1"


def test_several_may_be_under_way_at_once(told: Told) -> None:
    told.crm.control("webhooks", at_once=8)
    names = {f"N{number}" for number in range(40)}
    for name in names:
        told.crm.contact(firstName=name)
    assert {told.body()["firstName"] for _ in names} == names
    assert told.until(lambda shown: shown["sent"] == 40)["waiting"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("webhooks", {"url": "ftp://x"}),
        ("webhooks", {"url": "nowhere"}),
        ("webhooks", {"url": "http://x:99999/"}),
        ("webhooks", {"timeout": 0}),
        ("webhooks", {"at_once": 0}),
        ("webhooks", {"retries": "never"}),
        ("webhooks", {"unknown": 1}),
        ("webhooks/faults", {"kind": "mangled"}),
        ("webhooks/faults", {"kind": "lost", "times": 0}),
        ("webhooks/faults", {"kind": "delay", "seconds": -1}),
        ("webhooks/faults", {}),
    ],
)
def test_what_cannot_be_set_is_refused_and_changes_nothing(
    crm: Crm, path: str, body: dict[str, Any]
) -> None:
    before = crm.control("webhooks")
    with pytest.raises(ValueError, match=r"."):
        crm.post_control(path, body)
    assert crm.control("webhooks") == before


def test_each_sandbox_has_a_key_of_its_own_and_a_file_keeps_one(tmp_path: Path) -> None:
    assert GhlSandbox().webhooks.key.public != GhlSandbox().webhooks.key.public
    made = key_of(tmp_path / "crm.pem")
    assert key_of(tmp_path / "crm.pem").public == made.public
    assert (tmp_path / "crm.pem").stat().st_mode & 0o077 == 0
    (tmp_path / "other.pem").write_text("no key")
    with pytest.raises(ValueError, match="does not hold an Ed25519 private key"):
        key_of(tmp_path / "other.pem")
    with Hosted(GhlSandbox(webhook_key=made)) as hosted:
        assert hosted.control("webhooks")["public_key"] == made.public


def test_the_key_of_another_sandbox_verifies_nothing(told: Told) -> None:
    told.mark()
    headers, body = told.receiver.next()
    shown = {**told.crm.control("webhooks"), "public_key": WebhookKey().public}
    with pytest.raises(Forged):
        verifier(shown, told.crm.location).verify(headers, body, NOON)
