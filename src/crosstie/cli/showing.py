"""How plans and reports look on a terminal. Only `value` shows one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.cli.out import Out
from crosstie.core.errors import CrosstieError
from crosstie.core.plan import Plan, Planned, Unfit, dump_plan
from crosstie.core.values import Json, Side
from crosstie.engine.run import Report
from crosstie.service.asked import parted
from crosstie.service.counting import counted
from crosstie.service.unfound import Unfound, told
from crosstie.service.watching import Waiting

SIGNS = {
    "create": "+",
    "update": "~",
    "archive": "~",
    "delete": "-",
    "close": "=",
    "ask": "!",
    "leave": "=",
}
MOST = 200
"""Operations that a terminal shows; the file and `--json` hold all of them."""
NAMED = 10
"""Records of a sync that cannot be synced, as a terminal names them."""


def show_plan(out: Out, plan: Plan, waits: Waiting | None = None) -> None:
    """A table with signs, and what waits for a person already; the summary is the last line."""
    show_operations(out, plan.operations)
    for warning in plan.warnings:
        out.line(f"! {warning}", "yellow")
    for sync in dict.fromkeys(each.sync for each in plan.unfit):
        _show_unfit(out, [each for each in plan.unfit if each.sync == sync])
    if waits is not None and waits.told:
        out.line(f"! {waits.told}", "yellow")
    out.line(plan.summary(), "bold")


def _show_unfit(out: Out, unfit: Sequence[Unfit]) -> None:
    """Records of one sync that cannot be synced, by their ids, and why."""
    for each in unfit[:NAMED]:
        ids = ((side, getattr(each, f"{side}_id")) for side in Side)
        who = ", ".join(f"{side} {record_id}" for side, record_id in ids if record_id)
        out.line(f"! {each.sync}: {who}: {each.reason}", "yellow")
    more = len(unfit) - NAMED
    if more > 0:
        out.line(f"... and {more} more of {unfit[0].sync}; `--json` has all of them")
    for fix in dict.fromkeys(each.fix for each in unfit[:NAMED] if each.fix):
        out.say(f"fix: {fix}")


def show_operations(out: Out, operations: Sequence[Planned]) -> None:
    """The table of some operations; nothing for none."""
    rows = [_row(operation) for operation in operations[:MOST]]
    if not rows:
        return
    out.table(("", "sync", "what", "side", "=left id", "=right id", "fields", "why"), rows)
    more = len(operations) - len(rows)
    if more:
        out.line(f"... and {more} more; `-o FILE` and `--json` hold all of them")
    out.line()


def value(kept: Json) -> str:
    """A canonical value, for the person's own terminal."""
    if kept is None:
        return "-"
    return kept if isinstance(kept, str) else json.dumps(kept, ensure_ascii=False)


def keep_plan(out: Out, plan: Plan, file: Path) -> None:
    """Write the plan to a file that nobody else may read: it holds values."""
    file.touch(mode=0o600)
    file.write_bytes(dump_plan(plan))
    out.say(f"kept in {file}")


def _row(operation: Planned) -> tuple[str, ...]:
    return (
        SIGNS.get(operation.kind, "?"),
        operation.sync,
        operation.kind,
        operation.side.value if operation.side else "-",
        operation.left_id or "-",
        operation.right_id or "-",
        _fields(operation),
        _ASKS.get(operation.cause, operation.cause) or "-",
    )


_ASKS = {
    "edit": "changed on both sides: a person is asked",
    "meeting": "differs on both sides, and they never agreed: a person is asked",
    "match": "several could belong to it: a person is asked",
    "delete": "deleted on one side, changed on the other: a person is asked",
    "unknown": "it may have been created already: a person is asked",
}


def _fields(operation: Planned) -> str:
    """The fields that change; of a whole record only how many."""
    if operation.kind in ("create", "delete"):
        return counted(len(operation.changes), "field")
    return ", ".join(operation.changes) or "-"


def plan_document(plan: Plan, waits: Waiting | None = None) -> dict[str, Any]:
    """The plan with its counts and its last line, and what waits for a person already."""
    document = {
        "made_at": plan.made_at,
        "summary": plan.summary(),
        "counts": dict(plan.counts()),
        "matched": plan.matched,
        "warnings": plan.warnings,
        "unfit": plan.unfit,
        "undoes": plan.undoes,
        "operations": plan.operations,
    }
    if waits is not None:
        document["waiting"] = {
            "dead": waits.dead,
            "conflicts": waits.conflicts,
            "told": waits.told,
        }
    return document


RELEASE = "look at it with `crosstie plan`; if it is meant, run with `--release-brake`"


def with_fix(why: str) -> str:
    """Why the brake holds, with what a person can do: the reason's own way, or the usual one."""
    text, way = parted(why)
    return f"{text.removesuffix('.')}. fix: {way or RELEASE}"


def show_report(
    out: Out, report: Report, conflicts: int, letters: int, missing: Sequence[Unfound] = ()
) -> None:
    """What a run did, and why it did not do more; the summary is the last line.

    letters: dead letters that wait after it, also those that it did not make.
    """
    for name, why in _texts(report).items():
        out.line(f"! {name}: {why}", "yellow")
    for name, why in report.held.items():
        out.line(f"! the brake holds {name}: {with_fix(why)}", "yellow")
    for each in missing:
        out.line(f"! {each.sync}: {told(each)}", "yellow")
    out.line(summary(report, conflicts, missing, letters), "bold")
    if letters or report.total("dead"):
        out.say("fix: see `crosstie dead list` for what stopped, and why")
    if conflicts:
        out.say("fix: see `crosstie conflicts list` for what waits for you")


def _texts(report: Report) -> Mapping[str, str]:
    """Sync or account -> why it was not reached, with the fix."""
    errors = {**report.missed, **report.halted}
    # A halt is told once, by its account, and not again by each sync that met it.
    halts = set(map(str, report.halted.values()))
    told = {
        name: error
        for name, error in errors.items()
        if name in report.halted or str(error) not in halts
    }
    return {name: f"{unnamed(name, str(e))}. fix: {fix(e)}" for name, e in told.items()}


def unnamed(name: str, text: str) -> str:
    """The text without the name that stands before it already, and without its full stop."""
    return text.removeprefix(f"{name}: ").removesuffix(".")


def fix(error: CrosstieError) -> str:
    """What a person can do about it."""
    return error.fix or "it is tried again"


_WORDS = (
    ("linked", "linked"),
    ("matched_certain", "matched"),
    ("matched_likely", "matched as likely"),
    ("unchanged", "in step already"),
    ("waiting", "waiting for another record"),
    ("postponed", "to be tried again"),
    ("waits_for_search", "waiting for the search"),
    ("withheld", "left as they are: not in the plan"),
    ("dead", "stopped as dead letters"),
)


def summary(
    report: Report, conflicts: int, missing: Sequence[Unfound] = (), letters: int = 0
) -> str:
    """One line: what was written, and what is left."""
    parts = []
    for verb in ("created", "updated", "deleted"):
        parts.append(f"{sum(report.total(f'{verb}_{s}') for s in ('left', 'right'))} {verb}")
    parts += [f"{n} {word}" for what, word in _WORDS if (n := report.total(what))]
    unfound = max(report.total("unproven"), sum(each.records for each in missing))
    if unfound:
        parts.append(f"{unfound} not found, to be looked at again")
    if letters:
        parts.append(f"{letters} {'dead letter waits' if letters == 1 else 'dead letters wait'}")
    if conflicts:
        parts.append(f"{conflicts} {'conflict waits' if conflicts == 1 else 'conflicts wait'}")
    return f"Run: {', '.join(parts)}."


_LABELS = {
    **dict(_WORDS),
    **{
        f"{verb}_{side}": f"{verb} on the {side}"
        for verb in ("created", "updated", "deleted")
        for side in Side
    },
    "unproven": "not found, to be looked at again",
    "halted": "put off: the account needs a person",
    "alone": "without a counterpart",
    "closed": "kept on one side",
    "forgotten": "gone on both sides",
    "recovered": "found again",
    "noticed_left": "changes seen on the left",
    "noticed_right": "changes seen on the right",
}

_ONE = {
    "dead": "stopped as a dead letter",
    "conflicts": "conflict",
    "noticed_left": "change seen on the left",
    "noticed_right": "change seen on the right",
}


def did(counts: Mapping[str, int]) -> str:
    """What a run counted, in words, by sync."""
    by_sync: dict[str, list[str]] = {}
    for name, number in sorted(counts.items()):
        sync, _, what = name.rpartition(".")
        word = (number == 1 and _ONE.get(what)) or _LABELS.get(what) or what.replace("_", " ")
        by_sync.setdefault(sync, []).append(f"{number} {word}")
    return "; ".join(f"{sync}: {', '.join(parts)}" for sync, parts in by_sync.items())


def report_document(
    report: Report, conflicts: int, letters: int, code: int, missing: Sequence[Unfound] = ()
) -> dict[str, Any]:
    """A run as a document."""
    return {
        "run": report.run_id,
        "writes": report.writes,
        "counts": report.counts,
        "conflicts": conflicts,
        "dead_letters": letters,
        "held": report.held,
        "busy": report.busy,
        "not_reached": [
            {"name": name, "code": e.code, "message": str(e), "fix": e.fix}
            for name, e in {**report.missed, **report.halted}.items()
        ],
        "not_found": missing,
        "summary": summary(report, conflicts, missing, letters),
        "exit": code,
    }


def signs(operations: Sequence[Planned]) -> str:
    """`+3 ~2 -1` of some operations."""
    counts = dict.fromkeys("+~-", 0)
    for operation in operations:
        sign = SIGNS.get(operation.kind, "?")
        counts[sign] = counts.get(sign, 0) + 1
    return " ".join(f"{sign}{number}" for sign, number in counts.items())
