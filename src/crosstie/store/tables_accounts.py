"""Tables of the state database for log-ins. What is secret in them is sealed."""

from __future__ import annotations

from sqlalchemy import Column, Float, Table, Text

from crosstie.store.tables import metadata
from crosstie.store.wording import Whole

credential = Table(
    "credential",
    metadata,
    Column("account", Text, primary_key=True),
    Column("version", Whole, nullable=False),
    Column("sealed_by", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("refused", Text),
    Column("began", Float),
    Column("owner", Text),
    Column("until", Float),
)

login = Table(
    "login",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("until", Float, nullable=False),
)
