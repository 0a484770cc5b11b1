"""What a user declares: a GoHighLevel location, and its collections as sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crosstie.connectors.ghl.limits import WINDOWS
from crosstie.connectors.ghl.oauth import GhlOAuth, OAuthApp
from crosstie.connectors.ghl.place import Place
from crosstie.connectors.ghl.sources import (
    SEARCH_LAG,
    AppointmentsSource,
    BusinessesSource,
    ContactsSource,
    OpportunitiesSource,
    TasksSource,
    UsersSource,
)
from crosstie.connectors.ghl.webhooks import PUBLISHED, PUBLISHED_RSA, GhlWebhooks
from crosstie.connectors.signing import Key, keys_of
from crosstie.core.budget import Window


@dataclass(frozen=True, slots=True)
class GoHighLevel:
    """One location (sub-account) and the private integration token made in it.

    location: its id, or `env:NAME` / `file:/path` that holds it.  token: `env:NAME` or
    `file:/path`.  version: the API version; `v3` is the newer one.  windows: what is documented;
    what answers say is obeyed instead.  oauth: log in with this application instead of a token; see
    `crosstie auth login`.
    """

    location: str
    token: str = field(default="env:GHL_TOKEN", repr=False)
    base_url: str = "https://services.leadconnectorhq.com"
    version: str = "2021-07-28"
    windows: tuple[Window, ...] = WINDOWS
    oauth: OAuthApp | None = None

    @property
    def connector(self) -> str:
        """Name of the connector."""
        return "ghl"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"GoHighLevel {self.location}"

    @property
    def login(self) -> GhlOAuth | None:
        """How a person logs in; None: by the token alone."""
        if self.oauth is None:
            return None
        return GhlOAuth(self.label, self.base_url, self.oauth, self.location)

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

    def appointments(
        self,
        calendar: str,
        *,
        days_back: int = 30,
        days_ahead: int = 365,
        page_size: int = 500,
        search_lag: float = SEARCH_LAG,
    ) -> AppointmentsSource:
        """The appointments of one calendar, given by name or id.

        Those that begin so many days before or after now are listed; of others a change is heard
        by webhook alone. Nobody gets a message because of what is written here.
        """
        return AppointmentsSource(self, calendar, days_back, days_ahead, page_size, search_lag)

    def businesses(self, *, page_size: int = 100) -> BusinessesSource:
        """All businesses of the location: the companies of its CRM."""
        return BusinessesSource(self, page_size)

    def tasks(self, *, page_size: int = 100, search_lag: float = SEARCH_LAG) -> TasksSource:
        """The tasks of all contacts of the location."""
        return TasksSource(self, page_size, search_lag)

    def users(self, *, page_size: int = 25) -> UsersSource:
        """The users of the location, to read only."""
        return UsersSource(self, page_size)

    def webhooks(
        self,
        app: str | None = None,
        *,
        keys: Key | str | Sequence[Key | str] = PUBLISHED,
        legacy_until: str | None = None,
        legacy_keys: Key | str | Sequence[Key | str] = PUBLISHED_RSA,
    ) -> GhlWebhooks:
        """What GoHighLevel tells of this location, to be received at an endpoint.

        app: id or client id of the marketplace app that they must come from, or a reference to it.
        keys: the Ed25519 keys that they may be signed with.  legacy_until: the last day, e.g.
        `2026-12-31`, on which the older RSA signature is taken where there is no present one; it
        never is without such a day.
        """
        return GhlWebhooks(self, app, keys_of(keys), legacy_until, keys_of(legacy_keys))

    @property
    def place(self) -> Place:
        """What its collections must know of it."""
        return Place(
            self.label,
            self.location,
            self.token,
            self.base_url,
            self.version,
            self.windows,
            self.login,
        )
