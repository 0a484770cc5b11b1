"""What the errors of MySQL and MariaDB mean, by number.

Numbers: dev.mysql.com/doc/mysql-errors/8.4/en, mariadb.com/kb/en/mariadb-error-codes. Messages may
hold values; of these only the names of columns and constraints are taken.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql.shape import Fault, Trouble

_BY_NUMBER: Final = {
    **dict.fromkeys((1205, 1213, 1020, 1317, 3572, 3024, 1969), Trouble.HELD),
    **dict.fromkeys((1062, 1586, 1022, 1169), Trouble.UNIQUE),
    **dict.fromkeys((1048, 1364, 1263), Trouble.NOT_NULL),
    **dict.fromkeys((1451, 1452, 1216, 1217), Trouble.FOREIGN_KEY),
    **dict.fromkeys((3819, 4025), Trouble.CHECK),
    **dict.fromkeys((1264, 1265, 1292, 1366, 1406, 1411, 1690, 3140, 3141, 22007), Trouble.TYPE),
    **dict.fromkeys((1290, 1792, 1836, 3100), Trouble.READ_ONLY),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370), Trouble.RIGHTS),
    **dict.fromkeys((1045, 1698, 1130, 1251, 2049, 2059, 2061, 1820, 3118), Trouble.LOGIN),
    1049: Trouble.NO_DATABASE,
    **dict.fromkeys((1418, 1419, 1665, 1666), Trouble.LOGGED),
    **dict.fromkeys((1054, 1146, 1051), Trouble.GONE),
    **dict.fromkeys((1021, 1114), Trouble.FULL),
    **dict.fromkeys((2002, 2003, 2005, 2006, 2013, 2055, 4031, 1927), Trouble.AWAY),
    **dict.fromkeys(
        (1040, 1053, 1077, 1129, 1152, 1153, 1158, 1159, 1160, 1161, 1203, 1226, 0), Trouble.AWAY
    ),
    **dict.fromkeys((1030, 1034, 1194, 1195), Trouble.BROKEN),
}
_COLUMN = re.compile(r"[Cc]olumn '([^']+)'|[Ff]ield '([^']+)'|column `[^`]*`\.`[^`]*`\.`([^`]+)`")
_KEY = re.compile(r"for key '(?:[^'.]+\.)?([^']+)'")
_CHECK = re.compile(r"CONSTRAINT `([^`]+)`|constraint '([^']+)'")
_FOREIGN = re.compile(r"CONSTRAINT `([^`]+)` FOREIGN KEY \(`([^`]+)`\)")
_SAFE: Final = frozenset({Trouble.GONE, Trouble.RIGHTS, Trouble.READ_ONLY, Trouble.LOGGED})
"""Troubles whose words name tables and columns only."""


def fault_of(error: DBAPIError) -> Fault:
    """What an error of PyMySQL means."""
    raised = error.orig
    number, said = 0, ""
    if raised is not None and raised.args and type(raised.args[0]) is int:
        number, said = raised.args[0], str(raised.args[1]) if len(raised.args) > 1 else ""
    trouble = _BY_NUMBER.get(number, Trouble.OTHER)
    if error.connection_invalidated:
        trouble = Trouble.AWAY
    told = said if trouble in _SAFE else f"error {number}"
    if trouble is Trouble.AWAY and number in (2002, 2003, 2005):
        told = said
    columns, constraint = _names(trouble, said)
    if trouble is Trouble.CHECK and constraint:
        told = f"constraint {constraint}"
    return Fault(trouble, columns, told, constraint, private=True)


def _names(trouble: Trouble, said: str) -> tuple[tuple[str, ...], str]:
    """The columns or the constraint that a message names."""
    if trouble is Trouble.UNIQUE:
        return (), _first(_KEY, said)
    if trouble is Trouble.CHECK:
        # MariaDB names a column's own check after the column: `table`.`column`.
        return (), _first(_CHECK, said).rpartition(".")[2]
    if trouble is Trouble.FOREIGN_KEY:
        found = _FOREIGN.search(said)
        return ((found.group(2),), found.group(1)) if found else ((), "")
    if trouble in (Trouble.NOT_NULL, Trouble.TYPE):
        column = _first(_COLUMN, said)
        return (column,) if column else (), ""
    return (), ""


def _first(pattern: re.Pattern[str], said: str) -> str:
    found = pattern.search(said)
    return "" if found is None else next(filter(None, found.groups()), "")
