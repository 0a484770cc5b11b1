"""GoHighLevel: contacts, and opportunities of a pipeline. Start reading at `account.py`."""

from crosstie.connectors.ghl.account import ContactsSource, GoHighLevel, OpportunitiesSource

__all__ = ["ContactsSource", "GoHighLevel", "OpportunitiesSource"]
