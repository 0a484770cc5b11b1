"""What the parts of the connector contract share: the person, the fixtures, the helpers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

import pytest

from crosstie.core.values import Cursor, Fields, Json, Page, Record, Tombstone
from crosstie.ports.collection import Collection

Answer = TypeVar("Answer")

NEVER_ENDS: Final = 200
"""Pages after which a listing or a feed is taken for endless."""

ODD: Final[Mapping[str, str]] = {
    "empty": "",
    "accents": "Zoë Ångström-Łuczak, Straße 5",
    "right-to-left": "שלום עולם",
    "emoji": "👩‍👩‍👧 trip 🏔️",
    "quotes": 'O\'Brien "Bobby"; DROP TABLE -- \\ %s {0} $1',
    "markup": "<b>a & b</b>\nsecond line\ttab",
    "long": "lorem ipsum " * 166 + "sit amet",
    "number": "007.50",
}


class Person(Protocol):
    """Somebody at the system itself, who works on the records behind the collection's back."""

    @property
    def text(self) -> str:
        """A raw field that takes any text and may be changed and emptied."""
        ...

    def sample(self, number: int) -> dict[str, Json]:
        """Fields of a good record, different for each number, with some text in `text`."""
        ...

    def kept(self, text: str) -> Json:
        """What the system makes of a text in that field; the text itself if it is faithful."""
        ...

    def add(self, fields: Fields) -> str:
        """Make a record; gives its id."""
        ...

    def edit(self, record_id: str, patch: Fields) -> None:
        """Change some fields of a record."""
        ...

    def remove(self, record_id: str) -> None:
        """Delete a record."""
        ...

    def missing(self) -> str:
        """An id in the system's form that no record has."""
        ...

    def wait(self) -> None:
        """Let the system's search and lists catch up."""
        ...


@runtime_checkable
class Traveller(Protocol):
    """A person at a system of which a listing shows a window."""

    def beyond(self) -> Json:
        """A raw value of the field `can.window` with which a record is not listed."""
        ...


class ContractParts:
    """Fixtures to give, and helpers of the tests."""

    @pytest.fixture
    def collection(self, person: Person) -> Collection:
        """The collection under test, new and empty."""
        raise NotImplementedError("give the subclass a fixture `collection`")

    @pytest.fixture
    def person(self) -> Person:
        """Its system's person."""
        raise NotImplementedError("give the subclass a fixture `person`")

    @pytest.fixture
    def ready(self, collection: Collection) -> Collection:
        """The collection, opened."""
        self.run(collection.open())
        return collection

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Drive a coroutine to its end; override it where a loop must live longer."""
        return asyncio.run(work)

    def one(self, ready: Collection, record_id: str) -> Record:
        """A record that must be there, read by id."""
        return self.run(ready.read([record_id])).records[record_id]

    def made(self, ready: Collection, person: Person, fields: Fields, key: str = "k1") -> Record:
        """A new record: made by the collection, or by the person where it only reads."""
        if ready.can.read_only:
            return self.one(ready, person.add(fields))
        return self.run(ready.create(fields, key))

    def listing(self, ready: Collection, cursor: Cursor | None = None) -> list[Record]:
        """All pages of `scan` from a cursor."""
        rows: list[Record] = []
        for _ in range(NEVER_ENDS):
            page = self.run(ready.scan(cursor))
            assert len(page.entries) <= ready.can.page_size
            rows += [entry for entry in page.entries if isinstance(entry, Record)]
            if not page.more:
                return rows
            assert page.cursor is not None and page.cursor != cursor
            cursor = page.cursor
        pytest.fail("the listing never ends")

    def told(
        self, ready: Collection, cursor: Cursor | None
    ) -> tuple[dict[str, Record | Tombstone], Cursor | None]:
        """What `changes` tells from a cursor until it has no more, acknowledged as an engine does.

        A repeat may be told; the last word on each record counts.
        """
        entries: dict[str, Record | Tombstone] = {}
        for _ in range(NEVER_ENDS):
            page: Page = self.run(ready.changes(cursor))
            entries.update((entry.id, entry) for entry in page.entries)
            cursor = page.cursor
            if cursor is not None:
                self.run(ready.acknowledge(cursor))
            if not page.more:
                return entries, cursor
        pytest.fail("the feed never ends")

    def is_kept(self, person: Person, text: str, record: Record) -> None:
        """The text field shows the text as the system keeps it; nothing may be shown for ""."""
        shown, kept = record.fields[person.text], person.kept(text)
        assert (shown or None) == (kept or None)
