"""What can be turned on the webhooks of a sandbox while it runs."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

MINUTE = 60.0


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where webhooks go and how often they are tried. Times in seconds of the sandbox clock.

    `url`: where they are posted; without one, what happens is told to nobody.
    `retries`: official texts contradict each other. "only_429" is the harsher one: six retries ten
    minutes apart after a 429, and any other answer loses the webhook. "all": twelve retries after
    whatever is not 2xx, at growing distances.
    `timeout`: how long an answer may take, in real seconds.
    `at_once`: how many are under way at a time; with 1 they leave in the order of the changes.
    """

    url: str = ""
    retries: Literal["only_429", "all"] = "only_429"
    timeout: float = 10.0
    at_once: int = 1

    def __post_init__(self) -> None:
        if self.url:
            place = urlsplit(self.url)
            if place.scheme not in ("http", "https") or not place.hostname or place.port == 0:
                raise ValueError("url must be an http or https address with a host, or empty")
        if self.timeout <= 0:
            raise ValueError("timeout must be positive")
        if not 1 <= self.at_once <= 64:
            raise ValueError("at_once must be between 1 and 64")

    def wait_after(self, attempts: int, status: int | None) -> float | None:
        """Seconds until the next attempt, without jitter; None where it was the last one.

        attempts: made so far.  status: of the answer; None where none came.
        """
        if self.retries == "only_429":
            return 10 * MINUTE if status == 429 and attempts <= 6 else None
        return min(MINUTE * 2.0 ** (attempts - 1), 480 * MINUTE) if attempts <= 12 else None


class WebhookFault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong with the next `times` webhooks, or with those of one `type`.

    `kind`: "lost" is never sent. "twice" is sent two times. "delay" leaves `seconds` later.
    "reordered" is held back until one that comes after it has left.
    """

    kind: Literal["lost", "twice", "delay", "reordered"]
    times: int = 1
    seconds: float = 0.0
    type: str | None = None

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError("times must be at least 1")
        if self.seconds < 0:
            raise ValueError("seconds must not be negative")
