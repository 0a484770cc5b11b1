"""Tags of one contact, by their own endpoints: added and removed, never replaced."""

from __future__ import annotations

from . import validate as v
from .contact_shape import normal_tags
from .contacts import find, retagged
from .routing import Call
from .state import GhlSandbox
from .wire import Answer

TAGS = v.Shape({"tags": v.strings}, ("tags",))


def add(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /contacts/{id}/tags`: adding twice is the same as once."""
    contact = find(sandbox, call.params[0])
    fresh = tuple(tag for tag in normal_tags(call.body["tags"]) if tag not in contact.tags)
    if fresh:
        contact = retagged(sandbox, contact, contact.tags + fresh)
        sandbox.put_contact(contact)
    return Answer(201, {"tags": contact.tags, "tagsAdded": fresh})


def remove(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /contacts/{id}/tags`: removing what is not there is fine."""
    contact = find(sandbox, call.params[0])
    gone = tuple(tag for tag in normal_tags(call.body["tags"]) if tag in contact.tags)
    if gone:
        left = tuple(tag for tag in contact.tags if tag not in gone)
        contact = retagged(sandbox, contact, left)
        sandbox.put_contact(contact)
    return Answer(200, {"tags": contact.tags, "tagsRemoved": gone})
