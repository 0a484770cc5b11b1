"""The operations on calendars, notes, tasks, users, businesses and messages."""

from __future__ import annotations

from . import (
    appointments,
    blocks,
    businesses,
    calendars,
    conversations,
    notes,
    tasks,
    users,
)
from .routing import Route

_APRIL = frozenset({"2021-04-15", "v3"})
_READ_CALENDARS = "calendars.readonly"
_READ_EVENTS, _WRITE_EVENTS = "calendars/events.readonly", "calendars/events.write"
_READ_CONTACTS, _WRITE_CONTACTS = "contacts.readonly", "contacts.write"
_READ_MESSAGES, _WRITE_MESSAGES = "conversations/message.readonly", "conversations/message.write"
_APPOINTMENT = "/calendars/events/appointments/{eventId}"
_OF_APPOINTMENT = "/calendars/appointments/{appointmentId}/notes"
_NOTES, _TASKS = "/contacts/{contactId}/notes", "/contacts/{contactId}/tasks"
_BUSINESS = "/businesses/{businessId}"

CALENDARS = [
    Route("GET", "/calendars/", _READ_CALENDARS, "read", calendars.list_all,
          query=calendars.LIST, place="query", versions=_APRIL),
    Route("GET", "/calendars/{calendarId}", _READ_CALENDARS, "read", calendars.read,
          versions=_APRIL),
    Route("GET", "/calendars/{calendarId}/free-slots", _READ_CALENDARS, "read",
          calendars.free_slots, query=calendars.FREE, versions=_APRIL),
    Route("GET", "/calendars/events", _READ_EVENTS, "read", appointments.events,
          query=appointments.WINDOW, place="query", versions=_APRIL),
    Route("POST", "/calendars/events/appointments", _WRITE_EVENTS, "write", appointments.create,
          body=appointments.CREATE, place="body", versions=_APRIL),
    Route("GET", _APPOINTMENT, _READ_EVENTS, "read", appointments.read, versions=_APRIL),
    Route("PUT", _APPOINTMENT, _WRITE_EVENTS, "write", appointments.update,
          body=appointments.UPDATE, versions=_APRIL),
    Route("DELETE", "/calendars/events/{eventId}", _WRITE_EVENTS, "write", appointments.delete,
          body=appointments.DELETE, versions=_APRIL),
    Route("GET", "/contacts/{contactId}/appointments", _READ_CONTACTS, "read",
          appointments.contacts_own),
    Route("GET", "/calendars/blocked-slots", _READ_EVENTS, "read", blocks.list_all,
          query=appointments.WINDOW, place="query", versions=_APRIL),
    Route("POST", "/calendars/events/block-slots", _WRITE_EVENTS, "write", blocks.create,
          body=blocks.BLOCK, place="body", versions=_APRIL),
    Route("PUT", "/calendars/events/block-slots/{eventId}", _WRITE_EVENTS, "write", blocks.update,
          body=blocks.BLOCK, place="body", versions=_APRIL),
    Route("GET", _OF_APPOINTMENT, _READ_EVENTS, "read", notes.list_of_appointment,
          query=notes.PAGE, versions=_APRIL),
    Route("POST", _OF_APPOINTMENT, _WRITE_EVENTS, "write", notes.create_of_appointment,
          body=notes.OF_APPOINTMENT, versions=_APRIL),
    Route("PUT", _OF_APPOINTMENT + "/{noteId}", _WRITE_EVENTS, "write",
          notes.update_of_appointment, body=notes.OF_APPOINTMENT, versions=_APRIL),
    Route("DELETE", _OF_APPOINTMENT + "/{noteId}", _WRITE_EVENTS, "write",
          notes.delete_of_appointment, versions=_APRIL),
]  # fmt: skip

NOTES_AND_TASKS = [
    Route("GET", _NOTES, _READ_CONTACTS, "read", notes.list_all),
    Route("POST", _NOTES, _WRITE_CONTACTS, "write", notes.create, body=notes.NEW),
    Route("GET", _NOTES + "/{id}", _READ_CONTACTS, "read", notes.read),
    Route("PUT", _NOTES + "/{id}", _WRITE_CONTACTS, "write", notes.update, body=notes.CHANGED),
    Route("DELETE", _NOTES + "/{id}", _WRITE_CONTACTS, "write", notes.delete),
    Route("GET", _TASKS, _READ_CONTACTS, "read", tasks.list_all),
    Route("POST", _TASKS, _WRITE_CONTACTS, "write", tasks.create, body=tasks.NEW),
    Route("GET", _TASKS + "/{taskId}", _READ_CONTACTS, "read", tasks.read),
    Route("PUT", _TASKS + "/{taskId}", _WRITE_CONTACTS, "write", tasks.update,
          body=tasks.CHANGED),
    Route("PUT", _TASKS + "/{taskId}/completed", _WRITE_CONTACTS, "write", tasks.update,
          body=tasks.COMPLETED),
    Route("DELETE", _TASKS + "/{taskId}", _WRITE_CONTACTS, "write", tasks.delete),
    Route("POST", "/locations/{locationId}/tasks/search", "locations/tasks.readonly", "read",
          tasks.search, body=tasks.SEARCH, place="path"),
]  # fmt: skip

PEOPLE = [
    Route("GET", "/users/search", "users.readonly", "read", users.search, query=users.SEARCH,
          place="query"),
    Route("GET", "/users/", "users.readonly", "read", users.list_all, query=users.LIST,
          place="query", versions=frozenset({"2021-07-28"})),
    Route("GET", "/users/{userId}", "users.readonly", "read", users.read),
    Route("GET", "/businesses/", "businesses.readonly", "read", businesses.list_all,
          query=businesses.LIST, place="query"),
    Route("POST", "/businesses/", "businesses.write", "write", businesses.create,
          body=businesses.NEW, place="body"),
    Route("GET", _BUSINESS, "businesses.readonly", "read", businesses.read),
    Route("PUT", _BUSINESS, "businesses.write", "write", businesses.update,
          body=businesses.CHANGED),
    Route("DELETE", _BUSINESS, "businesses.write", "write", businesses.delete),
]  # fmt: skip

CONVERSATIONS = [
    Route("POST", "/conversations/", "conversations.write", "write", conversations.create,
          body=conversations.NEW, place="body", versions=_APRIL),
    Route("GET", "/conversations/search", "conversations.readonly", "read", conversations.search,
          query=conversations.SEARCH, place="query", versions=_APRIL),
    Route("POST", "/conversations/messages", _WRITE_MESSAGES, "write", conversations.send,
          body=conversations.SEND, versions=_APRIL),
    Route("GET", "/conversations/messages/{id}", _READ_MESSAGES, "read", conversations.read,
          versions=_APRIL),
    Route("GET", "/conversations/{conversationId}/messages", _READ_MESSAGES, "read",
          conversations.messages, query=conversations.PAGE, versions=_APRIL),
]  # fmt: skip

DESK = CALENDARS + NOTES_AND_TASKS + PEOPLE + CONVERSATIONS
