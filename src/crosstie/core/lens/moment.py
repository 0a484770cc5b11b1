"""Instants: raw texts read in a zone, canonical in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from crosstie.core.lens.base import TwoWay, Unmappable
from crosstie.core.values import Json

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = "expected a date and time like 2026-01-31T12:00:00Z, between the years 1 and 9999"
_LONGEST = 40

Render = Literal["utc", "offset", "naive"]


@dataclass(frozen=True, slots=True)
class DateTime(TwoWay):
    """An instant. Canonical: "2026-01-31T11:00:00Z", with six more digits where it has a fraction.

    Raw: ISO 8601 text, or whole milliseconds since 1970. A text without offset is read in `zone`.

    | render | what is written, for Europe/Berlin |
    |--------|------------------------------------|
    | utc    | 2026-01-31T11:00:00Z               |
    | offset | 2026-01-31T12:00:00+01:00          |
    | naive  | 2026-01-31T12:00:00                |

    Where the clocks go back, a text without offset means the first of the two hours; an instant
    in the second one cannot be written without offset and is refused. Where they go forward, a
    text in the skipped hour is read with the offset from before, and is left as it stands.
    """

    zone: str = "UTC"
    render: Render = "utc"
    _zone: tzinfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.render not in get_args(Render):
            raise ValueError(
                'unknown render of a date and time; fix: use "utc", "offset" or "naive"'
            )
        object.__setattr__(self, "_zone", _zone_named(self.zone))

    @property
    def kind(self) -> str:
        return "datetime"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is str:
            text = raw.strip()
            return _canonical(self._instant(text)) if text else None
        return _canonical(instant_of_milliseconds(raw))

    def _instant(self, text: str) -> datetime:
        # A date alone is refused: taking midnight for it would invent a time of day.
        if not 11 <= len(text) <= _LONGEST or text[10].isdigit():
            raise Unmappable(_EXPECTED)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Unmappable(_EXPECTED) from None

    def raw_of(self, value: Json) -> Json:
        if type(value) is not str or not value.endswith("Z"):
            raise Unmappable(_EXPECTED)
        instant = self._instant(value)
        if _canonical(instant) != value:
            raise Unmappable(_EXPECTED)
        if self.render == "utc":
            return value
        try:
            local = instant.astimezone(self._zone)
        except (ValueError, OverflowError):
            raise Unmappable(_EXPECTED) from None
        if self.render == "offset":
            return local.isoformat()
        if local.fold:
            raise Unmappable(
                "expected an instant outside the hour that comes twice when the clocks go back: "
                "local time without offset cannot tell which one is meant"
            )
        return local.replace(tzinfo=None).isoformat()


def instant_of_milliseconds(raw: Json) -> datetime:
    """The instant of a whole number of milliseconds since 1970. Raises Unmappable.

    Calendar widgets let people type years such as 20226: the number arrives, the date does not
    exist in any calendar library.
    """
    if type(raw) is float and raw.is_integer():
        raw = int(raw)
    if type(raw) is not int:
        raise Unmappable(_EXPECTED)
    try:
        return _EPOCH + timedelta(milliseconds=raw)
    except OverflowError:
        raise Unmappable(_EXPECTED) from None


def _canonical(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat() + "Z"


def _zone_named(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"unknown time zone {name!r}; fix: use a name of the IANA list such as "
            "Europe/Berlin or UTC, and install the package tzdata where the system has no list"
        ) from None
