"""A running `crosstie serve`, as the CRM and monitoring see it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

_PATIENCE = 10.0
_ENDPOINT = "ghl"


@dataclass(frozen=True, slots=True)
class Figures:
    """What it has done since it was started."""

    kept: float
    """Webhooks that were new."""
    doubled: float
    """Webhooks that were known already."""
    refused: float
    calls: float
    """Calls to all systems."""
    busy: float
    """Webhooks and links that wait to be worked on."""
    runs: float = field(compare=False)
    """Looks, whatever they found: they go on when nothing happens."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that listens."""

    address: str

    @property
    def webhooks(self) -> str:
        """Where the CRM tells what happens in it."""
        return f"{self.address}/webhooks/{_ENDPOINT}"

    def tell(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a webhook; the status of the answer."""
        whole = {"Content-Type": "application/json", **headers}
        status, _ = _asked(Request(self.webhooks, data=body, headers=whole))
        return status

    def figures(self) -> Figures:
        """As they are now."""
        _, text = _asked(Request(f"{self.address}/metrics"))
        lines = text.splitlines()

        def total(*words: str) -> float:
            return sum(
                float(line.rpartition(" ")[2])
                for line in lines
                if line.startswith(words[0]) and all(word in line for word in words)
            )

        told = "crosstie_webhooks_total{"
        return Figures(
            kept=total(told, '"kept"'),
            doubled=total(told, '"doubled"'),
            refused=total(told, '"refused"'),
            calls=total("crosstie_calls_total{"),
            busy=total("crosstie_inbox_waiting{") + total("crosstie_links_due{"),
            runs=total("crosstie_runs_total "),
        )


def _asked(request: Request) -> tuple[int, str]:
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_PATIENCE) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
