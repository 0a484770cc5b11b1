"""Faults on order: the next calls that match go wrong in a chosen way."""

from __future__ import annotations

from typing import Literal

import msgspec

from .wire import Answer, Json, reason

_HTML = "<html><head><title>{0} {1}</title></head><body><h1>{0} {1}</h1></body></html>"


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One kind of failure for the next `times` calls that match.

    `match`: "METHOD /path". When it names a route ("POST /contacts/", "PUT /contacts/{id}")
    it means that route; otherwise it is the beginning of a path ("PUT /contacts/").
    `*` or no method stands for every method.
    `when`: "before" the call changed anything, or "after" it was stored.
    `timeout`: "hang" (or true) keeps the connection open without an answer until the client
    leaves; "reset" cuts it. `latency` (seconds) delays; alone, the answer is then the true one.
    `body`: "json", "html" as from an edge proxy, "empty", or "cut" in the middle of the answer.
    """

    match: str = "* /"
    times: int = 1
    status: int | None = None
    message: str | None = None
    body: Literal["json", "html", "empty", "cut"] = "json"
    when: Literal["before", "after"] = "before"
    timeout: bool | Literal["hang", "reset"] = False
    latency: float = 0.0
    retry_after: float | None = None

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError("times must be at least 1")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("status must be between 200 and 599")
        if self.latency < 0:
            raise ValueError("latency must not be negative")
        if "/" not in self.match:
            raise ValueError('match must look like "PUT /contacts/"')

    @property
    def only_slow(self) -> bool:
        """Nothing is wrong with the answer but its time."""
        return self.status is None and not self.timeout and self.body == "json"

    def rendered(self) -> tuple[int, bytes | None, Answer | None]:
        """The false answer: status and either raw bytes or a JSON answer."""
        status = self.status or 500
        if self.body == "html":
            return status, _HTML.format(status, reason(status)).encode(), None
        if self.body == "empty":
            return status, b"", None
        text = self.message or reason(status)
        return status, None, Answer(status, {"statusCode": status, "message": text})


class Faults:
    """The faults on order, oldest first, and whether the system is down altogether."""

    __slots__ = ("_open", "down", "served")

    def __init__(self) -> None:
        self._open: list[Fault] = []
        self.down = False
        self.served = 0

    @property
    def waiting(self) -> bool:
        """Whether any fault is still to come."""
        return bool(self._open)

    def add(self, fault: Fault) -> None:
        """Put one more on order, after those already there."""
        self._open.append(fault)

    def clear(self) -> None:
        """Take back every fault still to come, and come up again."""
        self._open.clear()
        self.down = False

    def listing(self) -> list[Json]:
        """What is still to come, as it was ordered, with the times that are left."""
        listed: list[Json] = msgspec.to_builtins(self._open)
        return listed

    def take(self, method: str, path: str, route: str, known: frozenset[str]) -> Fault | None:
        """The first fault that matches this call, used up by one."""
        for fault in self._open:
            if _matches(fault.match, method, path, route, known):
                fault.times -= 1
                self.served += 1
                if fault.times == 0:
                    self._open.remove(fault)
                return fault
        return None


def anonymous(route: str) -> str:
    """A route with its parameters' names taken out: `PUT /contacts/{}`."""
    method, _, path = route.partition(" ")
    parts = ["{}" if part.startswith("{") else part for part in path.split("/")]
    return f"{method} {'/'.join(parts)}"


def _matches(match: str, method: str, path: str, route: str, known: frozenset[str]) -> bool:
    wanted = anonymous(match)
    if wanted in known:
        return wanted == anonymous(route)
    verb, _, start = match.rpartition(" ")
    return verb.strip() in ("", "*", method) and path.startswith(start)
