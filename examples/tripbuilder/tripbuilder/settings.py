"""Everything that TripBuilder reads from its environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GHL = "https://services.leadconnectorhq.com"
DESK = "TripDeskContact00001"


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are in seconds. The token and the location are read when the sync starts."""

    database: str
    state: str
    secret_key: str = field(repr=False)
    base_url: str = GHL
    desk: str = DESK
    """The contact of the agency itself, which holds the trips in the CRM."""
    left_every: float = 1.0
    right_every: float = 30.0
    """How often the CRM is asked; with webhooks that is for the case that one was lost."""
    search_lag: float = 10.0
    webhook_app: str | None = None
    """The marketplace app that webhooks must come from; None: any that is in the location."""
    webhook_key: str | None = None
    """The public key that they are signed with; None: the one that GoHighLevel publishes."""

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """What the environment says; the databases lie in the current folder by default.

        DATABASE_URL, CROSSTIE_STATE, SECRET_KEY, GHL_BASE_URL, TRIPBUILDER_DESK_CONTACT,
        TRIPBUILDER_LEFT_EVERY, TRIPBUILDER_RIGHT_EVERY, TRIPBUILDER_SEARCH_LAG, GHL_WEBHOOK_APP,
        GHL_WEBHOOK_KEY. Where one of the last two is given, webhooks come, and the CRM is asked
        every 300 seconds unless told otherwise. Without a SECRET_KEY one is made up, and open
        forms end with the process.
        """
        given = os.environ if environ is None else environ
        here = Path.cwd()
        told = given.get("GHL_WEBHOOK_APP") or given.get("GHL_WEBHOOK_KEY")
        return cls(
            database=given.get("DATABASE_URL") or f"sqlite:///{here / 'tripbuilder.db'}",
            state=given.get("CROSSTIE_STATE") or f"sqlite:///{here / 'crosstie.db'}",
            secret_key=given.get("SECRET_KEY") or secrets.token_hex(16),
            base_url=given.get("GHL_BASE_URL") or GHL,
            desk=given.get("TRIPBUILDER_DESK_CONTACT") or DESK,
            left_every=float(given.get("TRIPBUILDER_LEFT_EVERY") or 1),
            right_every=float(given.get("TRIPBUILDER_RIGHT_EVERY") or (300 if told else 30)),
            search_lag=float(given.get("TRIPBUILDER_SEARCH_LAG") or 10),
            webhook_app=given.get("GHL_WEBHOOK_APP") or None,
            webhook_key=given.get("GHL_WEBHOOK_KEY") or None,
        )
