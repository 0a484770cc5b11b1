"""The collections of a location, as declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosstie.connectors.ghl import appointments, contacts, opportunities, tasks
from crosstie.connectors.ghl.businesses import Businesses
from crosstie.connectors.ghl.users import Users
from crosstie.connectors.ghl.window import Window
from crosstie.core.errors import Misconfigured
from crosstie.ports import Capabilities, Collection, Doors

if TYPE_CHECKING:
    from crosstie.connectors.ghl.account import GoHighLevel

SEARCH_LAG = 10.0
"""Seconds after which search certainly finds a new record."""


@dataclass(frozen=True, slots=True)
class ContactsSource:
    """The contacts of a location, as declared."""

    account: GoHighLevel
    page_size: int = 100
    search_lag: float = SEARCH_LAG

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "contacts"

    @property
    def kind(self) -> str:
        """What webhooks call its records."""
        return "contacts"

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = _can(contacts.SEARCHABLE, self.page_size, self.search_lag)
        return contacts.Contacts(self.account.place, doors, fields, can)


@dataclass(frozen=True, slots=True)
class OpportunitiesSource:
    """The opportunities of one pipeline, as declared."""

    account: GoHighLevel
    pipeline: str
    default_stage: str | None = None
    page_size: int = 100
    search_lag: float = SEARCH_LAG

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"opportunities of {self.pipeline}"

    @property
    def kind(self) -> str:
        """What webhooks call its records. They do not tell of which pipeline."""
        return "opportunities"

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = _can(opportunities.SEARCHABLE, self.page_size, self.search_lag)
        return opportunities.Opportunities(
            self.account.place, doors, fields, can, self.pipeline, self.default_stage
        )


@dataclass(frozen=True, slots=True)
class AppointmentsSource:
    """The appointments of one calendar, as declared."""

    account: GoHighLevel
    calendar: str
    days_back: int = 30
    days_ahead: int = 365
    page_size: int = 500
    search_lag: float = SEARCH_LAG

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"appointments of {self.calendar}"

    @property
    def kind(self) -> str:
        """What webhooks call its records. They may be of another calendar."""
        return "appointments"

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        if self.days_back < 0 or self.days_ahead < 1:
            raise Misconfigured(
                f"{self.name}: days_back is {self.days_back} and days_ahead {self.days_ahead}",
                fix="use days_back from 0 and days_ahead from 1",
            )
        can = Capabilities(
            full_rows=False,
            searchable=appointments.SEARCHABLE,
            twins=True,
            search_lag=self.search_lag,
            page_size=self.page_size,
            window=appointments.WINDOW,
        )
        window = Window(self.days_back, self.days_ahead)
        return appointments.Appointments(
            self.account.place, doors, fields, can, self.calendar, window
        )


@dataclass(frozen=True, slots=True)
class BusinessesSource:
    """The businesses of a location, as declared."""

    account: GoHighLevel
    page_size: int = 100

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "businesses"

    @property
    def kind(self) -> str:
        """What its records are called. No webhook tells of them."""
        return "businesses"

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = Capabilities(page_size=self.page_size)
        return Businesses(self.account.place, doors, fields, can)


@dataclass(frozen=True, slots=True)
class TasksSource:
    """The tasks of a location, as declared."""

    account: GoHighLevel
    page_size: int = 100
    search_lag: float = SEARCH_LAG

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "tasks"

    @property
    def kind(self) -> str:
        """What webhooks call its records."""
        return "tasks"

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = Capabilities(
            searchable=tasks.SEARCHABLE,
            twins=True,
            search_lag=self.search_lag,
            page_size=self.page_size,
        )
        return tasks.Tasks(self.account.place, doors, fields, can)


@dataclass(frozen=True, slots=True)
class UsersSource:
    """The users of a location, as declared."""

    account: GoHighLevel
    page_size: int = 25

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "users"

    @property
    def kind(self) -> str:
        """What webhooks call its records."""
        return "users"

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = Capabilities(page_size=self.page_size, read_only=True)
        return Users(self.account.place, doors, fields, can)


def _can(searchable: tuple[str, ...], page_size: int, search_lag: float) -> Capabilities:
    return Capabilities(
        has_changes=True,
        full_rows=False,
        searchable=searchable,
        search_lag=search_lag,
        page_size=page_size,
    )
