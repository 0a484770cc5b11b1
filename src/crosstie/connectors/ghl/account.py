"""What a user declares: a GoHighLevel location, and its collections as sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crosstie.connectors.ghl import contacts, opportunities
from crosstie.connectors.ghl.collection import Place
from crosstie.connectors.ghl.limits import WINDOWS
from crosstie.core.budget import Window
from crosstie.ports import Capabilities, Collection, Doors

SEARCH_LAG = 10.0
"""Seconds after which search certainly finds a new record."""


@dataclass(frozen=True, slots=True)
class GoHighLevel:
    """One location (sub-account) and the private integration token made in it.

    location: its id, or `env:NAME` / `file:/path` that holds it.  token: `env:NAME` or
    `file:/path`.  version: the API version; `v3` is the newer one.  windows: what is documented;
    what answers say is obeyed instead.
    """

    location: str
    token: str = "env:GHL_TOKEN"
    base_url: str = "https://services.leadconnectorhq.com"
    version: str = "2021-07-28"
    windows: tuple[Window, ...] = WINDOWS

    @property
    def connector(self) -> str:
        """Name of the connector."""
        return "ghl"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"GoHighLevel {self.location}"

    def contacts(self, *, page_size: int = 100, search_lag: float = SEARCH_LAG) -> ContactsSource:
        """All contacts of the location."""
        return ContactsSource(self, page_size, search_lag)

    def opportunities(
        self,
        pipeline: str,
        *,
        default_stage: str | None = None,
        page_size: int = 100,
        search_lag: float = SEARCH_LAG,
    ) -> OpportunitiesSource:
        """The opportunities of one pipeline, given by name or id.

        default_stage: where new ones go that have no stage; the first one without it.
        """
        return OpportunitiesSource(self, pipeline, default_stage, page_size, search_lag)

    @property
    def _place(self) -> Place:
        return Place(
            self.label, self.location, self.token, self.base_url, self.version, self.windows
        )


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

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = _can(contacts.SEARCHABLE, self.page_size, self.search_lag)
        return contacts.Contacts(self.account._place, doors, fields, can)


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

    def bind(self, doors: Doors, fields: Sequence[str]) -> Collection:
        """The collection, reading at least these fields. Raises Misconfigured."""
        can = _can(opportunities.SEARCHABLE, self.page_size, self.search_lag)
        return opportunities.Opportunities(
            self.account._place, doors, fields, can, self.pipeline, self.default_stage
        )


def _can(searchable: tuple[str, ...], page_size: int, search_lag: float) -> Capabilities:
    return Capabilities(
        has_changes=True,
        full_rows=False,
        searchable=searchable,
        search_lag=search_lag,
        page_size=page_size,
    )
