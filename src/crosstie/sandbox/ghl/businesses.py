"""Businesses: the companies of the CRM. Answers to writes misspell their name, as the original."""

from __future__ import annotations

import msgspec

from . import validate as v
from .clock import iso
from .desk import Business
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, invalid

_NAMES = (
    "name",
    "phone",
    "email",
    "website",
    "address",
    "city",
    "postalCode",
    "state",
    "country",
    "description",
)
_FIELDS: dict[str, v.Check] = dict.fromkeys(_NAMES, v.string)
NEW = v.Shape({**_FIELDS, "locationId": v.string}, ("name", "locationId"))
CHANGED = v.Shape(_FIELDS)
LIST = v.Shape({"locationId": v.string, "limit": v.digits, "skip": v.digits}, ("locationId",))
_MOST = 100


def list_all(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /businesses/`: oldest first, 100 at most."""
    limit, skip = int(call.query.get("limit", "100")), int(call.query.get("skip", "0"))
    if not 1 <= limit <= _MOST:
        invalid(f"limit must not be greater than {_MOST}")
    page = list(sandbox.desk.businesses)[skip : skip + limit]
    return Answer(200, {"businesses": [_shown(sandbox, each) for each in page]})


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /businesses/`."""
    now = sandbox.clock.now()
    blank = Business(id=sandbox.ids.hex(), fields={}, added=now, updated=now)
    return _kept(sandbox, blank, call.body, 201)


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /businesses/{id}`: never stale."""
    return Answer(200, {"business": _shown(sandbox, _find(sandbox, call))})


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /businesses/{id}`: only what is sent changes; an empty text clears."""
    found = _find(sandbox, call)
    if call.body.get("name", "x") == "":
        invalid("name should not be empty")
    moment = max(sandbox.clock.now(), found.updated + 1)
    return _kept(sandbox, msgspec.structs.replace(found, updated=moment), call.body, 200)


def delete(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /businesses/{id}`."""
    sandbox.desk.businesses.drop(_find(sandbox, call).id)
    return Answer(200, {"success": True})


def _find(sandbox: GhlSandbox, call: Call) -> Business:
    business = sandbox.desk.businesses.get(call.params[0])
    if business is None:
        raise Refusal(404, f"Business with id {call.params[0]} not found")
    return business


def _kept(sandbox: GhlSandbox, business: Business, body: Json, status: int) -> Answer:
    written = {name: body[name] for name in _NAMES if name in body}
    filled = {n: value for n, value in {**business.fields, **written}.items() if value}
    business = msgspec.structs.replace(business, fields=filled)
    sandbox.desk.businesses.put(business)
    return Answer(status, {"success": True, "buiseness": _shown(sandbox, business)})


def _shown(sandbox: GhlSandbox, business: Business) -> Json:
    return {
        "id": business.id,
        **business.fields,
        "locationId": sandbox.location.id,
        "createdBy": {},
        "updatedBy": {},
        "createdAt": iso(business.added),
        "updatedAt": iso(business.updated),
    }
