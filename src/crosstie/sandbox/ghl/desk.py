"""What hangs on contacts and calendars, by id. Records are never changed, only replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec


class Kept(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str: ...


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment of a contact in a calendar; times in milliseconds."""

    id: str
    calendar_id: str
    contact_id: str
    start: int
    end: int
    status: str
    added: int
    updated: int
    title: str = ""
    assigned_user: str = ""
    address: str = ""
    description: str = ""
    place: str = "custom"
    rrule: str = ""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Time that nobody can book, of a calendar or of a user; in milliseconds."""

    id: str
    title: str
    start: int
    end: int
    added: int
    updated: int
    calendar_id: str = ""
    assigned_user: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note on a contact, or on an appointment (then `appointment_id`)."""

    id: str
    contact_id: str
    body: str
    added: int
    appointment_id: str = ""
    user_id: str = ""
    title: str = ""
    color: str = ""
    pinned: bool = False


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task on a contact; times in milliseconds."""

    id: str
    contact_id: str
    title: str
    due: int
    completed: bool
    added: int
    body: str = ""
    assigned_to: str = ""


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """A company; `fields` holds what is filled, by its name on the wire."""

    id: str
    fields: dict[str, str]
    added: int
    updated: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a contact."""

    id: str
    conversation_id: str
    contact_id: str
    kind: str
    body: str
    status: str
    added: int
    attachments: tuple[str, ...] = ()
    scheduled: int | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said with one contact."""

    id: str
    contact_id: str
    added: int


R = TypeVar("R", bound=Kept)


class Shelf(Generic[R]):
    """Records of one kind by id, oldest first. `changed` hears of each write: (before, after)."""

    __slots__ = ("_changed", "_records")

    def __init__(self, changed: Callable[[Any, Any], None]) -> None:
        self._changed = changed
        self._records: dict[str, R] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._records.values()))

    def get(self, record_id: str) -> R | None:
        """The record as it is now."""
        return self._records.get(record_id)

    def put(self, record: R) -> None:
        """Store a new record or a new version of one."""
        before = self._records.get(record.id)
        self._records[record.id] = record
        self._changed(before, record)

    def drop(self, record_id: str) -> None:
        """Delete a record. Nothing happens if it is unknown."""
        before = self._records.pop(record_id, None)
        if before is not None:
            self._changed(before, None)


class Desk:
    """Every shelf of a location."""

    def __init__(self, changed: Callable[[Any, Any], None]) -> None:
        self.appointments: Shelf[Appointment] = Shelf(changed)
        self.blocks: Shelf[Block] = Shelf(changed)
        self.notes: Shelf[Note] = Shelf(changed)
        self.tasks: Shelf[Task] = Shelf(changed)
        self.businesses: Shelf[Business] = Shelf(changed)
        self.conversations: Shelf[Conversation] = Shelf(changed)
        self.messages: Shelf[Message] = Shelf(changed)

    def counts(self) -> dict[str, int]:
        """How many there are of each kind that a person would ask for."""
        return {
            "appointments": len(self.appointments),
            "notes": len(self.notes),
            "tasks": len(self.tasks),
            "businesses": len(self.businesses),
            "messages": len(self.messages),
        }

    def forget_contact(self, contact_id: str) -> None:
        """Delete what hangs on a contact, as its deletion does here."""
        for shelf in (self.appointments, self.notes, self.tasks):
            for record in shelf:
                if record.contact_id == contact_id:
                    shelf.drop(record.id)

    def drop_appointment(self, appointment_id: str) -> None:
        """Delete an appointment with its notes."""
        self.appointments.drop(appointment_id)
        for note in self.notes:
            if note.appointment_id == appointment_id:
                self.notes.drop(note.id)
