"""Crosstie's own memory in a database: tables, statement groups, migrations, and the port."""
