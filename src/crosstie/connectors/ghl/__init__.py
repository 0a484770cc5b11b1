"""GoHighLevel: the records of a location. Start reading at `account.py`."""

from crosstie.connectors.ghl.account import GoHighLevel
from crosstie.connectors.ghl.oauth import OAuthApp
from crosstie.connectors.ghl.sources import (
    AppointmentsSource,
    BusinessesSource,
    ContactsSource,
    OpportunitiesSource,
    TasksSource,
    UsersSource,
)

__all__ = [
    "AppointmentsSource",
    "BusinessesSource",
    "ContactsSource",
    "GoHighLevel",
    "OAuthApp",
    "OpportunitiesSource",
    "TasksSource",
    "UsersSource",
]
