"""`POST /contacts/search`: the list and the delta of contacts, over the lagging index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import validate as v
from .contact_shape import row
from .paging import Order, SortKey, page_slice, sort_keys
from .query import ANY, EXACT, MOMENT, TEXT, Field, earliest, predicate
from .records import Contact
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, encode

SEARCH = v.Shape(
    {
        "locationId": v.string,
        "pageLimit": v.between(1, 500),
        "page": v.between(1, 10_000),
        "searchAfter": v.sequence,
        "query": v.at_most(75),
        "filters": v.sequence,
        "sort": v.sequence,
    },
    ("locationId", "pageLimit"),
)


def _text(name: str) -> Callable[[Contact], Any]:
    return lambda contact: contact.fields.get(name)


def _lower(name: str) -> Callable[[Contact], str]:
    return lambda contact: contact.text(name).lower()


_FIELDS: Mapping[str, Field[Contact]] = {
    "id": Field(lambda c: c.id, frozenset({"eq", "not_eq"})),
    "address": Field(_text("address1"), TEXT),
    "firstNameLowerCase": Field(_lower("firstName"), TEXT),
    "lastNameLowerCase": Field(_lower("lastName"), TEXT),
    "email": Field(_text("email"), EXACT),
    "dnd": Field(lambda c: c.fields.get("dnd", False), frozenset({"eq"})),
    "tags": Field(lambda c: c.tags, TEXT),
    "type": Field(lambda _: "lead", EXACT),
    "businessName": Field(lambda _: None, TEXT),
    "followers": Field(lambda _: None, EXACT),
    "validEmail": Field(lambda _: None, EXACT),
    "isValidWhatsapp": Field(lambda _: None, EXACT),
    "dateAdded": Field(lambda c: c.added, MOMENT, moment=True),
    "dateUpdated": Field(lambda c: c.updated, MOMENT, moment=True),
    **{
        name: Field(_text(name), TEXT)
        for name in (
            "assignedTo",
            "city",
            "companyName",
            "country",
            "phone",
            "postalCode",
            "source",
            "state",
            "timezone",
            "website",
        )
    },
}
_SORTS: Mapping[str, Callable[[Contact], Any]] = {
    "firstNameLowerCase": _lower("firstName"),
    "lastNameLowerCase": _lower("lastName"),
    "businessName": lambda _: "",
    "dateAdded": lambda c: c.added,
    "dateUpdated": lambda c: c.updated,
    "email": _lower("email"),
    "dnd": lambda c: int(c.fields.get("dnd", False)),
    "source": _lower("source"),
}
_NEWEST_FIRST: list[SortKey[Contact]] = [SortKey(_SORTS["dateAdded"], descending=True)]
_FREE_TEXT = ("firstName", "lastName", "email", "phone", "companyName")


def search(sandbox: GhlSandbox, call: Call) -> Answer:
    """One page of the contacts that match, each with the cursor that leads behind it."""
    body = call.body
    sandbox.settle()
    keys = sort_keys(body["sort"], _SORTS) if body.get("sort") else _NEWEST_FIRST
    order: Order[Contact] = Order(keys, lambda c: c.id)
    filters = body.get("filters") or []
    test = predicate(filters, lambda name: _field(sandbox, name))
    found = sandbox.contact_results.get(
        encode([filters, body.get("sort"), body.get("query")]),
        sandbox.contact_index.generation,
        lambda: order.sorted(_matching(sandbox, body, test)),
    )
    page = page_slice(found, order, body, body["pageLimit"])
    rows = [row(sandbox.location, contact, order.cursor(contact)) for contact in page]
    return Answer(200, {"contacts": rows, "total": len(found)})


def _matching(
    sandbox: GhlSandbox, body: Json, test: Callable[[Contact], bool] | None
) -> list[Contact]:
    index = sandbox.contact_index
    start = earliest(body.get("filters") or [], "dateUpdated")
    found = list(index.records.values()) if start is None else list(index.since(start))
    if test is not None:
        found = [contact for contact in found if test(contact)]
    words = (body.get("query") or "").strip().lower()
    if not words:
        return found
    return [contact for contact in found if _mentions(contact, words)]


def _mentions(contact: Contact, words: str) -> bool:
    if words in contact.full_name.lower():
        return True
    return any(words in contact.text(name).lower() for name in _FREE_TEXT)


def _field(sandbox: GhlSandbox, name: str) -> Field[Contact] | None:
    known = _FIELDS.get(name)
    if known is not None or not name.startswith("customFields."):
        return known
    field_id = name.removeprefix("customFields.")
    definition = sandbox.location.fields.get(field_id)
    if definition is None or definition.model != "contact":
        return None
    moment = definition.data_type == "DATE"
    return Field(lambda contact: contact.custom.get(field_id), ANY, moment=moment)
