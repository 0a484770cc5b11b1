"""The whole state of a sandbox: one location, its records, its knobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from . import desk_bodies, webhook_bodies
from .calls import Calls
from .clock import SandboxClock
from .desk import Desk
from .faults import Faults
from .ids import Ids
from .index import LaggingIndex
from .keys import MatchKeys
from .limits import RateLimit
from .location import Location
from .oauth_server import OAuthServer
from .paging import Results
from .presets import apply_preset
from .records import Contact, Opportunity, Token
from .settings import Settings
from .webhooks import Webhooks
from .wire import Json

if TYPE_CHECKING:
    from .webhook_key import WebhookKey

DEFAULT_TOKEN = "pit-sandbox-0000-0000-0000-000000000000"
LOCATION_ID = "sandboxLocation00001"


class GhlSandbox:
    """A stand-in for one GoHighLevel location. Not thread-safe: one event loop owns it.

    `now` gives seconds since 1970 and is the real clock unless a test brings its own.
    `base_url` is where it is served, once it is. `seed` says which ids it gives; with None each
    start and each reset gives others. `webhook_key` is what its webhooks are signed with; without
    one it makes its own. Raises ValueError for an unknown preset.
    """

    clock: SandboxClock
    location: Location
    ids: Ids

    def __init__(
        self,
        preset: str = "default",
        *,
        settings: Settings | None = None,
        now: Callable[[], float] | None = None,
        seed: int | None = 1,
        webhook_key: WebhookKey | None = None,
    ) -> None:
        self._seed = seed
        self.clock = SandboxClock() if now is None else SandboxClock(now)
        self.settings = settings or Settings()
        self.calls = Calls()
        self.faults = Faults()
        self.webhooks = Webhooks(self.clock, webhook_key)
        self.oauth = OAuthServer(self.clock)
        self.base_url = ""
        self.preset = preset
        self.reset(preset)

    def reset(self, preset: str | None = None) -> None:
        """Empty everything and set the preset up again, under the same ids if there is a seed.

        Settings, counts and faults stay as they are; webhooks that wait are not sent, and none
        tells of this. Raises ValueError for an unknown preset.
        """
        self.preset = preset or self.preset
        self._telling = False
        self.webhooks.forget()
        self.ids = Ids(self._seed)
        self.location = Location(
            id=LOCATION_ID, name="Sandbox Location", company_id="sandboxCompany000001"
        )
        self.contacts: dict[str, Contact] = {}
        self.opportunities: dict[str, Opportunity] = {}
        self.opportunities_of: dict[str, dict[str, None]] = {}
        self.desk = Desk(self._desk_changed)
        self.match_keys = MatchKeys()
        self.indexed_keys = MatchKeys()
        self.contact_index: LaggingIndex[Contact] = LaggingIndex(lambda c: c.updated)
        self.contact_index.on_change = self.indexed_keys.change
        self.opportunity_index: LaggingIndex[Opportunity] = LaggingIndex(lambda o: o.updated)
        self.contact_results: Results[Contact] = Results()
        self.opportunity_results: Results[Opportunity] = Results()
        self.tokens: dict[str, Token] = {DEFAULT_TOKEN: Token(location_id=self.location.id)}
        self.oauth.forget()
        self.limits: dict[str, RateLimit] = {}
        apply_preset(self, self.preset)
        self.settle(lag=0)
        self.calls.stored = 0
        self._telling = True

    def limit_of(self, token: Token) -> RateLimit:
        """The budget that all tokens of a location share."""
        return self.limits.setdefault(token.location_id, RateLimit())

    def settle(self, *, lag: float | None = None) -> None:
        """Let the search indexes catch up with what is old enough."""
        now = self.clock.now()
        seconds = self.settings.index_lag if lag is None else lag
        self.contact_index.settle(now, seconds)
        self.opportunity_index.settle(now, seconds)

    def tell(self, type_: str, body: Json) -> None:
        """Send a webhook of that type, if there is an address; the body without its envelope."""
        if self._telling:
            self.webhooks.tell(self.location.id, type_, body)

    def put_contact(self, contact: Contact) -> None:
        """Store a new contact or a new version of one."""
        before = self.contacts.get(contact.id)
        self.contacts[contact.id] = contact
        self.match_keys.change(before, contact)
        for tag in contact.tags:
            if tag not in self.location.tags:
                self.location.tags[tag] = self.ids.record()
        self.contact_index.tell(self.clock.now(), contact.id, contact)
        self.calls.stored += 1
        self._tell_all(webhook_bodies.of_contact(self.location, before, contact))

    def drop_contact(self, contact_id: str) -> None:
        """Delete a contact and every opportunity it has. Nothing happens if it is unknown."""
        contact = self.contacts.pop(contact_id, None)
        if contact is None:
            return
        self.match_keys.change(contact, None)
        self.contact_index.tell(self.clock.now(), contact_id, None)
        self.calls.stored += 1
        self._tell_all(webhook_bodies.of_gone_contact(self.location, contact))
        for opportunity_id in list(self.opportunities_of.get(contact_id, ())):
            self.drop_opportunity(opportunity_id)
        self.desk.forget_contact(contact_id)

    def put_opportunity(self, opportunity: Opportunity) -> None:
        """Store a new opportunity or a new version of one."""
        before = self.opportunities.get(opportunity.id)
        self.opportunities[opportunity.id] = opportunity
        self.opportunities_of.setdefault(opportunity.contact_id, {})[opportunity.id] = None
        self.opportunity_index.tell(self.clock.now(), opportunity.id, opportunity)
        self.calls.stored += 1
        self._tell_all(webhook_bodies.of_opportunity(before, opportunity))

    def drop_opportunity(self, opportunity_id: str) -> None:
        """Delete an opportunity. Nothing happens if it is unknown."""
        opportunity = self.opportunities.pop(opportunity_id, None)
        if opportunity is None:
            return
        self.opportunities_of[opportunity.contact_id].pop(opportunity_id, None)
        self.opportunity_index.tell(self.clock.now(), opportunity_id, None)
        self.calls.stored += 1
        self._tell_all(webhook_bodies.of_gone_opportunity(opportunity))

    def _tell_all(self, events: Iterable[tuple[str, Json]]) -> None:
        # Bodies are only put together where somebody is told.
        if self.webhooks.settings.url:
            for type_, body in events:
                self.tell(type_, body)

    def _desk_changed(self, before: object, after: object) -> None:
        self.calls.stored += 1
        self._tell_all(desk_bodies.told(self.location, before, after))
