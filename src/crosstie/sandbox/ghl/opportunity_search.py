"""The two searches for opportunities, over the lagging index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from . import validate as v
from .opportunity_shape import row
from .paging import Order, SortKey, page_slice, sort_keys
from .query import ANY, EXACT, MOMENT, NUMBER, TEXT, Field, earliest, predicate
from .records import Contact, Opportunity
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, bad, encode, invalid

SEARCH = v.Shape(
    {
        "locationId": v.string,
        "limit": v.between(1, 500),
        "page": v.between(1, 10_000),
        "searchAfter": v.sequence,
        "query": v.at_most(75),
        "filters": v.sequence,
        "sort": v.sequence,
        "additionalDetails": v.mapping,
    },
    ("locationId",),
)
_CAMEL: dict[str, str] = {
    "pipelineId": "pipeline_id",
    "pipelineStageId": "pipeline_stage_id",
    "contactId": "contact_id",
    "assignedTo": "assigned_to",
    "status": "status",
    "id": "id",
}
_OTHERS = ("q", "campaignId", "order", "date", "endDate", "country", "page", "limit")
_REST = ("startAfter", "startAfterId", "getTasks", "getNotes", "getCalendarEvents")
_DAY = 86_400_000


def _with_contact(
    sandbox: GhlSandbox, read: Callable[[Contact], Any]
) -> Callable[[Opportunity], Any]:
    def of(opportunity: Opportunity) -> Any:
        contact = sandbox.contacts.get(opportunity.contact_id)
        return None if contact is None else read(contact)

    return of


_FIELDS: Mapping[str, Field[Opportunity]] = {
    "id": Field(lambda o: o.id, EXACT),
    "name": Field(lambda o: o.name, TEXT),
    "monetary_value": Field(lambda o: o.monetary_value, NUMBER),
    "pipeline_id": Field(lambda o: o.pipeline_id, EXACT),
    "pipeline_stage_id": Field(lambda o: o.stage_id, EXACT),
    "status": Field(lambda o: o.status, EXACT),
    "lost_reason_id": Field(lambda o: o.lost_reason_id, EXACT),
    "source": Field(lambda _: None, TEXT),
    "assigned_to": Field(lambda o: o.assigned_to, EXACT),
    "followers": Field(lambda _: None, EXACT),
    "contact_id": Field(lambda o: o.contact_id, EXACT),
    "date_added": Field(lambda o: o.added, MOMENT, moment=True),
    "date_updated": Field(lambda o: o.updated, MOMENT, moment=True),
    "last_status_change_date": Field(lambda o: o.status_changed, MOMENT, moment=True),
    "last_stage_change_date": Field(lambda o: o.stage_changed, MOMENT, moment=True),
}
_CONTACT_FIELDS: Mapping[str, Callable[[Contact], Any]] = {
    "contact_name": lambda c: c.full_name,
    "company_name": lambda c: c.fields.get("companyName"),
    "email": lambda c: c.fields.get("email"),
    "phone": lambda c: c.fields.get("phone"),
}
_SORTS: Mapping[str, Callable[[Opportunity], Any]] = {
    "date_added": lambda o: o.added,
    "date_updated": lambda o: o.updated,
    "name": lambda o: o.name.lower(),
    "monetary_value": lambda o: o.monetary_value,
    "last_status_change_date": lambda o: o.status_changed,
    "last_stage_change_date": lambda o: o.stage_changed,
}
_NEWEST_FIRST: list[SortKey[Opportunity]] = [SortKey(_SORTS["date_added"], descending=True)]


def post_search(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /opportunities/search`: the delta. Its cursor ends in the contact id, not unique."""
    body = call.body
    found, order = _find(sandbox, body)
    page = page_slice(found, order, body, body.get("limit", 20))
    rows = [row(sandbox, each, order.cursor(each)) for each in page]
    return Answer(200, {"opportunities": rows, "total": len(found), "aggregations": {}})


def _find(sandbox: GhlSandbox, body: Json) -> tuple[list[Opportunity], Order[Opportunity]]:
    sandbox.settle()
    keys = sort_keys(body["sort"], _SORTS) if body.get("sort") else _NEWEST_FIRST
    order: Order[Opportunity] = Order(keys, lambda o: o.contact_id)
    filters = body.get("filters") or []
    test = predicate(filters, lambda name: _field(sandbox, name))
    generation = sandbox.opportunity_index.generation + sandbox.contact_index.generation
    found = sandbox.opportunity_results.get(
        encode([filters, body.get("sort"), body.get("query")]),
        generation,
        lambda: order.sorted(_matching(sandbox, body, test)),
    )
    return found, order


def _matching(
    sandbox: GhlSandbox, body: Json, test: Callable[[Opportunity], bool] | None
) -> list[Opportunity]:
    index = sandbox.opportunity_index
    start = earliest(body.get("filters") or [], "date_updated")
    found = list(index.records.values()) if start is None else list(index.since(start))
    if test is not None:
        found = [opportunity for opportunity in found if test(opportunity)]
    words = (body.get("query") or "").strip().lower()
    if not words:
        return found
    return [each for each in found if words in _spoken(sandbox, each)]


def _spoken(sandbox: GhlSandbox, opportunity: Opportunity) -> str:
    contact = sandbox.contacts.get(opportunity.contact_id)
    about = "" if contact is None else f"{contact.full_name} {contact.text('email')}"
    return f"{opportunity.name} {about}".lower()


def _field(sandbox: GhlSandbox, name: str) -> Field[Opportunity] | None:
    if name in _CONTACT_FIELDS:
        return Field(_with_contact(sandbox, _CONTACT_FIELDS[name]), TEXT)
    if not name.startswith("custom_fields."):
        return _FIELDS.get(name)
    field_id = name.removeprefix("custom_fields.")
    definition = sandbox.location.fields.get(field_id)
    if definition is None or definition.model != "opportunity":
        return None
    moment = definition.data_type == "DATE"
    return Field(lambda opportunity: opportunity.custom.get(field_id), ANY, moment=moment)


def _checks(names: tuple[str, ...]) -> dict[str, v.Check]:
    checks: dict[str, v.Check] = dict.fromkeys((*names, *_OTHERS, *_REST), v.string)
    checks.update(page=v.digits, limit=v.digits, status=v.string)
    return checks


_CAMEL_QUERY = v.Shape(_checks(("locationId", *_CAMEL)), ("locationId",))
_SNAKE_QUERY = v.Shape(_checks(("location_id", *_CAMEL.values())), ("location_id",))


def get_search(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /opportunities/search`: pages of at most 100.

    Parameters in snake_case are refused with 422 unless the setting allows them.
    """
    query = call.query
    snake = sandbox.settings.opportunity_search_snake_case and "location_id" in query
    complaints = (_SNAKE_QUERY if snake else _CAMEL_QUERY).complaints(query)
    if complaints:
        invalid(*complaints)
    size, page = int(query.get("limit", 20)), int(query.get("page", 1))
    if not 1 <= size <= 100 or page < 1:
        invalid("limit must not be greater than 100")
    body = {"filters": _filters(query), "query": query.get("q", ""), **_sorted_by(query)}
    found, order = _find(sandbox, body)
    rows = page_slice(found, order, {"page": page}, size)
    shown = [row(sandbox, each, order.cursor(each)) for each in rows]
    meta = _meta(len(found), page, size, rows)
    if page * size < len(found):
        following = urlencode({**query, "page": page + 1})
        meta["nextPageUrl"] = f"{sandbox.base_url}/opportunities/search?{following}"
    return Answer(200, {"opportunities": shown, "meta": meta, "aggregations": {}})


def _filters(query: Mapping[str, str]) -> list[Json]:
    filters: list[Json] = []
    for camel, snake in _CAMEL.items():
        value = query.get(camel, query.get(snake))
        if value and not (camel == "status" and value == "all"):
            filters.append({"field": snake, "operator": "eq", "value": value})
    bounds: Json = {}
    if "date" in query:
        bounds["gte"] = _day(query["date"])
    if "endDate" in query:
        bounds["lt"] = _day(query["endDate"]) + _DAY
    if bounds:
        filters.append({"field": "date_added", "operator": "range", "value": bounds})
    return filters


def _day(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%m-%d-%Y").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        bad("Invalid date")


def _sorted_by(query: Mapping[str, str]) -> Json:
    order = query.get("order", "added_desc")
    if order not in ("added_asc", "added_desc"):
        bad("Invalid order")
    return {"sort": [{"field": "date_added", "direction": order.removeprefix("added_")}]}


def _meta(total: int, page: int, size: int, rows: list[Opportunity]) -> Json:
    more = page * size < total
    meta: Json = {
        "total": total,
        "nextPageUrl": "",
        "currentPage": page,
        "nextPage": page + 1 if more else None,
        "prevPage": page - 1 if page > 1 else None,
    }
    if rows:
        meta.update(startAfterId=rows[-1].id, startAfter=rows[-1].added)
    return meta
