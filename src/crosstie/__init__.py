"""Crosstie keeps two systems of record in step, both ways.

A declaration is made from these names; everything else is behind them.
"""

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
from crosstie.sync import Brake, Creates, Crosstie, Deletes, Rhythm, Sync

__version__ = "0.1.0"

__all__ = [
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
    "Email",
    "EnumMap",
    "Integer",
    "JsonValue",
    "Misconfigured",
    "Money",
    "Phone",
    "Policy",
    "Reference",
    "Rhythm",
    "Side",
    "StringList",
    "Sync",
    "Tags",
    "Text",
    "field",
]
