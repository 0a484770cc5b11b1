"""Opening conflicts: what a person is asked, and the history line that says so."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from crosstie.core.decide import AskDelete
from crosstie.core.merge import Clash, Merged
from crosstie.core.values import MISSING, Fields, Json, Link, LinkState, Side
from crosstie.engine.scene import Scene
from crosstie.engine.work import Work
from crosstie.ports import Conflict, ConflictKind, Entry, Step


def of_edits(work: Work, scene: Scene, merged: Merged) -> Conflict | None:
    """The conflict that the clashes of a merge are; the one already open, when it is the same."""
    if not merged.clashes:
        return None
    fields: dict[str, Fields] = {name: _seen(clash) for name, clash in merged.clashes.items()}
    before = scene.answered.conflict
    if before is not None and before.kind is ConflictKind.EDIT and before.fields == fields:
        return before
    return _draft(work, scene.link, ConflictKind.EDIT, fields=fields)


def is_new(scene: Scene, conflict: Conflict) -> bool:
    """Whether a person has not been asked this before."""
    return conflict is not scene.answered.conflict


def opened(work: Work, link: Link, conflict: Conflict) -> Entry:
    """The history line of a conflict that was opened."""
    named = ", ".join(conflict.fields) or "the record"
    return Entry(
        side=None,
        record_id=None,
        operation="conflict",
        cause=f"{conflict.kind.value}: {named}",
        at=work.clock.now(),
        run_id=work.run_id,
        link_id=link.id,
    )


async def ask_delete(work: Work, scene: Scene, operation: AskDelete) -> None:
    """Gone on one side, edited on the other (or to be confirmed): nothing is written."""
    here = operation.gone.other
    base, now = scene.link.base_of(here), scene.view(here).canon
    fields: dict[str, Fields] = {
        name: {f"base_{here}": base[name], str(here): now[name]} for name in operation.edited
    }
    edited = ", ".join(operation.edited)
    note = f"deleted on the {operation.gone}" + (
        f", edited on the {here}: {edited}" if edited else ""
    )
    conflict = _draft(
        work, scene.link, ConflictKind.DELETE, fields=fields, deleted=operation.gone, note=note
    )
    await _ask(work, scene, conflict)


async def ask_match(
    work: Work, scene: Scene, kind: ConflictKind, candidates: Sequence[str], note: str
) -> None:
    """Which record is the counterpart? Nothing is created until a person says."""
    conflict = _draft(work, scene.link, kind, candidates=tuple(candidates), note=note)
    await _ask(work, scene, conflict)


async def _ask(work: Work, scene: Scene, conflict: Conflict) -> None:
    before, link = scene.answered.conflict, scene.link
    if before is not None and before.answer is not None:
        # It comes up again after its answer, which did not help: that is a question of its own.
        link = replace(link, conflict_id=None)
        await work.store.keep([Step(link, due_at=work.clock.now(), conflict=None)])
        before, conflict = None, replace(conflict, id=0)
    same = before is not None and replace(
        conflict, id=before.id, opened_at=before.opened_at
    ) == replace(before, link_id=conflict.link_id, sync=conflict.sync)
    link = replace(link, state=LinkState.ASKING, settled=link.noticed)
    history = () if same else (opened(work, link, conflict),)
    await work.store.keep([Step(link, conflict=before if same else conflict, history=history)])
    if not same:
        work.count("conflicts")


def _draft(
    work: Work,
    link: Link,
    kind: ConflictKind,
    *,
    fields: dict[str, Fields] | None = None,
    candidates: tuple[str, ...] = (),
    deleted: Side | None = None,
    note: str | None = None,
) -> Conflict:
    return Conflict(
        kind=kind,
        fields=fields or {},
        candidates=candidates,
        deleted=deleted,
        note=note,
        opened_at=work.clock.now(),
        link_id=link.id,
        sync=work.name,
        id=link.conflict_id or 0,
    )


def _seen(clash: Clash) -> dict[str, Json]:
    seen = {"left": clash.left, "right": clash.right}
    if clash.base_left is not MISSING:
        seen["base_left"] = clash.base_left
    if clash.base_right is not MISSING:
        seen["base_right"] = clash.base_right
    return seen
