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
    search_lag: float = 10.0

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """What the environment says; the databases lie in the current folder by default.

        DATABASE_URL, CROSSTIE_STATE, SECRET_KEY, GHL_BASE_URL, TRIPBUILDER_DESK_CONTACT,
        TRIPBUILDER_LEFT_EVERY, TRIPBUILDER_RIGHT_EVERY, TRIPBUILDER_SEARCH_LAG. Without a
        SECRET_KEY one is made up, and open forms end with the process.
        """
        given = os.environ if environ is None else environ
        here = Path.cwd()
        return cls(
            database=given.get("DATABASE_URL") or f"sqlite:///{here / 'tripbuilder.db'}",
            state=given.get("CROSSTIE_STATE") or f"sqlite:///{here / 'crosstie.db'}",
            secret_key=given.get("SECRET_KEY") or secrets.token_hex(16),
            base_url=given.get("GHL_BASE_URL") or GHL,
            desk=given.get("TRIPBUILDER_DESK_CONTACT") or DESK,
            left_every=float(given.get("TRIPBUILDER_LEFT_EVERY") or 1),
            right_every=float(given.get("TRIPBUILDER_RIGHT_EVERY") or 30),
            search_lag=float(given.get("TRIPBUILDER_SEARCH_LAG") or 10),
        )
