"""Tasks, businesses and users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ghl_fakes import Crm, crm_of

from crosstie.core.errors import Halt, Misconfigured, Rejected, Retry
from crosstie.core.values import Json
from crosstie.ports import Collection, Lookup

DUE = "2026-02-01T10:00:00.000Z"
TASK = "/contacts/{contactId}/tasks"
SEARCH = "POST /locations/{locationId}/tasks/search"


@pytest.fixture
def crm() -> Iterator[Crm]:
    with crm_of() as found:
        yield found


@pytest.fixture
def ann(crm: Crm) -> str:
    return str(crm.run(crm.contacts().create({"email": "ann@trips.example"}, "a")).id)


def call(ann: str, **more: Json) -> dict[str, Json]:
    return {"title": "Call", "dueDate": DUE, "contactId": ann, **more}


def test_a_task_is_known_by_its_contact_and_itself(crm: Crm, ann: str):
    tasks = crm.tasks()
    made = crm.run(tasks.create(call(ann, body="ring twice"), "k"))
    assert crm.calls == {f"POST {TASK}": 1}
    assert made.id.startswith(f"{ann}.") and made.fields["id"] == made.id
    assert (made.fields["completed"], made.version) == (False, None)
    after = crm.run(tasks.update(made.id, {"completed": True}, made.fields, None))
    assert crm.calls == {f"POST {TASK}": 1, f"PUT {TASK}/{{taskId}}": 1}
    assert after == crm.run(tasks.read([made.id])).records[made.id]


def test_an_id_without_its_contact_is_nobodys(crm: Crm):
    assert crm.run(crm.tasks().read(["lonely"])).missing == {"lonely"}
    assert crm.calls == {}


def test_tasks_of_a_contact_are_found_on_all_pages(crm: Crm, ann: str):
    tasks = crm.tasks(page_size=2)
    made = {crm.run(tasks.create(call(ann, title=f"n{n}"), "k")).id for n in range(5)}
    found = crm.run(tasks.find(Lookup(equal={"contactId": ann})))
    assert {record.id for record in found} == made
    assert crm.calls[SEARCH] == 4
    assert crm.run(tasks.find(Lookup())) == []


def test_a_task_that_its_contact_took_along_is_gone(crm: Crm, ann: str):
    tasks = crm.tasks()
    made = crm.run(tasks.create(call(ann), "k"))
    crm.run(crm.contacts().delete(ann, {}, None))
    assert crm.run(tasks.read([made.id])).missing == {made.id}
    with pytest.raises(Rejected) as caught:
        crm.run(tasks.create(call(ann), "k"))
    assert caught.value.field == "contactId"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "Call", "dueDate": DUE}, "contactId"),
        ({"title": "Call", "contactId": "p"}, "dueDate"),
        ({"dueDate": DUE, "contactId": "p", "title": ""}, "title"),
        ({"title": "Call", "dueDate": DUE, "contactId": "p", "id": "x"}, "id"),
    ],
)
def test_a_task_that_lacks_something_is_refused_without_a_call(crm: Crm, fields: Any, field: str):
    with pytest.raises(Rejected) as caught:
        crm.run(crm.tasks().create(fields, "k"))
    assert caught.value.field == field and caught.value.fix
    assert crm.calls == {}


@pytest.mark.parametrize("patch", [{"contactId": "x"}, {"dueDate": None}, {"title": ""}])
def test_what_a_task_keeps_is_not_changed(crm: Crm, patch: Any):
    with pytest.raises(Rejected) as caught:
        crm.run(crm.tasks().update("a.b", patch, {}, None))
    assert caught.value.field == next(iter(patch))


def test_a_business_takes_one_call_and_needs_its_name(crm: Crm):
    businesses = crm.businesses()
    made = crm.run(businesses.create({"name": "Engines", "city": "Rome"}, "k"))
    after = crm.run(businesses.update(made.id, {"city": None}, made.fields, made.version))
    assert crm.calls == {"POST /businesses/": 1, "PUT /businesses/{businessId}": 1}
    assert (after.fields["city"], after.fields["name"]) == (None, "Engines")
    assert after.updated is not None
    for work in (
        businesses.create({"city": "Rome"}, "k"),
        businesses.update("b", {"name": ""}, {}, None),
    ):
        with pytest.raises(Rejected) as caught:
            crm.run(work)
        assert caught.value.field == "name"
    with pytest.raises(Rejected):
        crm.run(businesses.update("b", {"createdAt": "x"}, {}, None))


def test_users_are_those_of_the_location_and_only_read(crm: Crm):
    users = crm.users(page_size=1)
    page = crm.run(users.scan(None))
    assert [record.fields["firstName"] for record in page.entries] == ["Ada"]
    assert page.more
    [user] = page.entries
    read = crm.run(users.read([user.id])).records[user.id]
    assert (read.fields, read.mark, read.outside) == (user.fields, user.mark, False)
    with pytest.raises(Rejected, match="only be read") as caught:
        crm.run(users.delete(user.id, {}, None))
    assert caught.value.fix


@pytest.mark.parametrize(
    ("kind", "route", "scope"),
    [
        ("tasks", SEARCH, "locations/tasks.readonly"),
        ("businesses", "GET /businesses/", "businesses.readonly"),
        ("users", "GET /users/search", "users.readonly"),
    ],
)
def test_a_listing_that_is_none_is_tried_again_and_a_missing_scope_halts(
    crm: Crm, kind: str, route: str, scope: str
):
    bound: Collection = getattr(crm, kind)()
    crm.fault(route, status=200, body="empty")
    with pytest.raises(Retry):
        crm.run(bound.scan(None))
    crm.hosted.control("tokens", token=crm.doors.token, scopes=["locations.readonly"])
    with pytest.raises(Halt, match=scope):
        crm.run(bound.scan(None))


@pytest.mark.parametrize("kind", ["tasks", "businesses", "users"])
def test_an_unknown_field_is_answered_with_near_names(crm: Crm, kind: str):
    with pytest.raises(Misconfigured) as caught:
        getattr(crm, kind)("ids")
    assert caught.value.fix == "did you mean id?"


@pytest.mark.parametrize("kind", ["tasks", "businesses", "users"])
def test_a_source_says_what_it_is(crm: Crm, kind: str):
    source = getattr(crm.account, kind)()
    assert (source.name, source.kind) == (kind, kind)
