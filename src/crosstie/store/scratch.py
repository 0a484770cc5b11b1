"""The part of the store that never touches the state: strangers, while they look for each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from crosstie.core.values import Side
from crosstie.ports.state import Group, Match, Stranger
from crosstie.store.faults import in_our_words
from crosstie.store.strangers import Strangers

P = ParamSpec("P")
T = TypeVar("T")

_NAME = "(the scratch part, a temporary file)"


class ScratchStore:
    """Strangers by sync; they go with the store."""

    def __init__(self) -> None:
        self._strangers: dict[str, Strangers] = {}

    def clear_all_strangers(self) -> None:
        """Forget the strangers of every sync."""
        for scratch in self._strangers.values():
            scratch.close()
        self._strangers.clear()

    async def clear_strangers(self, sync: str) -> None:
        """See `MatchStore`."""
        scratch = self._strangers.pop(sync, None)
        if scratch is not None:
            scratch.close()

    async def add_strangers(self, sync: str, side: Side, strangers: Sequence[Stranger]) -> None:
        """See `MatchStore`."""
        if strangers:
            with in_our_words(_NAME):
                if sync not in self._strangers:
                    self._strangers[sync] = Strangers(len(strangers[0].keys))
                self._strangers[sync].add(side, strangers)

    async def meet_strangers(self, sync: str, key_number: int) -> None:
        """See `MatchStore`."""
        self._ask(sync, Strangers.meet, None, key_number)

    async def stranger_matches(self, sync: str, after: int, limit: int) -> Sequence[Match]:
        """See `MatchStore`."""
        return self._ask(sync, Strangers.matches, [], after, limit)

    async def stranger_groups(self, sync: str, after: int, limit: int) -> Sequence[Group]:
        """See `MatchStore`."""
        return self._ask(sync, Strangers.groups, [], after, limit)

    async def strangers(
        self, sync: str, side: Side, after: str | None, limit: int
    ) -> Sequence[tuple[str, str]]:
        """See `MatchStore`."""
        return self._ask(sync, Strangers.alone, [], side, after, limit)

    def _ask(
        self,
        sync: str,
        work: Callable[Concatenate[Strangers, P], T],
        none: T,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What the strangers of a sync answer; `none` where there are none."""
        scratch = self._strangers.get(sync)
        if scratch is None:
            return none
        with in_our_words(_NAME):
            return work(scratch, *args, **kwargs)
