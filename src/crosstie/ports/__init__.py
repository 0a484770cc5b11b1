"""Floor 1: the doors between deciding and acting. Protocols and plain values; no code that acts."""

from crosstie.ports.collection import (
    Capabilities,
    Collection,
    Found,
    Lookup,
    RemoteField,
    Schema,
)
from crosstie.ports.http import Http, HttpAccount, Reply, Request
from crosstie.ports.runtime import Clock, Dice, Doors, Tasks
from crosstie.ports.state import (
    Answer,
    Conflict,
    ConflictKind,
    Entry,
    Figures,
    Group,
    Intent,
    Noticed,
    OperationKind,
    RunRecord,
    Sighting,
    Step,
    Stranger,
)
from crosstie.ports.store import DeskStore, FlowStore, JournalStore, LinkStore, MatchStore, Store

__all__ = [
    "Answer",
    "Capabilities",
    "Clock",
    "Collection",
    "Conflict",
    "ConflictKind",
    "DeskStore",
    "Dice",
    "Doors",
    "Entry",
    "Figures",
    "FlowStore",
    "Found",
    "Group",
    "Http",
    "HttpAccount",
    "Intent",
    "JournalStore",
    "LinkStore",
    "Lookup",
    "MatchStore",
    "Noticed",
    "OperationKind",
    "RemoteField",
    "Reply",
    "Request",
    "RunRecord",
    "Schema",
    "Sighting",
    "Step",
    "Store",
    "Stranger",
    "Tasks",
]
