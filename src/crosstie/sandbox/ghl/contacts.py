"""Contacts by id, their creation, upsert and duplicate check."""

from __future__ import annotations

import msgspec

from .contact_shape import by_id, created, normal_tags, written_fields
from .custom_values import merged
from .records import Contact
from .routing import Call
from .settings import MatchKey
from .state import GhlSandbox
from .wire import Answer, Json, bad


def find(sandbox: GhlSandbox, contact_id: str) -> Contact:
    """The contact as it is now. Refuses an unknown id with 400, as the original does."""
    contact = sandbox.contacts.get(contact_id)
    if contact is None:
        bad(f"Contact with id {contact_id} not found")
    return contact


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/{id}`: never stale."""
    contact = find(sandbox, call.params[0])
    return Answer(200, {"contact": by_id(sandbox.location, contact)})


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /contacts/`."""
    contact = _new(sandbox, call.body)
    if not sandbox.location.settings.allowDuplicateContact:
        _refuse_duplicate(sandbox, contact.fields, None)
    sandbox.put_contact(contact)
    return Answer(201, {"contact": created(sandbox.location, contact)})


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /contacts/{id}`: only what is sent changes; tags are replaced."""
    contact = changed(sandbox, find(sandbox, call.params[0]), call.body)
    sandbox.put_contact(contact)
    return Answer(200, _done(call, contact=by_id(sandbox.location, contact)))


def delete(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /contacts/{id}`; its opportunities go with it."""
    sandbox.drop_contact(find(sandbox, call.params[0]).id)
    return Answer(200, _done(call))


def upsert(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /contacts/upsert`: match in the location's order, else create.

    When e-mail and phone belong to two contacts, the first key wins and the second is
    silently not stored. On a match `gender` is silently dropped.
    """
    body = call.body
    policy = sandbox.location.settings
    fresh = body.get("createNewIfDuplicateAllowed") is True and policy.allowDuplicateContact
    wanted = _new(sandbox, body)
    found = None if fresh else _match(sandbox, wanted.fields, None)
    if found is None:
        sandbox.put_contact(wanted)
        return Answer(200, {"new": True, "contact": by_id(sandbox.location, wanted)})
    key, contact_id = found
    second: MatchKey = "phone" if key == "email" else "email"
    kept = {name: value for name, value in body.items() if name != "gender"}
    holder = _holder(sandbox, second, wanted.fields.get(second), contact_id)
    if holder is not None:
        kept.pop(second, None)
    contact = changed(sandbox, sandbox.contacts[contact_id], kept)
    sandbox.put_contact(contact)
    return Answer(200, {"new": False, "contact": by_id(sandbox.location, contact)})


def duplicate(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/search/duplicate`: exact match by e-mail or phone, or null."""
    wanted = {"email": call.query.get("email"), "phone": call.query.get("number")}
    if not any(wanted.values()):
        bad("Pass at least one of number, email query parameter")
    found = _match(sandbox, {k: value for k, value in wanted.items() if value}, None)
    if found is None or found[1] not in sandbox.contacts:
        return Answer(200, {"contact": None})
    return Answer(200, {"contact": by_id(sandbox.location, sandbox.contacts[found[1]])})


def changed(sandbox: GhlSandbox, contact: Contact, body: Json) -> Contact:
    """A contact after a write, not yet stored. Refuses a duplicate e-mail or phone with 400."""
    fields = written_fields(sandbox.location, body, contact.fields)
    if not sandbox.location.settings.allowDuplicateContact:
        names = ("email", "phone")
        moved: Json = {name: fields[name] for name in names if name in body and name in fields}
        _refuse_duplicate(sandbox, moved, contact.id)
    return Contact(
        id=contact.id,
        fields=fields,
        tags=normal_tags(body["tags"]) if "tags" in body else contact.tags,
        custom=_custom(sandbox, body, contact.custom),
        added=contact.added,
        updated=max(sandbox.clock.now(), contact.updated + 1),
    )


def retagged(sandbox: GhlSandbox, contact: Contact, tags: tuple[str, ...]) -> Contact:
    """A contact with other tags, not yet stored."""
    moment = max(sandbox.clock.now(), contact.updated + 1)
    return msgspec.structs.replace(contact, tags=tags, updated=moment)


def _new(sandbox: GhlSandbox, body: Json) -> Contact:
    fields = written_fields(sandbox.location, body, {})
    if not any(name in fields for name in ("email", "phone", "firstName", "lastName")):
        bad("Contact must have at least one of email, phone or name")
    now = sandbox.clock.now()
    return Contact(
        id=sandbox.ids.record(),
        fields=fields,
        tags=normal_tags(body.get("tags", [])),
        custom=_custom(sandbox, body, {}),
        added=now,
        updated=now,
    )


def _custom(sandbox: GhlSandbox, body: Json, stored: Json) -> Json:
    written = body.get("customFields")
    if not written:
        return stored
    strict = sandbox.settings.strict_custom_fields
    return merged(sandbox.location, "contact", stored, written, strict=strict)


def _holder(sandbox: GhlSandbox, name: MatchKey, value: str | None, but: str | None) -> str | None:
    if not value:
        return None
    if sandbox.settings.duplicate_check_reads_index:
        sandbox.settle()
        return sandbox.indexed_keys.find(name, value, but)
    return sandbox.match_keys.find(name, value, but)


def _match(sandbox: GhlSandbox, fields: Json, but: str | None) -> tuple[MatchKey, str] | None:
    for name in sandbox.location.settings.duplicate_priority:
        holder = _holder(sandbox, name, fields.get(name), but)
        if holder is not None and holder in sandbox.contacts:
            return name, holder
    return None


def _refuse_duplicate(sandbox: GhlSandbox, fields: Json, but: str | None) -> None:
    found = _match(sandbox, fields, but)
    if found is None:
        return
    key, contact_id = found
    meta = {
        "contactId": contact_id,
        "contactName": sandbox.contacts[contact_id].full_name.lower(),
        "matchingField": key,
    }
    bad("This location does not allow duplicated contacts.", meta=meta)


def _done(call: Call, **more: Json) -> Json:
    done: Json = {"succeded": True, **more}
    if call.version == "v3":
        done["succeeded"] = True
    return done
