"""Crosstie keeps two systems of record in step, both ways.

A declaration is made from these names; everything else is behind them. They are loaded when they
are first asked for, so that the command line starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosstie.alerts import (
        Alerts,
        Discord,
        Mail,
        Quiet,
        SignedWebhook,
        Slack,
        Thresholds,
    )
    from crosstie.core.errors import CrosstieError, Misconfigured
    from crosstie.core.lens import (
        Boolean,
        Composed,
        Computed,
        Constant,
        Date,
        DateTime,
        Email,
        EnumMap,
        Integer,
        JsonValue,
        Money,
        Phone,
        Reference,
        StringList,
        Tags,
        Text,
    )
    from crosstie.core.mapping import Direction, Policy, field
    from crosstie.core.values import Side
    from crosstie.rhythm import Rhythm
    from crosstie.sync import Brake, Creates, Crosstie, Deletes, Endpoint, Sync

__version__ = "0.1.0"

__all__ = [
    "Alerts",
    "Boolean",
    "Brake",
    "Composed",
    "Computed",
    "Constant",
    "Creates",
    "Crosstie",
    "CrosstieError",
    "Date",
    "DateTime",
    "Deletes",
    "Direction",
    "Discord",
    "Email",
    "Endpoint",
    "EnumMap",
    "Integer",
    "JsonValue",
    "Mail",
    "Misconfigured",
    "Money",
    "Phone",
    "Policy",
    "Quiet",
    "Reference",
    "Rhythm",
    "Side",
    "SignedWebhook",
    "Slack",
    "StringList",
    "Sync",
    "Tags",
    "Text",
    "Thresholds",
    "field",
]

_ELSEWHERE = {
    "crosstie.alerts": (
        "Alerts",
        "Discord",
        "Mail",
        "Quiet",
        "SignedWebhook",
        "Slack",
        "Thresholds",
    ),
    "crosstie.core.errors": ("CrosstieError", "Misconfigured"),
    "crosstie.core.mapping": ("Direction", "Policy", "field"),
    "crosstie.core.values": ("Side",),
    "crosstie.rhythm": ("Rhythm",),
    "crosstie.sync": ("Brake", "Creates", "Crosstie", "Deletes", "Endpoint", "Sync"),
}
_HOME = {name: module for module, names in _ELSEWHERE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME.get(name, "crosstie.core.lens")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
