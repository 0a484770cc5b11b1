"""Routes of the stand-in: what each demands of a call, and how a call finds its route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias
from urllib.parse import unquote

from .faults import anonymous
from .validate import Shape
from .wire import Answer, Json

if TYPE_CHECKING:
    from .state import GhlSandbox


class Call(NamedTuple):
    """A call that passed every check in front of its handler."""

    params: tuple[str, ...]
    query: Mapping[str, str]
    body: Json
    version: str


Handler: TypeAlias = "Callable[[GhlSandbox, Call], Answer]"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API.

    `place` says where the location id stands that must be the token's own; `query` None means
    that query parameters are not looked at, `body` None that there is no body, or that its parts
    are not looked at. `access`: whose token it takes; `open` takes none.
    """

    method: str
    template: str
    scope: str
    kind: Literal["read", "write"]
    handler: Handler
    body: Shape | None = None
    query: Shape | None = None
    place: Literal["body", "query", "path", "token"] = "token"
    versions: frozenset[str] = frozenset({"2021-07-28", "v3"})
    access: Literal["location", "company", "any", "open"] = "location"

    @property
    def key(self) -> str:
        """`PUT /contacts/{contactId}`: the name of the route in counts and faults."""
        return f"{self.method} {self.template}"


def segments(path: str) -> tuple[str, ...]:
    """The parts of a path; a slash at the end does not matter."""
    return tuple(path.strip("/").split("/"))


class Table:
    """Finds routes. Literal paths win over those with parameters."""

    __slots__ = ("_literal", "_shaped", "keys")

    def __init__(self, routes: list[Route]) -> None:
        self._literal: dict[tuple[str, str], Route] = {}
        self._shaped: dict[tuple[str, str, int], list[tuple[Route, tuple[str, ...]]]] = {}
        self.keys = frozenset(anonymous(route.key) for route in routes)
        for route in routes:
            parts = segments(route.template)
            if "{" not in route.template:
                self._literal[route.method, route.template.strip("/")] = route
            else:
                place = (route.method, parts[0], len(parts))
                self._shaped.setdefault(place, []).append((route, parts))

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route of a raw (percent-encoded) path with its parameters."""
        bare = path.strip("/")
        literal = self._literal.get((method, bare))
        if literal is not None:
            return literal, ()
        parts = bare.split("/")
        for route, template in self._shaped.get((method, parts[0], len(parts)), ()):
            params = _params(template, parts)
            if params is not None:
                return route, params
        return None

    def knows(self, path: str) -> bool:
        """Whether any method is served at this path."""
        return any(self.find(m, path) for m in ("GET", "POST", "PUT", "DELETE"))


def _params(template: tuple[str, ...], parts: list[str]) -> tuple[str, ...] | None:
    params: list[str] = []
    for wanted, given in zip(template, parts, strict=True):
        if wanted[0] == "{":
            params.append(unquote(given) if "%" in given else given)
        elif wanted != given:
            return None
    return tuple(params)
