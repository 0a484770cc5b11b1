"""How the accounts stand: calls made in their long windows, and who is left alone, and why."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from crosstie.core.budget import LONG, Counted
from crosstie.core.values import Instant, Side
from crosstie.ports import AccountPause, AccountStore, PauseKind
from crosstie.service.asked import parted
from crosstie.sync import Crosstie


class Used(msgspec.Struct, frozen=True):
    """One window of the rate budget, as the state counts it."""

    seconds: float
    calls: int
    """Some of them counted in advance, while an engine runs."""
    limit: int


class LeftAlone(msgspec.Struct, frozen=True):
    """Why no calls are made for now."""

    kind: PauseKind
    reason: str
    since: Instant
    next_at: Instant
    """When it is tried again; of the past where nothing was to be done since."""
    fix: str | None = None
    """What a person can do about it."""


class AccountStatus(msgspec.Struct, frozen=True):
    """How one account stands."""

    account: str
    used: Sequence[Used]
    left_alone: Sequence[LeftAlone]


async def accounts(app: Crosstie, store: AccountStore, now: Instant) -> Sequence[AccountStatus]:
    """The accounts of which the state knows something, in the order of the declaration."""
    labels = dict.fromkeys(s.source(side).account.label for s in app.in_order for side in Side)
    counted, pauses = await store.counted_calls(None, now), await store.pauses()
    found = []
    for label in labels:
        used = _used([each for account, each in counted if account == label])
        alone = [_alone(p) for p in pauses if p.account == label and _lasts(p, now)]
        if used or alone:
            found.append(AccountStatus(label, used, alone))
    return found


def _used(counted: Sequence[Counted]) -> Sequence[Used]:
    """By window; the limit is the one last known."""
    windows: dict[float, Used] = {}
    for each in counted:
        if each.seconds >= LONG:
            before = windows[each.seconds].calls if each.seconds in windows else 0
            windows[each.seconds] = Used(each.seconds, before + each.calls, each.most)
    return list(windows.values())


def _lasts(pause: AccountPause, now: Instant) -> bool:
    return pause.kind != "limit" or pause.until > now


def _alone(pause: AccountPause) -> LeftAlone:
    reason, fix = parted(pause.reason)
    return LeftAlone(pause.kind, reason, pause.since, pause.until, fix)
