"""The person of a collection in memory, for the connector contract and for stories."""

from __future__ import annotations

from dataclasses import dataclass

from crosstie.core.values import Fields, Instant, Json
from crosstie.testing.memory import Behaviour, MemoryCollection


@dataclass
class HandClock:
    """A clock that stands until it is set."""

    time: Instant = 1_000.0

    def now(self) -> Instant:
        """The time it was set to."""
        return self.time


class MemoryPerson:
    """Keeps `Person` of the connector contract. `system` is the collection it works on."""

    def __init__(
        self, behaviour: Behaviour, kind: type[MemoryCollection] = MemoryCollection
    ) -> None:
        self.clock = HandClock()
        self.system = kind(
            "memory", fields=("name", "note", "size"), behaviour=behaviour, clock=self.clock
        )

    @property
    def text(self) -> str:
        return "note"

    def sample(self, number: int) -> dict[str, Json]:
        return {"name": f"name {number}", "note": f"note {number}", "size": number}

    def kept(self, text: str) -> Json:
        return self.system.behaviour.normalise({"note": text})["note"]

    def add(self, fields: Fields) -> str:
        return self.system.add(fields)

    def edit(self, record_id: str, patch: Fields) -> None:
        self.system.edit(record_id, **patch)

    def remove(self, record_id: str) -> None:
        self.system.remove(record_id)

    def missing(self) -> str:
        return "999999"

    def wait(self) -> None:
        self.clock.time += self.system.behaviour.search_lag

    def beyond(self) -> Json:
        """A size that no window of ours shows."""
        return -1
