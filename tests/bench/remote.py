"""The sandbox GoHighLevel in a process of its own, filled with contacts, and its counters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from bench.data import Contact
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, run

SCORE = "contact.score"
"""Key of the custom field that takes the number."""
NAMES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "phone": "phone",
    "company": "companyName",
    "street": "address1",
    "city": "city",
    "region": "state",
    "postal_code": "postalCode",
    "birthday": "dateOfBirth",
    "tags": "tags",
    "score": SCORE,
}
"""Our field -> what GoHighLevel calls it."""
HEADERS = {"Authorization": f"Bearer {DEFAULT_TOKEN}", "Version": "2021-07-28"}
TOKEN, LOCATION = DEFAULT_TOKEN, LOCATION_ID
_TIMEOUT = 60.0
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Calls:
    """What the sandbox counted since it was last asked to forget."""

    reads: int
    writes: int
    routes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Remote:
    """A running sandbox."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://{self.host}:{self.port}"

    def control(self, verb: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask its control endpoint. Raises AssertionError for what it refuses."""
        connection = HTTPConnection(self.host, self.port, timeout=_TIMEOUT)
        try:
            connection.request(verb, f"/_sandbox/{path}", json.dumps(body or {}).encode())
            reply = connection.getresponse()
            answer: dict[str, Any] = json.loads(reply.read())
        finally:
            connection.close()
        assert reply.status == 200, answer
        return answer

    def fill(self, contacts: Sequence[Contact]) -> list[str]:
        """Put contacts in; their ids."""
        ids: list[str] = []
        for start in range(0, len(contacts), _CHUNK):
            bodies = [_body(each) for each in contacts[start : start + _CHUNK]]
            ids += self.control("POST", "bulk", {"contacts": bodies})["contacts"]
        return ids

    def forget_calls(self) -> None:
        """Start counting anew."""
        self.control("POST", "calls/reset")

    def calls(self) -> Calls:
        """What was called since."""
        state = self.control("GET", "state")
        routes = {name: call["count"] for name, call in state["calls"].items()}
        return Calls(state["reads"], state["writes"], routes)


def _body(contact: Contact) -> dict[str, Any]:
    body = {NAMES[name]: value for name, value in contact.items() if name != "score"}
    # The preset's custom field `Score`; its id is the same in every fresh sandbox.
    return body | {"customFields": [{"key": SCORE, "field_value": contact["score"]}]}


@contextmanager
def sandbox() -> Iterator[Remote]:
    """Serve one, without rate limit and without a lag of its search."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        host, _, port = process.stdout.readline().strip().removeprefix("http://").partition(":")
        remote = Remote(host, int(port))
        remote.control("POST", "settings", {"rate_limit": False, "index_lag": 0})
        yield remote
    finally:
        process.terminate()
        process.wait(_TIMEOUT)


if __name__ == "__main__":
    run(0, "default", lambda url: print(url, flush=True))
