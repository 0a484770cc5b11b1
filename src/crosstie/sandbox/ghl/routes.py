"""Every operation the stand-in serves. A new subject adds its list here."""

from __future__ import annotations

from . import (
    contact_search,
    contact_shape,
    contact_tags,
    contacts,
    locations,
    oauth,
    opportunities,
    opportunity_search,
    opportunity_shape,
)
from . import validate as v
from .routes_desk import DESK
from .routing import Route, Table

_READ_CONTACTS, _WRITE_CONTACTS = "contacts.readonly", "contacts.write"
_READ_OPPS, _WRITE_OPPS = "opportunities.readonly", "opportunities.write"
_READ_FIELDS, _WRITE_FIELDS = "locations/customFields.readonly", "locations/customFields.write"
_CONTACT, _CONTACT_TAGS = "/contacts/{contactId}", "/contacts/{contactId}/tags"
_OPP = "/opportunities/{id}"
_FIELDS = "/locations/{locationId}/customFields"
_FIELD = "/locations/{locationId}/customFields/{id}"
_TAGS = "/locations/{locationId}/tags"
_BY_LOCATION = v.Shape({"locationId": v.string}, ("locationId",))
_BY_MATCH = v.Shape(
    {"locationId": v.string, "number": v.string, "email": v.string}, ("locationId",)
)

CONTACTS = [
    Route("POST", "/contacts/", _WRITE_CONTACTS, "write", contacts.create,
          body=contact_shape.CREATE, place="body"),
    Route("POST", "/contacts/upsert", _WRITE_CONTACTS, "write", contacts.upsert,
          body=contact_shape.UPSERT, place="body"),
    Route("POST", "/contacts/search", _READ_CONTACTS, "read", contact_search.search,
          body=contact_search.SEARCH, place="body"),
    Route("GET", "/contacts/search/duplicate", _READ_CONTACTS, "read", contacts.duplicate,
          query=_BY_MATCH, place="query"),
    Route("GET", _CONTACT, _READ_CONTACTS, "read", contacts.read),
    Route("PUT", _CONTACT, _WRITE_CONTACTS, "write", contacts.update, body=contact_shape.UPDATE),
    Route("DELETE", _CONTACT, _WRITE_CONTACTS, "write", contacts.delete),
    Route("POST", _CONTACT_TAGS, _WRITE_CONTACTS, "write", contact_tags.add,
          body=contact_tags.TAGS),
    Route("DELETE", _CONTACT_TAGS, _WRITE_CONTACTS, "write", contact_tags.remove,
          body=contact_tags.TAGS),
]  # fmt: skip

OPPORTUNITIES = [
    Route("GET", "/opportunities/pipelines", _READ_OPPS, "read", opportunities.pipelines,
          query=_BY_LOCATION, place="query"),
    Route("GET", "/opportunities/search", _READ_OPPS, "read", opportunity_search.get_search,
          place="query"),
    Route("POST", "/opportunities/search", _READ_OPPS, "read", opportunity_search.post_search,
          body=opportunity_search.SEARCH, place="body"),
    Route("POST", "/opportunities/", _WRITE_OPPS, "write", opportunities.create,
          body=opportunity_shape.CREATE, place="body"),
    Route("GET", _OPP, _READ_OPPS, "read", opportunities.read),
    Route("PUT", _OPP, _WRITE_OPPS, "write", opportunities.update, body=opportunity_shape.UPDATE),
    Route("PUT", _OPP + "/status", _WRITE_OPPS, "write", opportunities.set_status,
          body=opportunity_shape.STATUS),
    Route("DELETE", _OPP, _WRITE_OPPS, "write", opportunities.delete),
]  # fmt: skip

LOCATIONS = [
    Route("GET", "/locations/{locationId}", "locations.readonly", "read", locations.read,
          place="path"),
    Route("GET", _FIELDS, _READ_FIELDS, "read", locations.list_fields,
          query=locations.FIELDS_QUERY, place="path"),
    Route("POST", _FIELDS, _WRITE_FIELDS, "write", locations.create_field,
          body=locations.NEW_FIELD, place="path"),
    Route("GET", _FIELD, _READ_FIELDS, "read", locations.read_field, place="path"),
    Route("PUT", _FIELD, _WRITE_FIELDS, "write", locations.update_field,
          body=locations.CHANGED_FIELD, place="path"),
    Route("DELETE", _FIELD, _WRITE_FIELDS, "write", locations.delete_field, place="path"),
    Route("GET", _TAGS, "locations/tags.readonly", "read", locations.list_tags, place="path"),
    Route("POST", _TAGS, "locations/tags.write", "write", locations.create_tag,
          body=locations.TAG, place="path"),
]  # fmt: skip

ROUTES = CONTACTS + OPPORTUNITIES + LOCATIONS + DESK + oauth.ROUTES
TABLE = Table(ROUTES)
