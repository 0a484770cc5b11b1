"""What an SQLAlchemy application declares and writes is read, written and read back by it."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Enum, Numeric, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from .conftest import App, run, told


class Base(DeclarativeBase):
    pass


class State(enum.Enum):
    OPEN = "open"
    DONE = "done"


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    day: Mapped[date]
    at: Mapped[datetime]
    paid: Mapped[bool]
    state: Mapped[State] = mapped_column(Enum(State))
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)


ID = uuid.UUID(int=7)
FIRST = {
    "id": ID.hex,
    "name": "Ann",
    "price": "12.50",
    "day": "2026-01-31",
    "at": "2026-01-31T10:00:00",
    "paid": True,
    "state": "OPEN",
    "extra": {"a": [1, None]},
}
SECOND = {
    "name": "Bea",
    "price": "0.10",
    "day": "2026-02-01",
    "at": "2026-02-01T09:30:00.250000",
    "paid": False,
    "state": "DONE",
    "extra": None,
}


def test_every_usual_type_goes_both_ways(app: App) -> None:
    engine = create_engine(app.database.url)
    Base.metadata.create_all(engine)
    bookings = app.captured("bookings")
    with Session(engine) as session:
        session.add(
            Booking(
                id=ID,
                name="Ann",
                price=Decimal("12.50"),
                day=date(2026, 1, 31),
                at=datetime(2026, 1, 31, 10),  # noqa: DTZ001 - the column has no zone
                paid=True,
                state=State.OPEN,
                extra={"a": [1, None]},
            )
        )
        session.commit()
    assert told(bookings) == {ID.hex: "live"}
    record = run(bookings.read([ID.hex])).records[ID.hex]
    assert record.fields == FIRST
    done = run(bookings.update(ID.hex, SECOND, record.fields, None))
    assert done.fields == {**FIRST, **SECOND}
    with Session(engine) as session:
        read = session.get_one(Booking, ID)
        assert (read.name, read.price, read.day) == ("Bea", Decimal("0.10"), date(2026, 2, 1))
        assert read.at == datetime(2026, 2, 1, 9, 30, 0, 250_000)  # noqa: DTZ001
        assert (read.paid, read.state, read.extra) == (False, State.DONE, None)
        stored = session.connection().exec_driver_sql("SELECT at FROM bookings").scalar_one()
        assert stored == "2026-02-01 09:30:00.250000"
    engine.dispose()
