"""The search over contacts: lag, rows, filters, sorts, pages and cursors."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Crm


@pytest.fixture
def people(crm: Crm) -> Crm:
    """Four contacts, a second apart, all indexed."""
    crm.control("settings", allowDuplicateContact=True)
    level = crm.fields("contact")["contact.level"]
    for name, city, tags, gold in (
        ("Ada", "Rome", ["vip"], True),
        ("Bob", "Oslo", ["old", "vip"], False),
        ("Cleo", "Rome", [], False),
        ("Dan", None, ["new"], False),
    ):
        extra = {"customFields": [{"id": level, "field_value": "Gold"}]} if gold else {}
        email = f"{name.lower()}@x.example"
        crm.contact(firstName=name, city=city, tags=tags, email=email, **extra)
        crm.later()
    return crm


def names(rows: list[dict[str, Any]]) -> str:
    return "".join(row["firstNameLowerCase"][0] for row in rows)


def test_a_new_contact_is_found_only_after_the_lag(crm: Crm) -> None:
    crm.contact(email="a@b.example")
    assert crm.search() == []
    crm.later(0.4)
    assert crm.search() == []
    crm.later(0.1)
    assert len(crm.search()) == 1


def test_an_edit_and_a_delete_lag_as_well(crm: Crm) -> None:
    made = crm.contact(email="a@b.example", city="Rome")
    crm.later()
    crm.put(f"/contacts/{made['id']}", city="Oslo")
    assert crm.search()[0]["city"] == "Rome"
    crm.later()
    assert crm.search()[0]["city"] == "Oslo"
    crm.delete(f"/contacts/{made['id']}")
    assert len(crm.search()) == 1
    crm.later()
    assert crm.search() == []


def test_a_new_lag_holds_at_once(crm: Crm) -> None:
    crm.control("settings", index_lag=10)
    crm.contact(email="a@b.example")
    crm.later(9)
    assert crm.search() == []
    crm.control("settings", index_lag=0)
    assert len(crm.search()) == 1


def test_rows_differ_from_reads_by_id(crm: Crm) -> None:
    made = crm.contact(firstName="Ada", lastName="Byron", email="Ada@x.example", address1="Hill 1")
    crm.later()
    (row,) = crm.search()
    assert row["id"] == made["id"]
    assert (row["firstNameLowerCase"], row["lastNameLowerCase"]) == ("ada", "byron")
    assert row["address"] == "Hill 1"
    assert not {"firstName", "lastName", "address1"} & set(row)
    assert row["phone"] is None
    assert row["city"] is None
    assert row["searchAfter"] == [1_767_268_800_000, made["id"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], "abcd"),
        ([{"field": "city", "operator": "eq", "value": "rome"}], "ac"),
        ([{"field": "city", "operator": "not_eq", "value": "Rome"}], "bd"),
        ([{"field": "city", "operator": "eq", "value": ["Rome", "Oslo"]}], "abc"),
        ([{"field": "city", "operator": "exists"}], "abc"),
        ([{"field": "city", "operator": "not_exists"}], "d"),
        ([{"field": "city", "operator": "contains", "value": "OM"}], "ac"),
        ([{"field": "firstNameLowerCase", "operator": "not_contains", "value": "o"}], "ad"),
        ([{"field": "tags", "operator": "eq", "value": "VIP"}], "ab"),
        ([{"field": "tags", "operator": "not_exists"}], "c"),
        ([{"field": "email", "operator": "eq", "value": "BOB@x.example"}], "b"),
        ([{"field": "dateAdded", "operator": "range", "value": {"gt": 1767268800000}}], "bcd"),
        (
            [
                {
                    "field": "dateUpdated",
                    "operator": "range",
                    "value": {"gte": "2026-01-01T12:00:01.000Z", "lt": "2026-01-01T12:00:03Z"},
                }
            ],
            "bc",
        ),
        (
            [
                {"field": "city", "operator": "exists"},
                {
                    "group": "OR",
                    "filters": [
                        {"field": "email", "operator": "eq", "value": "ada@x.example"},
                        {
                            "group": "AND",
                            "filters": [
                                {"field": "city", "operator": "eq", "value": "Oslo"},
                                {"field": "tags", "operator": "contains", "value": "ol"},
                            ],
                        },
                    ],
                },
            ],
            "ab",
        ),
    ],
)
def test_filters(people: Crm, filters: list[Any], found: str) -> None:
    sort = [{"field": "dateUpdated", "direction": "asc"}]
    assert names(people.search(filters=filters, sort=sort)) == found


def test_custom_fields_can_be_filtered_by_id(people: Crm) -> None:
    level = people.fields("contact")["contact.level"]
    wanted = {"field": f"customFields.{level}", "operator": "eq", "value": "Gold"}
    assert names(people.search(filters=[wanted])) == "a"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"pageLimit": None}, 422, "pageLimit should not be empty"),
        ({"pageLimit": 501}, 422, "pageLimit must not be greater than 500"),
        ({"locationId": ""}, 422, "locationId should not be empty"),
        ({"limit": 5}, 422, "property limit should not exist"),
        ({"offset": 5}, 422, "property offset should not exist"),
        ({"startAfter": 5}, 422, "property startAfter should not exist"),
        ({"query": "x" * 76}, 422, "query must be shorter than or equal to 75 characters"),
        ({"filters": [{"field": "shoe", "operator": "eq", "value": 1}]}, 400, "Invalid field shoe"),
        (
            {"filters": [{"field": "dateAdded", "operator": "gt", "value": 1}]},
            400,
            "Invalid operator gt for field dateAdded",
        ),
        (
            {"filters": [{"field": "email", "operator": "contains", "value": "x"}]},
            400,
            "Invalid operator contains for field email",
        ),
        ({"filters": [{"group": "XOR", "filters": []}]}, 400, "Invalid filter group"),
        (
            {"filters": [{"field": "dateAdded", "operator": "range", "value": {"after": 1}}]},
            400,
            "Invalid range",
        ),
        ({"sort": [{"field": "shoe", "direction": "asc"}]}, 400, "Invalid sort field shoe"),
        ({"sort": [{"field": "email", "direction": "up"}]}, 400, "Invalid sort"),
        ({"searchAfter": [1, 2, 3]}, 400, "Invalid searchAfter"),
        ({"searchAfter": ["x", 5]}, 400, "Invalid searchAfter"),
        ({"searchAfter": [1, "x"], "page": 2}, 400, "page and searchAfter cannot be used together"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(
    people: Crm, body: dict[str, Any], status: int, text: str
) -> None:
    wanted = {"locationId": people.location, "pageLimit": 10, **body}
    reply = people.call("POST", "/contacts/search", wanted)
    assert reply.status == status
    assert text in (reply.message if status == 422 else [reply.message])


def test_pages_end_at_ten_thousand_records(people: Crm) -> None:
    body = {"locationId": people.location, "pageLimit": 500}
    assert people.call("POST", "/contacts/search", {**body, "page": 20}).status == 200
    assert people.call("POST", "/contacts/search", {**body, "page": 21}).status == 400


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("fields", [["dateUpdated"], ["source"], ["dnd", "email"]])
def test_cursors_walk_every_contact_once(people: Crm, fields: list[str], direction: str) -> None:
    sort = [{"field": name, "direction": direction} for name in fields]
    whole = people.search(sort=sort)
    walked: list[dict[str, Any]] = []
    page = people.search(sort=sort, pageLimit=1)
    while page:
        walked += page
        page = people.search(sort=sort, pageLimit=1, searchAfter=page[-1]["searchAfter"])
    assert [row["id"] for row in walked] == [row["id"] for row in whole]
    assert len({row["id"] for row in walked}) == 4


def test_page_numbers_walk_too_and_total_counts_all(people: Crm) -> None:
    body = {"locationId": people.location, "pageLimit": 3, "page": 2}
    reply = people.call("POST", "/contacts/search", body).json
    assert (len(reply["contacts"]), reply["total"]) == (1, 4)


def test_free_text_looks_at_names_and_addresses(people: Crm) -> None:
    assert names(people.search(query="CLEO")) == "c"
    assert names(people.search(query="bob@x")) == "b"


def test_the_newest_come_first_unless_sorted(people: Crm) -> None:
    assert names(people.search()) == "dcba"


def test_a_changed_row_moves_behind_the_cursor_of_a_walk_by_date_updated(people: Crm) -> None:
    sort = [{"field": "dateUpdated", "direction": "asc"}]
    first = people.search(sort=sort, pageLimit=2)
    people.put(f"/contacts/{first[0]['id']}", city="Bern")
    people.later()
    rest = people.search(sort=sort, searchAfter=first[-1]["searchAfter"])
    assert names(rest) == "cda"
