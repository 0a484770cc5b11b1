"""What can be turned on the sandbox while it runs."""

from __future__ import annotations

from typing import Literal

import msgspec

MatchKey = Literal["email", "phone"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The quirks and their numbers. Times in seconds. The defaults are the strict ones.

    `duplicate_check_reads_index`: the duplicate check then lags like the search does.
    `strict_custom_fields`: unknown field ids, unknown option labels and values of the wrong
    type are answered with 400; otherwise they are left out in silence and the rest is stored.
    `rate_limit` false: nothing is ever refused and the headers announce a budget so large
    that a client which learns from them does not hold back.
    `naive_event_times`: the event listing shows times without an offset, in the location's zone.
    `missing_version_status`: what a call without a Version header gets.
    """

    index_lag: float = 0.5
    duplicate_check_reads_index: bool = False
    strict_custom_fields: bool = False
    opportunity_search_snake_case: bool = False
    naive_event_times: bool = False
    missing_version_status: Literal[400, 401] = 400
    rate_limit: bool = True
    burst: int = 100
    interval: float = 10.0
    daily: int = 200_000
    retry_after: bool = False
    latency: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.index_lag <= 10:
            raise ValueError("index_lag must be between 0 and 10 seconds")
        if self.latency < 0:
            raise ValueError("latency must not be negative")
        if self.burst < 1 or self.daily < 1 or self.interval <= 0:
            raise ValueError("burst, daily and interval must be positive")


class LocationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy of a location that `GET /locations/{id}` shows, and the hidden match order."""

    allowDuplicateContact: bool = False
    allowDuplicateOpportunity: bool = False
    allowFacebookNameMerge: bool = False
    disableContactTimezone: bool = False
    duplicate_priority: tuple[MatchKey, MatchKey] = ("email", "phone")
