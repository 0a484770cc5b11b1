"""The inbox as a person sees it: how it stands, what is in it, and doing it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from crosstie.core.silence import silent_for, usual_pause
from crosstie.core.values import Instant
from crosstie.ports import Arrival, ArrivalState, Doors, Forged, Store
from crosstie.service.asked import Misused, Unknown
from crosstie.sync import Crosstie, Endpoint

LOOKED = 500
"""Deliveries that are looked through for what is usual."""


class InboxStatus(msgspec.Struct, frozen=True):
    """How the inbox of one endpoint stands."""

    endpoint: str
    waiting: int
    oldest_age: float | None
    """Seconds that the longest waiting one has waited."""
    failed: int
    last_received: Instant | None
    usual_pause: float | None
    """Seconds between two deliveries, as a rule; None while too few are known."""
    silent_for: float | None
    """Seconds without a delivery, where that is three times as long as usual."""


class Line(msgspec.Struct, frozen=True):
    """One delivery."""

    id: int
    endpoint: str
    type: str
    delivery: str
    """By what name the system sends it."""
    state: ArrivalState
    received: Instant
    sent: Instant | None
    worked: Instant | None
    detail: str | None


class Whole(Line, frozen=True):
    """One delivery with what is kept of its body."""

    kept: str


class Verdict(msgspec.Struct, frozen=True):
    """Whether a saved request would be taken."""

    file: str
    accepted: bool
    reason: str | None
    """Why not. Shown to whoever owns the keys, and to nobody else."""
    type: str | None = None
    delivery: str | None = None


async def inboxes(app: Crosstie, store: Store, now: Instant) -> Sequence[InboxStatus]:
    """One for each declared endpoint, and for others that something waits or failed for."""
    figures = {each.endpoint: each for each in await store.inbox()}
    declared = [endpoint.name for endpoint in app.webhooks]
    others = [name for name, each in figures.items() if each.waiting or each.failed]
    out = []
    for name in dict.fromkeys((*declared, *others)):
        found, times = figures.get(name), await store.received_at(name, LOOKED)
        oldest = None if found is None else found.oldest
        silent = silent_for(times, now) if name in declared else None
        out.append(
            InboxStatus(
                endpoint=name,
                waiting=0 if found is None else found.waiting,
                oldest_age=None if oldest is None else max(0.0, now - oldest),
                failed=0 if found is None else found.failed,
                last_received=None if found is None else found.last,
                usual_pause=usual_pause(times),
                silent_for=silent,
            )
        )
    return out


async def listed(
    store: Store, endpoint: str | None, state: ArrivalState | None, limit: int
) -> Sequence[Line]:
    """The newest deliveries first."""
    return [_line(each) for each in await store.arrivals(endpoint, state, limit)]


async def shown(store: Store, arrival_id: int) -> Whole:
    """One delivery. Raises Unknown."""
    found = await store.arrival(arrival_id)
    if found is None:
        raise Unknown(
            f"there is no delivery {arrival_id}", fix="see `crosstie webhook ls`; old ones are gone"
        )
    kept = found.event.kept.decode("utf-8", "replace")
    return Whole(**msgspec.structs.asdict(_line(found)), kept=kept)


async def replayed(
    store: Store,
    ids: Sequence[int],
    endpoint: str | None,
    since: Instant | None,
    *,
    failed: bool,
) -> int:
    """Make these wait again; how many. Raises Misused where nothing says which."""
    if not (ids or failed or since is not None):
        raise Misused(
            "nothing says which deliveries to replay", fix="give ids, `--since TIME` or `--failed`"
        )
    return await store.replay(ids or None, endpoint=endpoint, since=since, failed=failed)


def moment(text: str) -> Instant:
    """A time as a person writes it, in UTC where it names no zone. Raises Misused."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(
            f"{text!r} is no time", fix="write it like 2026-11-21 or 2026-11-21T08:30+01:00"
        ) from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def verified(
    app: Crosstie, doors: Doors, name: str | None, requests: Mapping[str, bytes]
) -> Sequence[Verdict]:
    """What an endpoint says of saved requests, by file name. Keeps nothing. Raises Misused."""
    webhooks = _endpoint(app, name).source.bind(doors)
    out = []
    for file, saved in requests.items():
        headers, body = parsed(saved)
        try:
            event = webhooks.verify(headers, body, doors.clock.now())
        except Forged as wrong:
            out.append(Verdict(file, False, str(wrong)))
        else:
            out.append(Verdict(file, True, None, event.type, event.id))
    return out


def parsed(saved: bytes) -> tuple[dict[str, list[str]], bytes]:
    """Headers and body of a request saved as HTTP sends it.

    Lines of headers, an empty line, and then the body, byte for byte to the end of the file. The
    first line may be the request line.
    """
    normal = saved.find(b"\r\n\r\n")
    plain = saved.find(b"\n\n")
    if normal >= 0 and (plain < 0 or normal < plain):
        head, body = saved[:normal], saved[normal + 4 :]
    elif plain >= 0:
        head, body = saved[:plain], saved[plain + 2 :]
    else:
        raise Misused(
            "a saved request has no empty line between its headers and its body",
            fix="save it as HTTP sends it: headers, an empty line, the body byte for byte",
        )
    headers: dict[str, list[str]] = {}
    for line in head.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon and " " not in name:
            headers.setdefault(name.lower(), []).append(value.strip())
    return headers, body


def _endpoint(app: Crosstie, name: str | None) -> Endpoint:
    declared = {endpoint.name: endpoint for endpoint in app.webhooks}
    if not declared:
        raise Misused(
            "no endpoint is declared", fix="give the application `webhooks=[Endpoint(...)]`"
        )
    if name is None and len(declared) == 1:
        return next(iter(declared.values()))
    if name not in declared:
        known = ", ".join(declared)
        said = "say which endpoint" if name is None else f"there is no endpoint {name!r}"
        raise Misused(said, fix=f"give `--endpoint` with one of: {known}")
    return declared[name]


def _line(arrival: Arrival) -> Line:
    return Line(
        id=arrival.id,
        endpoint=arrival.endpoint,
        type=arrival.event.type,
        delivery=arrival.event.id,
        state=arrival.state,
        received=arrival.received,
        sent=arrival.event.sent,
        worked=arrival.worked,
        detail=arrival.detail,
    )
