"""The users of the location. They cannot be changed through a location's token."""

from __future__ import annotations

from . import validate as v
from .location import User
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, bad, invalid

SEARCH = v.Shape(
    {
        "companyId": v.string,
        "locationId": v.string,
        "query": v.string,
        "skip": v.digits,
        "limit": v.digits,
        "type": v.string,
        "role": v.string,
        "ids": v.string,
        "sort": v.string,
        "sortDirection": v.string,
        "enabled2waySync": v.anything,
    },
    ("companyId",),
)
LIST = v.Shape({"locationId": v.string}, ("locationId",))
_MOST = 100


def search(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /users/search`: 25 unless `limit` says otherwise, 100 at most."""
    query = call.query
    if query["companyId"] != sandbox.location.company_id:
        bad("The company id is invalid.")
    limit, skip = int(query.get("limit", "25")), int(query.get("skip", "0"))
    if not 1 <= limit <= _MOST:
        invalid(f"limit must not be greater than {_MOST}")
    words = query.get("query", "").lower()
    wanted = query["ids"].split(",") if "ids" in query else None
    found = [
        user
        for user in _there(sandbox)
        if words in f"{user.name} {user.email}".lower() and (wanted is None or user.id in wanted)
    ]
    page = found[skip : skip + limit]
    return Answer(200, {"users": [shown(sandbox, u) for u in page], "count": len(found)})


def list_all(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /users/`: deprecated, and still answered."""
    return Answer(200, {"users": [shown(sandbox, user) for user in _there(sandbox)]})


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /users/{id}`: without a wrapper."""
    user = sandbox.location.users.get(call.params[0])
    if user is None or user.deleted:
        bad(f"User with id {call.params[0]} not found")
    return Answer(200, shown(sandbox, user))


def shown(sandbox: GhlSandbox, user: User) -> Json:
    """As the API shows a user; empty texts are left out."""
    filled = {"phone": user.phone} if user.phone else {}
    return {
        "id": user.id,
        "name": user.name,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        **filled,
        "permissions": {"contactsEnabled": True, "appointmentsEnabled": True},
        "roles": {"type": "account", "role": "admin", "locationIds": [sandbox.location.id]},
        "lcPhone": {},
        "platformLanguage": "en_US",
    }


def _there(sandbox: GhlSandbox) -> list[User]:
    return [user for user in sandbox.location.users.values() if not user.deleted]
