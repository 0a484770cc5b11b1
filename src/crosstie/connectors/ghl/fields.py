"""The custom fields of one location: by key for people and mappings, by id for the API.

Ids differ between locations, keys survive a new name, so mappings name keys
(`contact.trip_name`) and the catalogue finds the ids. An id that it does not know makes it read
the definitions again, once for that id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from crosstie.connectors.ghl import values
from crosstie.connectors.ghl.wire import Wire, one
from crosstie.core.errors import Halt, Misconfigured, Retry
from crosstie.core.values import Json
from crosstie.ports import Http, RemoteField

MARKER = "crosstie_id"
"""Slug of the text field that takes our marker, where a location has it."""
_KINDS = {
    **dict.fromkeys(("NUMERICAL", "FLOAT"), "number"),
    **dict.fromkeys(("SINGLE_OPTIONS", "RADIO"), "choice"),
    **dict.fromkeys(("MULTIPLE_OPTIONS", "CHECKBOX"), "choices"),
    **dict.fromkeys(("TEXTBOX_LIST", "FILE_UPLOAD", "SIGNATURE"), "json"),
    "MONETORY": "money",
    "DATE": "date",
}


@dataclass(frozen=True, slots=True)
class Definition:
    """One custom field of a location."""

    id: str
    key: str
    label: str
    kind: str
    """The type as GoHighLevel calls it, e.g. SINGLE_OPTIONS."""
    options: tuple[str, ...] = ()

    @property
    def remote(self) -> RemoteField:
        """The same for `Schema`."""
        return RemoteField(
            name=self.key,
            kind=_KINDS.get(self.kind, "text"),
            label=self.label,
            writable=self.kind not in values.FILES,
            options=() if self.kind in values.FILES else self.options,
        )


@dataclass(slots=True)
class Catalogue:
    """The fields of one model that a collection reads and writes."""

    http: Http
    wire: Wire
    model: str
    """contact or opportunity."""
    wanted: Sequence[str]
    """Keys of the mapped custom fields."""
    by_key: dict[str, Definition] = field(default_factory=dict)
    by_id: dict[str, Definition] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)

    @property
    def marker(self) -> Definition | None:
        """The field for our marker, where the location has it."""
        return self.by_key.get(f"{self.model}.{MARKER}")

    async def load(self) -> None:
        """Read the definitions. 1 call."""
        path = one("locations", self.wire.location, "/customFields")
        reply = await self.http.send(self.wire.get(path, {"model": self.model}))
        rows = reply.json.get("customFields") if isinstance(reply.json, dict) else None
        if not isinstance(rows, list):
            raise Retry("GoHighLevel answered without its custom field definitions")
        found = [_definition(row) for row in rows]
        self.by_key = {d.key: d for d in found if d.key.startswith(f"{self.model}.")}
        self.by_id = {d.id: d for d in self.by_key.values()}

    def check(self, standard: Iterable[str]) -> None:
        """Raises Misconfigured with near names for a mapped field that does not exist."""
        known = [*standard, *self.by_key]
        for name in self.wanted:
            if name not in self.by_key:
                raise Misconfigured(
                    f"location {self.wire.location} has no {self.model} field {name!r}",
                    fix=advice(name, known),
                )

    async def meet(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Learn the definitions again if a row holds a field nobody knows. Mostly 0 calls."""
        by_id, unknown = self.by_id, self._unknown
        fresh = {
            entry["id"]
            for row in rows
            for entry in row.get("customFields") or ()
            if entry["id"] not in by_id and entry["id"] not in unknown
        }
        if not fresh:
            return
        await self.load()
        self._unknown |= fresh - self.by_id.keys()
        missing = [key for key in self.wanted if key not in self.by_key]
        if missing:
            names = ", ".join(missing)
            raise Halt(
                f"location {self.wire.location} no longer has the {self.model} field {names}",
                fix="put the field back into GoHighLevel or take it out of the mapping",
            )

    def read(self, row: Mapping[str, Json]) -> dict[str, Json]:
        """Field key -> raw value, for every field that the location has."""
        found: dict[str, Json] = dict.fromkeys(self.by_key)
        for entry in row.get("customFields") or ():
            definition = self.by_id.get(entry["id"])
            if definition is not None:
                found[definition.key] = values.read(definition.kind, values.entry_value(entry))
        return found

    def write(self, key: str, value: Json) -> dict[str, Json]:
        """One entry of `customFields` for a body."""
        definition = self.by_key[key]
        return {"id": definition.id, self.wire.value_key: values.write(definition.kind, value)}


def _definition(row: Mapping[str, Json]) -> Definition:
    options = row.get("picklistOptions") or ()
    return Definition(
        id=str(row["id"]),
        key=str(row.get("fieldKey", "")),
        label=str(row.get("name", "")),
        kind=str(row.get("dataType", "TEXT")),
        options=tuple(str(o.get("label", "")) if isinstance(o, dict) else str(o) for o in options),
    )


def advice(name: str, known: Sequence[str]) -> str:
    """What a person may have meant: keys share their beginning, so only their ends are compared."""
    by_end = {key.rpartition(".")[2].lower(): key for key in known}
    end = name.rpartition(".")[2].lower()
    near = get_close_matches(end, by_end, n=3, cutoff=0.7)
    if near:
        return f"did you mean {' or '.join(by_end[each] for each in near)}?"
    return f"use one of: {', '.join(known)}"
