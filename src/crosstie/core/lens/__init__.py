"""The lenses: one side's raw value <-> the canonical value. Start reading at `base.py`."""

from crosstie.core.lens.base import Lens, TwoWay, Unmappable
from crosstie.core.lens.choice import Boolean, EnumMap
from crosstie.core.lens.contact import Email, Phone
from crosstie.core.lens.day import Date
from crosstie.core.lens.derived import Composed, Computed, Constant, Derived
from crosstie.core.lens.laws import law_get_put, law_put_get
from crosstie.core.lens.many import JsonValue, StringList, Tags
from crosstie.core.lens.moment import DateTime
from crosstie.core.lens.number import Integer, Money
from crosstie.core.lens.text import Reference, Text

__all__ = [
    "Boolean",
    "Composed",
    "Computed",
    "Constant",
    "Date",
    "DateTime",
    "Derived",
    "Email",
    "EnumMap",
    "Integer",
    "JsonValue",
    "Lens",
    "Money",
    "Phone",
    "Reference",
    "StringList",
    "Tags",
    "Text",
    "TwoWay",
    "Unmappable",
    "law_get_put",
    "law_put_get",
]
