"""Dead letters: grouped by cause, tried again, or left alone. No screen in here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from crosstie.core.values import Instant, Link, LinkState
from crosstie.ports import Store
from crosstie.service.asked import Misused, Unknown, parted
from crosstie.sync import Crosstie

MOST = 100_000
_ID = re.compile(r"(?=\w*\d)[\w-]{6,}|\b\d+\b")


class Letter(msgspec.Struct, frozen=True):
    """One dead letter."""

    link: int
    left_id: str | None
    right_id: str | None


class Cause(msgspec.Struct, frozen=True):
    """Dead letters that died of the same thing."""

    sync: str
    error: str
    """Code, and the field where one is to blame: `rejected:phone`."""
    text: str
    """What was said of the first of them."""
    fix: str | None
    """What a person can do about it."""
    records: int
    letters: Sequence[Letter]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters: by record or link id, by a piece of their text, or all of them."""

    ids: Sequence[str] = ()
    match: str | None = None
    everything: bool = False
    sync: str | None = None


async def dead(app: Crosstie, store: Store, sync: str | None) -> Sequence[Cause]:
    """Dead letters by cause, the cause with most records first."""
    if sync is not None:
        app.sync(sync)
    groups: dict[tuple[str, str, str], list[Link]] = {}
    for link in await store.links_in(LinkState.DEAD, sync, MOST):
        detail = link.detail or ""
        key = (link.sync, link.error or "", _ID.sub("*", detail))
        groups.setdefault(key, []).append(link)
    causes = [_cause(key, links) for key, links in groups.items()]
    return sorted(causes, key=lambda cause: -cause.records)


async def retry(app: Crosstie, store: Store, choice: Choice, now: Instant) -> Sequence[Letter]:
    """Make these due again with all attempts. Raises Misused, Unknown; nothing changes then."""
    links = await _chosen(app, store, choice)
    await store.wake([link.id for link in links], now)
    return [_letter(link) for link in links]


async def discard(app: Crosstie, store: Store, choice: Choice) -> Sequence[Letter]:
    """Leave these alone until one of their records changes. Raises Misused, Unknown."""
    links = await _chosen(app, store, choice)
    await store.rest([link.id for link in links])
    return [_letter(link) for link in links]


async def _chosen(app: Crosstie, store: Store, choice: Choice) -> Sequence[Link]:
    if choice.sync is not None:
        app.sync(choice.sync)
    ways = [bool(choice.ids), choice.match is not None, choice.everything]
    if sum(ways) != 1:
        raise Misused("say which dead letters", fix="give ids, or `--match TEXT`, or `--all`")
    links = await store.links_in(LinkState.DEAD, choice.sync, MOST)
    if choice.everything:
        return links
    if choice.match is not None:
        wanted = choice.match.casefold()
        return [x for x in links if wanted in f"{x.error} {x.detail}".casefold()]
    found = []
    for name in choice.ids:
        own = [x for x in links if name in (x.left_id, x.right_id)]
        own = own or [x for x in links if str(x.id) == name]
        if not own:
            raise Unknown(f"{name!r} is no dead letter", fix="see `crosstie dead list`")
        found += own
    return list({link.id: link for link in found}.values())


def _cause(key: tuple[str, str, str], links: Sequence[Link]) -> Cause:
    sync, error, _ = key
    letters = [_letter(link) for link in links]
    text, fix = parted(links[0].detail)
    return Cause(sync, error, text, fix, len(links), letters)


def _letter(link: Link) -> Letter:
    return Letter(link.id, link.left_id, link.right_id)
