"""Moments as calendars write them: with the offset of the location's time zone, or without any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crosstie.core.errors import Misconfigured, Rejected
from crosstie.core.values import Fields, Json


def zone_of(settings: Mapping[str, Json], label: str) -> ZoneInfo:
    """The time zone of a location as it describes itself. Raises Misconfigured without one."""
    name = settings.get("timezone")
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError) as error:
        raise Misconfigured(
            f"{label}: the time zone of the location is unknown",
            fix="set the time zone in the location's settings (Business Profile)",
        ) from error


def moment_of(value: Json, zone: ZoneInfo) -> datetime | None:
    """The moment of an ISO text; one without an offset is in that zone. None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        # By way of UTC: what cannot be told there has no length and no place in a listing.
        return moment.astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def shown(value: Json, zone: ZoneInfo) -> Json:
    """A time in the one spelling of our records, `2026-01-31T16:00:00+01:00`; else as it is."""
    moment = moment_of(value, zone)
    return value or None if moment is None else _spelled(moment)


def written(value: Json, zone: ZoneInfo, field: str) -> str:
    """A time as GoHighLevel takes it: both times of a call in one spelling, to the second.

    Raises Rejected for what is no time.
    """
    moment = moment_of(value, zone)
    if moment is None:
        raise Rejected(
            f"{field} of an appointment has to be a date with a time",
            field=field,
            fix=f"map {field} with the lens DateTime()",
        )
    return _spelled(moment)


def both(patch: Fields, was: Fields, zone: ZoneInfo, *, moves: bool) -> Fields:
    """The patch with both times where it has one: what GoHighLevel makes of the other is not known.

    was: the record before.  moves: the end keeps its distance from the start.
    """
    names = [name for name in ("startTime", "endTime") if name in patch]
    start, end = (moment_of(was.get(name), zone) for name in ("startTime", "endTime"))
    if len(names) != 1 or start is None or end is None:
        return patch
    if names == ["endTime"]:
        return {**patch, "startTime": _spelled(start)}
    moved = moment_of(patch["startTime"], zone)
    if moves and moved is not None:
        # By the instants: one that moves over a change of the clocks stays as long as it was.
        length = end.astimezone(UTC) - start.astimezone(UTC)
        try:
            end = (moved.astimezone(UTC) + length).astimezone(zone)
        except OverflowError:
            return patch
    return {**patch, "endTime": _spelled(end)}


def stamp(value: Json, zone: ZoneInfo) -> tuple[str, float] | None:
    """A time of change as a version, the same however it is spelled, and in seconds since 1970."""
    moment = moment_of(value, zone)
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(), moment.timestamp()


def _spelled(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()
