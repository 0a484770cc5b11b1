"""Carrying out an undo, and how it looks on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crosstie.cli.codes import Code
from crosstie.cli.out import Out
from crosstie.cli.progress import progress
from crosstie.cli.showing import MOST, show_operations, signs
from crosstie.core.plan import Plan
from crosstie.service import undoing
from crosstie.service.asked import parted
from crosstie.service.undoing import Target, Undone

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

STAYS = (
    "What is undone stays as it is: a field until somebody changes it on either side, a record "
    "without its counterpart until somebody changes that record."
)


async def carry_out(out: Out, opened: Opened, plan: Plan | Target, limit: int | None) -> int:
    """Do it, say what it came to; the exit code."""
    with progress("undoing", json=out.json) as advance:
        if isinstance(plan, Plan):
            done = await undoing.apply(opened, plan, limit=limit, progress=advance)
        else:
            done = await undoing.apply_now(opened, plan, limit=limit, progress=advance)
    code = _code(done)
    if out.json:
        out.document(_document(done, code))
    else:
        _show(out, done)
    return code


def _code(done: Undone) -> Code:
    for applies, code in (
        (done.login, Code.LOGIN),
        (bool(done.stopped) and not done.busy, Code.FAILED),
        (bool(done.failed or done.stale), Code.FAILED),
        (done.busy, Code.BUSY),
    ):
        if applies:
            return code
    return Code.DONE


def _show(out: Out, done: Undone) -> None:
    show_operations(out, done.left_alone)
    for failure in done.failed[:MOST]:
        op = failure.operation
        where = f"{op.side} record {op.target}" if op.side else "a record"
        out.line(f"! {op.sync}: {where} could not be taken back: {failure.error}", "yellow")
    for operation in done.stale[:MOST]:
        out.line(f"! stale: {operation.kind} of {operation.target}: it is changed since", "yellow")
    for label, why in done.stopped.items():
        out.line(f"! {label}: {why}", "yellow")
    parts = [_came_to(done)]
    for number, words in (
        (len(done.left_alone), "left alone"),
        (len(done.failed), "failed"),
        (len(done.stale), "stale"),
        (len(done.needless), "taken back already"),
        (done.not_tried, "not tried"),
    ):
        parts += [f"{number} {words}"] if number else []
    out.line("; ".join(parts) + ".", "bold")
    if done.applied:
        out.say(f"{STAYS} To take this back: `crosstie undo --run {done.run}`")


def _came_to(done: Undone) -> str:
    reasons = [*done.stopped.values(), *(failure.error for failure in done.failed)]
    if reasons and not done.applied:
        why, _ = parted(reasons[0])
        return f"Nothing of run {done.undoes} could be undone: {why.rstrip('.')}"
    return f"Undone of run {done.undoes}: {signs(done.applied)}"


def _document(done: Undone, code: int) -> dict[str, Any]:
    return {
        "run": done.run,
        "undoes": done.undoes,
        "applied": done.applied,
        "left_alone": done.left_alone,
        "failed": done.failed,
        "stale": done.stale,
        "no_longer_needed": done.needless,
        "not_tried": done.not_tried,
        "stopped": done.stopped,
        "exit": code,
    }
