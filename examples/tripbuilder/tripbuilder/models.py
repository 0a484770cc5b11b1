"""The tables. The three `ghl_…_id` columns are filled by the sync, never by a page."""

from __future__ import annotations

import datetime as dt

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, Text, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.pool import ConnectionPoolEntry

STAGES = ("new", "planned", "confirmed", "travelled", "cancelled")
PASSENGER_STAGES = ("enrolled", "documents", "confirmed", "travelled", "cancelled")
STATUSES = ("open", "won", "lost", "abandoned")


class Base(DeclarativeBase):
    """What all tables share."""


db = SQLAlchemy(model_class=Base)

# An id that is used again would look like the old record to the sync.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class Contact(Base):
    """A person: a contact in the CRM."""

    __tablename__ = "contacts"
    __table_args__ = _NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    tags: Mapped[str | None]
    """Separated by commas."""
    ghl_contact_id: Mapped[str | None]

    passengers: Mapped[list[Passenger]] = relationship(
        back_populates="contact", passive_deletes=True
    )

    @property
    def name(self) -> str:
        """What a page calls the person."""
        parts = (self.first_name, self.last_name)
        return " ".join(part for part in parts if part) or self.email or f"Contact {self.id}"

    @property
    def remote_id(self) -> str | None:
        """Its id in the CRM; None while it is not synced yet."""
        return self.ghl_contact_id


class Trip(Base):
    """A trip on offer: an opportunity in the pipeline TripBooking."""

    __tablename__ = "trips"
    __table_args__ = _NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    destination: Mapped[str | None]
    arrival_date: Mapped[dt.date | None]
    return_date: Mapped[dt.date | None]
    max_passengers: Mapped[int | None]
    trip_vendor: Mapped[str | None]
    internal_trip_details: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(default="new", server_default="new")
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    ghl_opportunity_id: Mapped[str | None]

    passengers: Mapped[list[Passenger]] = relationship(
        back_populates="trip", passive_deletes=True, order_by="Passenger.id"
    )

    @property
    def remote_id(self) -> str | None:
        """Its id in the CRM; None while it is not synced yet."""
        return self.ghl_opportunity_id

    @property
    def places_left(self) -> int | None:
        """How many may still enrol; None where the trip has no limit."""
        if self.max_passengers is None:
            return None
        travelling = sum(p.stage != "cancelled" for p in self.passengers)
        return max(0, self.max_passengers - travelling)


class Passenger(Base):
    """A person on a trip: an opportunity of that person in the pipeline Passenger."""

    __tablename__ = "passengers"
    __table_args__ = _NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    trip_id: Mapped[int | None] = mapped_column(ForeignKey("trips.id", ondelete="CASCADE"))
    """None: enrolled in the CRM, which knows the trip by its name only."""
    trip_name: Mapped[str | None]
    passport_number: Mapped[str | None]
    passport_expire: Mapped[dt.date | None]
    health_state: Mapped[str | None] = mapped_column(Text)
    user_roomate: Mapped[str | None]
    room_occupancy: Mapped[str | None]
    stage: Mapped[str] = mapped_column(default="enrolled", server_default="enrolled")
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    ghl_opportunity_id: Mapped[str | None]

    contact: Mapped[Contact] = relationship(back_populates="passengers")
    trip: Mapped[Trip | None] = relationship(back_populates="passengers")

    @property
    def remote_id(self) -> str | None:
        """Its id in the CRM; None while it is not synced yet."""
        return self.ghl_opportunity_id


def prepared() -> None:
    """Have the tables there. Needs an application context; asked twice, it does nothing more."""
    if db.engine.dialect.name == "sqlite":
        event.listen(db.engine, "connect", _sqlite_habits)
    Base.metadata.create_all(db.engine)


def _sqlite_habits(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Foreign keys hold, and pages do not wait for the sync, which is another process."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()
