"""Faults on order, and what they leave behind."""

from __future__ import annotations

import threading
from http.client import HTTPConnection, HTTPException, IncompleteRead
from urllib.parse import urlsplit

import pytest

from .client import Crm, Reply


def create(crm: Crm) -> Reply:
    return crm.post("/contacts/", locationId=crm.location, email="a@b.example")


def count(crm: Crm) -> int:
    found: int = crm.state()["contacts"]
    return found


def test_before_means_nothing_was_stored_and_after_means_it_was(crm: Crm) -> None:
    crm.control("faults", match="POST /contacts/", status=500)
    assert (create(crm).status, count(crm)) == (500, 0)
    crm.control("faults", match="POST /contacts/", status=422, when="after")
    assert (create(crm).status, count(crm)) == (422, 1)
    assert create(crm).status == 400


def test_a_fault_is_used_up(crm: Crm) -> None:
    crm.control("faults", match="GET /locations", times=2, status=503)
    path = f"/locations/{crm.location}"
    assert [crm.get(path).status for _ in range(3)] == [503, 503, 200]
    assert crm.state()["faults_served"] == 2


def test_a_route_means_itself_and_a_beginning_means_all_below(crm: Crm) -> None:
    crm.control("faults", match="POST /contacts/", status=500)
    assert crm.search() == []
    assert create(crm).status == 500
    made = create(crm).json["contact"]
    crm.control("faults", match="PUT /contacts/", status=500)
    assert crm.get(f"/contacts/{made['id']}").status == 200
    assert crm.put(f"/contacts/{made['id']}", city="Rome").status == 500
    crm.control("faults", match="PUT /contacts/{id}", status=500)
    assert crm.put(f"/contacts/{made['id']}", city="Rome").status == 500


def test_bodies_can_be_html_or_empty(crm: Crm) -> None:
    crm.control("faults", match="* /", status=502, body="html")
    crm.control("faults", match="* /", status=200, body="empty", when="after")
    reply = create(crm)
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    reply = create(crm)
    assert (reply.status, reply.raw, count(crm)) == (200, b"", 1)


def test_retry_after_and_message_are_passed_on(crm: Crm) -> None:
    crm.control("faults", status=429, retry_after=7, message="Too Many Requests")
    reply = create(crm)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(("when", "stored"), [("before", 0), ("after", 1)])
def test_a_connection_can_be_cut_before_or_after_the_commit(
    crm: Crm, when: str, stored: int
) -> None:
    crm.control("faults", timeout="reset", when=when)
    with pytest.raises((HTTPException, ConnectionError)):
        create(crm)
    assert count(crm) == stored


def test_a_body_can_end_half_way(crm: Crm) -> None:
    crm.control("faults", body="cut")
    with pytest.raises((IncompleteRead, ConnectionError)):
        create(crm)
    assert count(crm) == 1


def test_a_hanging_call_commits_and_others_go_on(crm: Crm) -> None:
    crm.control("faults", match="POST /contacts/", timeout=True, when="after")
    place = urlsplit(crm.hosted.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=0.2)
    sent = f'{{"locationId": "{crm.location}", "email": "a@b.example"}}'
    headers = {"Authorization": f"Bearer {crm.token}", "Version": crm.version}
    connection.request("POST", "/contacts/", sent, headers)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert count(crm) == 1


def test_the_sandbox_stops_while_a_call_hangs(crm: Crm) -> None:
    crm.control("faults", timeout="hang")
    ended: list[type[BaseException]] = []

    def hang() -> None:
        try:
            create(crm)
        except (HTTPException, OSError) as error:
            ended.append(type(error))

    caller = threading.Thread(target=hang)
    caller.start()
    while crm.state()["faults"]:
        pass
    crm.hosted.stop()
    caller.join(10)
    assert len(ended) == 1


def test_latency_alone_gives_the_true_answer(crm: Crm) -> None:
    crm.control("faults", latency=0.01)
    assert create(crm).status == 201


def test_down_cuts_every_api_call_but_not_control(crm: Crm) -> None:
    crm.control("down", down=True)
    with pytest.raises((HTTPException, ConnectionError)):
        create(crm)
    assert crm.state()["down"] is True
    crm.control("down", down=False)
    assert create(crm).status == 201


def test_faults_can_be_listed_and_taken_back(crm: Crm) -> None:
    crm.control("faults", match="PUT /contacts/", times=4, status=500)
    (listed,) = crm.control("faults")["faults"]
    assert (listed["match"], listed["times"]) == ("PUT /contacts/", 4)
    assert crm.control("faults", "DELETE")["faults"] == []


@pytest.mark.parametrize(
    "fault",
    [{"times": 0}, {"status": 42}, {"when": "never"}, {"shoe": 1}, {"match": "x"}, {"latency": -1}],
)
def test_a_fault_that_makes_no_sense_is_refused(crm: Crm, fault: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        crm.post_control("faults", fault)
