"""A plan: the operations a run would carry out, as data; and the brake that reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant, Json, Side

FORMAT = 1
"""Version of the plan file."""


class Planned(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation of a plan, with what it would change. Values are canonical."""

    sync: str
    kind: str
    """create, update, delete, archive, close, ask; leave: what an undo does not touch."""
    side: Side | None
    """The side that is written; None for what only a person can go on with."""
    left_id: str | None = None
    right_id: str | None = None
    changes: Mapping[str, Sequence[Json]] = {}
    """Field -> [value now, value then]."""
    cause: str = ""

    @property
    def harmful(self) -> bool:
        """It overwrites or removes something that is there."""
        return self.kind in ("update", "delete", "archive")

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for operations that do the same to the same record."""
        then = tuple(sorted((name, repr(pair[1])) for name, pair in self.changes.items()))
        source = self.left_id if self.side is Side.RIGHT else self.right_id
        target = None if self.kind == "create" else self.target
        return (self.sync, self.kind, self.side, source, target, then)

    @property
    def target(self) -> str | None:
        """Id of the record that is written."""
        return self.left_id if self.side is Side.LEFT else self.right_id


class Unfit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record that cannot be synced as it is, told without its values."""

    sync: str
    left_id: str | None
    right_id: str | None
    error: str
    """Code, and the field where one is to blame: `rejected:phone`."""
    reason: str
    fix: str | None = None
    """What a person can do about it."""


class Plan(msgspec.Struct, frozen=True):
    """What a run would do now. Saved, shown, applied."""

    made_at: Instant
    operations: tuple[Planned, ...]
    matched: Mapping[str, int] = {}
    """Sync -> records that would be linked without being changed."""
    warnings: tuple[str, ...] = ()
    """Why the brake would stop such a run, and records that cannot be read."""
    undoes: int | None = None
    """The run that this plan takes back; None for a plan of what a run would do."""
    links: tuple[int, ...] = ()
    """Of an undo: the links that its operations are about."""
    unfit: tuple[Unfit, ...] = ()
    """Records that such a run would leave as dead letters."""
    format: int = FORMAT

    def counts(self) -> Counter[str]:
        """Operations by kind."""
        return Counter(operation.kind for operation in self.operations)

    def summary(self) -> str:
        """The last line of a shown plan."""
        counts = self.counts()
        parts = [
            f"{counts['create']} to create",
            f"{counts['update'] + counts['archive']} to change",
            f"{counts['delete']} to delete",
        ]
        matched = sum(self.matched.values())
        if matched:
            parts.append(f"{matched} to link unchanged")
        if counts["leave"]:
            parts.append(f"{counts['leave']} to leave alone")
        if counts["ask"]:
            parts.append(f"{counts['ask']} to ask about")
        return "Plan: " + ", ".join(parts) + "."


def dump_plan(plan: Plan) -> bytes:
    """The plan as a JSON document for a file."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1)


def load_plan(document: bytes) -> Plan:
    """The plan in a file that `dump_plan` wrote. Raises Misconfigured for anything else."""
    try:
        plan = msgspec.json.decode(document, type=Plan)
    except msgspec.DecodeError as wrong:
        raise Misconfigured(
            f"this is not a plan: {wrong}", fix="make one with `crosstie plan -o FILE`"
        ) from wrong
    if plan.format != FORMAT:
        raise Misconfigured(
            f"the plan has format {plan.format}, this Crosstie reads {FORMAT}",
            fix="make it again with `crosstie plan -o FILE`",
        )
    if any(len(pair) != 2 for o in plan.operations for pair in o.changes.values()):
        raise Misconfigured(
            "this is not a plan: a change is a value now and a value then",
            fix="make one with `crosstie plan -o FILE`",
        )
    return plan


@dataclass(frozen=True, slots=True)
class Harm:
    """How much of a sync a run would delete or overwrite."""

    linked: int
    overwrites: int = 0
    deletes: int = 0
    empty: tuple[Side, ...] = field(default=())
    """Sides that had records and show none."""
    at_least: bool = False
    """The counting stopped before its end: there may be more."""


def trips(harm: Harm, *, share: float, records: int, empty_side: bool) -> str | None:
    """Why the brake stops such a run; None when it lets it pass.

    Both limits have to be exceeded: five of ten records may change in a small sync, and fifty of
    a hundred thousand in a large one.
    """
    if empty_side and harm.empty and harm.linked:
        side = harm.empty[0]
        return f"the {side} shows no records, and {harm.linked} were linked"
    total = harm.overwrites + harm.deletes
    if total > records and total > share * harm.linked:
        more = "at least " if harm.at_least and total < harm.linked else ""
        what = [f"overwrite {more}{harm.overwrites}"] if harm.overwrites else []
        what += [f"delete {more}{harm.deletes}"] if harm.deletes else []
        return (
            f"it would {' and '.join(what)} of {harm.linked} linked records "
            f"(limits: {share:.0%} and {records})"
        )
    return None
