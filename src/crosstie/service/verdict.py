"""One sentence on how all of it stands: the worst that is known, or that nothing is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosstie.service.accounts import AccountStatus
from crosstie.service.counting import age, counted
from crosstie.service.engines import EngineStatus
from crosstie.service.inboxes import InboxStatus
from crosstie.service.outboxes import OutboxStatus
from crosstie.service.waits import Waits

if TYPE_CHECKING:
    from crosstie.service.standing import SyncStatus


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known."""

    syncs: Sequence[SyncStatus]
    unreached: str | None
    """What the last run could not reach."""
    accounts: Sequence[AccountStatus]
    engine: EngineStatus
    outboxes: Sequence[OutboxStatus]
    inboxes: Sequence[InboxStatus]
    patience: float
    """Seconds without an engine after which nobody can say how things stand."""


def trouble(facts: Facts) -> str | None:
    """What speaks against all being well, the worst first: what stops most. None: nothing does."""
    syncs = facts.syncs
    for s in syncs:
        if s.held is not None:
            return f"The brake holds {s.sync}: {s.held}."
    missed = facts.unreached and f"A system could not be reached at the last run: {facts.unreached}"
    reached = _halted(facts.accounts) or _outage(syncs) or (missed and f"{missed}.")
    told = [
        reached or _left_alone(facts.accounts),
        _unasked(facts.outboxes),
        _letters(syncs),
        _questions(syncs),
        _unheard(facts.inboxes),
        _overdue(syncs),
        _cut_off(facts),
        _nobody(facts),
    ]
    return " ".join(each for each in told if each) or None


def _halted(known: Sequence[AccountStatus]) -> str | None:
    """An account that only a person can bring back."""
    for each in known:
        for pause in each.left_alone:
            if pause.kind == "halt":
                return f"{each.account} needs a person: {pause.reason.rstrip('.')}."
    return None


def _outage(syncs: Sequence[SyncStatus]) -> str | None:
    """What is tried again, named by what delays most of it."""
    delays = [delay for s in syncs for delay in s.delayed]
    if not delays:
        return None
    total, worst = sum(d.links for d in delays), max(delays, key=lambda d: d.links)
    text = worst.text.rstrip(".")
    return f"{counted(total, 'record')} could not be brought over, and this is tried again: {text}."


def _left_alone(known: Sequence[AccountStatus]) -> str | None:
    """An account that gets no calls for now."""
    for each in known:
        for pause in each.left_alone:
            return f"{each.account} is left alone for a while: {pause.reason}."
    return None


def _unasked(boxes: Sequence[OutboxStatus]) -> str | None:
    """A database that did not tell what waits in it."""
    for box in boxes:
        if box.error is not None:
            return f"It is not known what waits in {box.database}: {box.error.rstrip('.')}."
    return None


def _unheard(boxes: Sequence[InboxStatus]) -> str | None:
    """Deliveries that could not be worked on, and systems that tell nothing any more."""
    for box in boxes:
        if box.failed:
            some = counted(box.failed, "delivery", "deliveries")
            return f"{some} to {box.endpoint} failed: see `crosstie webhook ls --failed`."
    for box in boxes:
        if box.silent_for is not None:
            usual = age(box.usual_pause)
            return (
                f"Nothing was received by {box.endpoint} for {age(box.silent_for)}, and it is"
                f" {usual} as a rule: look whether its webhook is still set up."
            )
    return None


def _letters(syncs: Sequence[SyncStatus]) -> str | None:
    total = sum(s.dead for s in syncs)
    some = f"{total} dead letters wait" if total > 1 else "1 dead letter waits"
    return f"{some} for a person: see `crosstie dead list`." if total else None


def _questions(syncs: Sequence[SyncStatus]) -> str | None:
    """Conflicts without an answer. An answered one waits for a run, and is due."""
    total = sum(s.conflicts - s.answered for s in syncs)
    some = f"{total} conflicts wait" if total > 1 else "1 conflict waits"
    return f"{some} for a person: see `crosstie conflicts list`." if total else None


def _overdue(syncs: Sequence[SyncStatus]) -> str | None:
    """Records that wait for one that may never come."""
    late = [s.waits for s in syncs if s.waits is not None and s.waits.overdue]
    if not late:
        return None
    total, since = sum(each.overdue for each in late), age(min(each.patience for each in late))
    some = "1 record has waited" if total == 1 else f"{total} records have waited"
    return (
        f"{some} for over {since} for the record {'it refers' if total == 1 else 'they refer'} to:"
        f" create it, or clear the reference ({late[0].parent})."
    )


def _cut_off(facts: Facts) -> str | None:
    """A complete look that nobody goes on with: who runs an engine has it done first of all."""
    owed = [s.sync for s in facts.syncs if s.scan_owed]
    if facts.engine.running or not owed:
        return None
    return (
        f"A complete look at both sides of {', '.join(owed)} was cut off, and what is new there "
        "may not be known: run `crosstie run --once`."
    )


def _nobody(facts: Facts) -> str | None:
    """No engine for longer than a complete look is to be waited for."""
    ago = facts.engine.ended_ago
    if ago is None or ago <= facts.patience:
        return None
    return (
        f"No engine runs, and the last one ended {age(ago)} ago: what changed since is not known."
    )


def calm(facts: Facts) -> str:
    """How things stand where nothing is wrong."""
    syncs = facts.syncs
    never = [s.sync for s in syncs if s.last_full_scan is None]
    if never:
        return f"Not started yet: {', '.join(never)}. Begin with `crosstie plan`."
    linked, due = counted(sum(s.linked for s in syncs), "record"), sum(s.due for s in syncs)
    more = "".join(f", {each}" for each in _waiting(facts))
    idle = "" if facts.engine.running else " No engine runs now: start one with `crosstie run`."
    if due:
        return f"{linked} linked, {due} due to be looked at{more}.{idle}"
    start = "Nothing due" if more else _in_step(facts.engine)
    return f"{start}: {linked} linked{more or ', nothing due'}.{idle}"


def _in_step(engine: EngineStatus) -> str:
    """As much as is known: without an engine nobody looks."""
    if engine.running:
        return "All in step"
    if engine.ended_ago is None:
        return "In step, as far as the state knows"
    return f"In step when the last engine ended, {age(engine.ended_ago)} ago"


def _waiting(facts: Facts) -> Sequence[str]:
    """What is not due, and not done either."""
    syncs = facts.syncs
    changes = sum(box.changes or 0 for box in facts.outboxes)
    least = "at least " if any(box.at_least for box in facts.outboxes) else ""
    wait = "1 change waits" if changes == 1 and not least else f"{least}{changes} changes wait"
    heard = sum(box.waiting for box in facts.inboxes)
    told = "1 delivery waits" if heard == 1 else f"{heard} deliveries wait"
    words = (
        (changes, f"{wait} in an outbox to be noticed"),
        (heard, f"{told} in the inbox"),
        (n := sum(s.left_alone for s in syncs), f"{n} left alone at your request"),
        (
            n := sum(s.answered for s in syncs),
            f"{n} answered and to be carried out by the next run",
        ),
        (
            n := sum(each.records for s in syncs for each in s.not_found),
            f"{n} not found and to be looked at again",
        ),
        *((each.records, _waits(each)) for each in (s.waits for s in syncs) if each is not None),
        (any(s.scan_owed for s in syncs), "a complete look at both sides under way"),
    )
    return [text for number, text in words if number]


def _waits(each: Waits) -> str:
    some = "1 waits for the record it refers to"
    if each.records > 1:
        some = f"{each.records} wait for the records they refer to"
    return f"{some} ({each.parent})"
