"""Any table of an SQL database as a collection, with capture of every change by triggers."""

from crosstie.connectors.sql.capture import (
    CaptureReport,
    capture_install,
    capture_status,
    capture_uninstall,
    capture_waiting,
)
from crosstie.connectors.sql.database import Database, TableSource

__all__ = [
    "CaptureReport",
    "Database",
    "TableSource",
    "capture_install",
    "capture_status",
    "capture_uninstall",
    "capture_waiting",
]
