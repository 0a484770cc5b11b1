"""Contacts by e-mail and by phone: what the duplicate check looks at."""

from __future__ import annotations

from .records import Contact
from .settings import MatchKey


class MatchKeys:
    """Contact ids by lower-case e-mail and by E.164 phone, oldest first."""

    __slots__ = ("_maps",)

    def __init__(self) -> None:
        self._maps: dict[MatchKey, dict[str, dict[str, None]]] = {"email": {}, "phone": {}}

    def change(self, before: Contact | None, after: Contact | None) -> None:
        """Follow a contact from one version to the next (None: not there)."""
        for name, ids in self._maps.items():
            old = before.text(name).lower() if before is not None else ""
            new = after.text(name).lower() if after is not None else ""
            if old == new:
                continue
            if before is not None and old:
                holders = ids.get(old, {})
                holders.pop(before.id, None)
                if not holders:
                    ids.pop(old, None)
            if after is not None and new:
                ids.setdefault(new, {})[after.id] = None

    def find(self, name: MatchKey, value: str, but: str | None = None) -> str | None:
        """The oldest contact with this e-mail or phone, other than `but`."""
        holders = self._maps[name].get(value.lower(), {})
        return next((holder for holder in holders if holder != but), None)

    def shared(self, name: MatchKey) -> int:
        """How many contacts share their e-mail or phone with an older one."""
        return sum(len(holders) - 1 for holders in self._maps[name].values())
