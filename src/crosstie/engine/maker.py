"""The marker that a link leaves in what it creates, and who has to claim what may be ours."""

from __future__ import annotations

from crosstie.core.errors import Retry
from crosstie.core.match import all_resemble, resembles
from crosstie.core.values import Fields, Instant, LinkState, Record, Side
from crosstie.engine.scene import Scene
from crosstie.engine.work import Work
from crosstie.ports import Intent

ASKED_PAUSE = 60.0
"""Seconds until a record that a person may say is ours is looked at again."""
MARKER_PAUSE = 2.0
"""Seconds that a record waits for the link that made it to come and claim it."""


def marker_of(identity: str, link_id: int, at: Instant) -> str:
    """The key left in a record that this link creates at that moment.

    A state that comes back from a backup gives its link numbers a second time; the moment tells
    what it creates now from what it created in the life that it does not remember.
    """
    return f"{identity}.{link_id}.{int(at * 1000):x}"


def maker_of(identity: str, marker: str | None) -> int | None:
    """The link that left this marker; None for a marker that is none of ours. A person edits it."""
    own, _, rest = (marker or "").partition(".")
    number = rest.partition(".")[0]
    ours = own == identity and number.isascii() and number.isdigit() and len(number) < 19
    return int(number) if ours else None


async def leave_to_maker(work: Work, scene: Scene, own: Record, here: Side) -> None:
    """Leave a record that one of our links made, or may have made, for that link to claim.

    Raises Retry; a link that stopped is woken, since what it looked for can be found by now.
    """
    if not work.at(here).can.marker:
        await _leave_unmarked(work, scene, here)
    number = maker_of(work.store.identity, own.marker)
    maker = None if number is None else await work.store.link(number)
    if maker is not None and maker.sync == work.name and maker.id_of(here) is None:
        await work.store.wake([maker.id], work.clock.now())
        raise Retry("its maker has not claimed it yet", after=MARKER_PAUSE)


async def _leave_unmarked(work: Work, scene: Scene, here: Side) -> None:
    """Without markers nothing tells them apart, so no stranger is introduced while the outcome of
    a create on its side is being found out; and none that may be what was sent, while a person is
    asked about it, or while its link goes no further: it was refused when it was made again, or
    waits for what it refers to."""
    canon = scene.view(here).canon
    creates = await work.store.open_creates(work.name, here)
    for intent, state in [each for each in creates if each[0].link_id != scene.link.id]:
        text = "a create on its side is not accounted for yet"
        if state is LinkState.ACTIVE:
            raise Retry(text, after=MARKER_PAUSE, counts=False)
        if state is LinkState.ASKING:
            if all_resemble(intent.values, canon):
                raise Retry(text, after=ASKED_PAUSE, counts=False)
        elif all_resemble(intent.values, canon) or _shares_key(work, intent, canon):
            await work.store.wake([intent.link_id], work.clock.now())
            raise Retry(text, after=MARKER_PAUSE)


def _shares_key(work: Work, intent: Intent, canon: Fields) -> bool:
    """It shows a match key that was sent; people may have edited the rest since."""
    sent = {name: intent.values.get(name) for name in work.sync.match}
    return any(v is not None and resembles(v, canon.get(name)) for name, v in sent.items())
