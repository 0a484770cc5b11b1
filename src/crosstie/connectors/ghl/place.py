"""Where an account is, as declared, and what its location says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crosstie.connectors.ghl.errors import explainer
from crosstie.connectors.ghl.limits import learn
from crosstie.connectors.ghl.oauth import GhlOAuth
from crosstie.connectors.ghl.wire import Wire, one
from crosstie.core.budget import Window
from crosstie.core.errors import Misconfigured, NotFound, Rejected, Retry
from crosstie.core.values import Json
from crosstie.ports import Doors, Http, HttpAccount


@dataclass(frozen=True, slots=True)
class Place:
    """An account as declared: which location, by which token, where, how fast."""

    label: str
    location: str
    token: str
    base_url: str
    version: str
    windows: tuple[Window, ...]
    login: GhlOAuth | None = None

    def http(self) -> HttpAccount:
        """What the Http port must know."""
        return HttpAccount(
            label=self.label,
            base_url=self.base_url,
            token=self.token,
            windows=self.windows,
            learn=learn,
            explain=explainer(self.label, self.token, self.location, oauth=self.login is not None),
            oauth=self.login,
        )


def resolved(place: Place, doors: Doors) -> str:
    """The id of the location. Raises Misconfigured, for a token that is missing as well at once."""
    if not place.location.startswith(("env:", "file:")):
        return place.location
    try:
        return doors.secret(place.location, "the id of the location")
    except Misconfigured as first:
        if place.login is not None:
            raise
        try:
            doors.secret(place.token, "the token")
        except Misconfigured as second:
            fix = f"{first.fix}; {second.fix}"
            raise Misconfigured(f"{first}; {second}", fix=fix) from None
        raise


async def location_of(http: Http, wire: Wire, label: str) -> Mapping[str, Json]:
    """The location as it describes itself. 1 call. Raises Misconfigured where there is none."""
    try:
        reply = await http.send(wire.get(one("locations", wire.location)))
    except (NotFound, Rejected) as error:
        raise Misconfigured(
            f"{label}: there is no location {wire.location}",
            fix="copy the id of the location from its address in GoHighLevel",
        ) from error
    found = reply.json.get("location") if isinstance(reply.json, dict) else None
    if not isinstance(found, dict):
        raise Retry(f"{label}: answered without the location")
    return found
