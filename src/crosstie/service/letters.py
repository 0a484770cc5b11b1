"""Dead letters: grouped by cause, listed, tried again, or left alone. No screen in here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec

from crosstie.core.values import Instant
from crosstie.ports import DeadGroup, DeadLetter, Store
from crosstie.service.asked import Misused, Unknown, parted
from crosstie.sync import Crosstie

SAMPLE = 5
"""Records that are named of each group."""
PAGE = 5_000


class Letter(msgspec.Struct, frozen=True):
    """One dead letter."""

    link: int
    sync: str
    left_id: str | None
    right_id: str | None
    group: str
    """Fingerprint of what it died of."""
    error: str
    """Code, and the field where one is to blame: `rejected:phone`."""
    text: str
    """What was said of it."""
    fix: str | None
    """What a person can do about it."""
    at: Instant | None


class Cause(msgspec.Struct, frozen=True):
    """Dead letters of one sync that died of the same thing."""

    group: str
    """Fingerprint of the cause: what `--group` takes."""
    sync: str
    error: str
    text: str
    """What was said of the first of them."""
    fix: str | None
    records: int
    oldest: Instant | None
    newest: Instant | None
    letters: Sequence[Letter]
    """The first few."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters: by id, by a piece of their text, by group, of a sync, or all of them."""

    ids: Sequence[str] = ()
    match: str | None = None
    everything: bool = False
    sync: str | None = None
    group: str | None = None


async def dead(app: Crosstie, store: Store, sync: str | None) -> Sequence[Cause]:
    """Dead letters by cause, the cause with most records first."""
    if sync is not None:
        app.sync(sync)
    return [_cause(group) for group in await store.dead_groups(sync, SAMPLE)]


async def listed(app: Crosstie, store: Store, choice: Choice, limit: int) -> Sequence[Letter]:
    """The letters of a choice, by link, at most `limit`. Raises Misused, Unknown."""
    if choice.sync is not None:
        app.sync(choice.sync)
    await _known_group(store, choice)
    found: list[Letter] = []
    async for each in _all(store, choice):
        found.append(_letter(each))
        if len(found) == limit:
            break
    return found


async def chosen(app: Crosstie, store: Store, choice: Choice) -> Sequence[Letter]:
    """The letters that a person means. Raises Misused, Unknown; nothing changes then."""
    if choice.sync is not None:
        app.sync(choice.sync)
    ways = [bool(choice.ids), choice.match is not None, choice.everything, choice.group is not None]
    if sum(ways) > 1:
        raise Misused(
            "ids, `--group`, `--match` and `--all` each name dead letters, and exclude each other",
            fix="give only one of them; `--sync NAME` narrows it",
        )
    alone = choice.sync is not None and not any(ways)
    if not any(ways) and not alone:
        raise Misused(
            "say which dead letters",
            fix="give ids, or one of `--group FP`, `--match TEXT`, `--sync NAME`, `--all`",
        )
    await _known_group(store, choice)
    letters = [_letter(each) async for each in _all(store, choice)]
    if choice.match is not None:
        wanted = choice.match.casefold()
        return [x for x in letters if wanted in f"{x.error} {x.text} {x.fix}".casefold()]
    return _by_id(letters, choice.ids) if choice.ids else letters


def _by_id(letters: Sequence[Letter], ids: Sequence[str]) -> Sequence[Letter]:
    found: list[Letter] = []
    for name in ids:
        own = [x for x in letters if name in (x.left_id, x.right_id)]
        own = own or [x for x in letters if str(x.link) == name]
        if not own:
            raise Unknown(f"{name!r} is no dead letter", fix="see `crosstie dead list`")
        found += own
    return list({letter.link: letter for letter in found}.values())


async def retry(store: Store, letters: Sequence[Letter], now: Instant) -> int:
    """Make these due again with all attempts; they then go by what both records hold by then."""
    return await store.wake([letter.link for letter in letters], now)


async def discard(store: Store, letters: Sequence[Letter]) -> int:
    """Leave these alone until one of their records changes."""
    return await store.rest([letter.link for letter in letters])


async def _known_group(store: Store, choice: Choice) -> None:
    if choice.group is None:
        return
    groups = await store.dead_groups(choice.sync, 0)
    if choice.group not in {group.cause for group in groups}:
        raise Unknown(
            f"there is no group {choice.group!r} of dead letters", fix="see `crosstie dead list`"
        )


async def _all(store: Store, choice: Choice) -> AsyncIterator[DeadLetter]:
    """Page by page: of one cause there may be as many as there are records."""
    after = 0
    while page := await store.dead_letters(choice.sync, choice.group, after, PAGE):
        for letter in page:
            yield letter
        after = page[-1].link_id


def _cause(group: DeadGroup) -> Cause:
    letters = [_letter(each) for each in group.sample]
    first = letters[0]
    return Cause(
        group=group.cause,
        sync=group.sync,
        error=first.error,
        text=first.text,
        fix=first.fix,
        records=group.count,
        oldest=group.oldest,
        newest=group.newest,
        letters=letters,
    )


def _letter(kept: DeadLetter) -> Letter:
    text, fix = parted(kept.detail)
    return Letter(
        link=kept.link_id,
        sync=kept.sync,
        left_id=kept.left_id,
        right_id=kept.right_id,
        group=kept.cause,
        error=kept.error,
        text=text,
        fix=fix,
        at=kept.at,
    )
