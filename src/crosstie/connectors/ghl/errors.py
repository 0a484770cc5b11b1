"""What GoHighLevel means by an answer that is no success.

| status | text                                         | means                               |
|--------|----------------------------------------------|-------------------------------------|
| 401    | Invalid JWT, access token is invalid         | Halt: the token                     |
| 401    | not authorized for this scope                | Halt: names the scope               |
| 401    | authClass type, user type mismatch           | Halt: a token of the agency         |
| 401    | not yet supported by the IAM Service         | Halt: no such route                 |
| 403    | does not have access to this location        | Halt: names the location            |
| 400    | ... not found                                | NotFound (404 only with JSON)       |
| 404    | Cannot GET /...                              | Halt: no such route, not a deletion |
| 400    | with meta.contactId or meta.existingId       | Duplicate                           |
| 422    | property x ..., x must be ...                | Rejected, with the field            |
| 400    | anything else                                | Rejected                            |

A create answered with 422 has been seen to be stored all the same: its outcome is unknown, and
whoever repeats it looks the record up first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from crosstie.connectors.answers import Expired
from crosstie.connectors.ghl.wire import scope_of
from crosstie.core.errors import Duplicate, Halt, NotFound, Rejected, Retry
from crosstie.core.redact import scrub
from crosstie.core.values import Json
from crosstie.ports.http import Reply, Request

_FIELD = re.compile(
    r"(?:property ([\w.]+) should not exist)|(?:([\w.]+) (?:must|should|is required))"
)
_RAW_NAMES = {
    "pipelineStageId": "stage",
    "dndSettings": "dnd",
    "customFields": None,
    "locationId": None,
}
_LONGEST = 300


Explain: TypeAlias = Callable[[Reply, Request], Exception | None]


def explainer(label: str, token: str, location: str, *, oauth: bool = False) -> Explain:
    """Explains answers for one account.

    label: names the account.  token, location: what the declaration says, never the secret.
    oauth: a person logs in; there is no token in the declaration.
    """

    def explain(reply: Reply, request: Request) -> Exception | None:
        where = f"{label}: {request.method} {request.path} answered {reply.status}"
        text = _text(reply.json)
        if reply.status == 401:
            login = f'`crosstie auth login "{label}"`' if oauth else None
            return _login(where, text, token, request, login)
        if reply.status == 403:
            fix = f"use a token that was made in the location {location}"
            return Halt(f"{where}: no access to this location", fix=fix)
        if reply.status == 404:
            return _absent(where, text, reply)
        if reply.status in (400, 422):
            return _refused(where, text, reply, request)
        return None

    return explain


def _login(where: str, text: str, token: str, request: Request, login: str | None) -> Halt:
    """login: the command by which a person logs in; None where there is a token instead."""
    low = text.lower()
    if "scope" in low and "authclass" not in low:
        scope = scope_of(request)
        fix = f"give the private integration behind {token} the scope {scope}"
        if login is not None:
            fix = f"add {scope} to the application and to `scopes`, then {login}"
        return Halt(f"{where}: the token lacks the scope {scope}", login=True, fix=fix)
    if "authclass" in low or "user type" in low:
        fix = f"put the token of a private integration of the location itself into {token}"
        if login is not None:
            fix = f"log in again with {login}"
        return Halt(f"{where}: this is a token of an agency", login=True, fix=fix)
    if "iam" in low:
        return Halt(f"{where}: GoHighLevel knows no such route", fix="check base_url and version")
    fix = f"put a valid private integration token into {token}"
    if login is not None:
        fix = f"log in again with {login}"
    elif token.startswith("env:"):
        fix += "; a `crosstie run` that goes on has to be started again for it"
    return Expired(f"{where}: the token is not valid (any more)", login=True, fix=fix)


def _absent(where: str, text: str, reply: Reply) -> Exception:
    if not isinstance(reply.json, dict):
        # A proxy in between; taken for a deletion, it would delete the other side's record.
        return Retry(f"{where} without saying what is missing")
    if text.startswith("Cannot "):
        return Halt(f"{where}: there is no such route", fix="check base_url and version")
    return NotFound(where)


def _refused(where: str, text: str, reply: Reply, request: Request) -> Exception:
    meta = reply.json.get("meta") if isinstance(reply.json, dict) else None
    if isinstance(meta, dict):
        for named, model in (("contactId", "contact"), ("existingId", "opportunity")):
            existing = meta.get(named)
            if isinstance(existing, str) and existing:
                return _duplicate(where, model, existing, meta.get("matchingField"))
    if reply.status == 400 and re.search(r"not found", text, re.IGNORECASE):
        # A write may name another record that is missing, such as the contact of an opportunity.
        own = request.path.split("/")[2]
        if request.method == "GET" or (own and own in text):
            return NotFound(where)
        return Rejected(
            f"{where}: a record that it refers to does not exist",
            field="contactId" if text.startswith("Contact") else None,
            fix="let the record it refers to be created first",
        )
    words = scrub(text, _values(request.json))[:_LONGEST]
    field = _field(text)
    return Rejected(
        f"{where}: {words or 'no reason given'}",
        field=field,
        unknown=reply.status == 422 and request.method == "POST",
        fix=_fix(field, text),
    )


def _duplicate(where: str, model: str, existing: str, matching: Json) -> Duplicate:
    """model: which kind of record exists.  matching: the field that both would share, if told."""
    if model == "opportunity":
        return Duplicate(
            f"{where}: its contact has the opportunity {existing} in this pipeline already",
            existing=existing,
            fix="allow several opportunities of a contact in the location's settings, or delete "
            "one of the two",
        )
    field = matching if isinstance(matching, str) and matching.isalpha() else None
    refused = Duplicate(
        f"{where}: the contact {existing} has the same {field or 'e-mail or phone'} already",
        existing=existing,
        fix=f"change the {field or 'e-mail or phone'} of one of the two, or make them one contact",
    )
    refused.field = field
    return refused


def _fix(field: str | None, text: str) -> str:
    if field == "companyName" and "should not exist" in text:
        return "map companyName with create_only=True: this location takes it only at creation"
    if text in ("Bad Request", ""):
        return "look the record up in GoHighLevel; if all calls end so, check version"
    return f"correct {field}" if field else "correct the value that GoHighLevel names"


def _text(json: Json) -> str:
    """The message of an error body, which is a text, a list of them, or an object."""
    if not isinstance(json, dict):
        return ""
    message: Any = json.get("message")
    if message is None and isinstance(json.get("error"), dict):
        message = json["error"].get("message")
    if isinstance(message, list):
        message = "; ".join(str(part) for part in message)
    return message if isinstance(message, str) else ""


def _field(text: str) -> str | None:
    found = _FIELD.search(text)
    if found is None:
        return None
    name = found[1] or found[2]
    return _RAW_NAMES.get(name.partition(".")[0], name)


def _values(json: Json) -> Iterator[str]:
    """All texts and numbers of a body, so that none of them comes back in an error."""
    if isinstance(json, dict):
        for value in json.values():
            yield from _values(value)
    elif isinstance(json, list):
        for value in json:
            yield from _values(value)
    elif isinstance(json, str):
        yield json
    elif isinstance(json, int | float) and not isinstance(json, bool):
        yield str(json)
